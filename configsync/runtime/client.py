"""The client: one revision in memory, followed in the background."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from weakref import WeakSet

from configsync.core.errors import DatabaseError, UsageError
from configsync.runtime import fork
from configsync.runtime.cache import CacheFile
from configsync.runtime.change import Change
from configsync.runtime.chores import Chores
from configsync.runtime.connection import READ_TIMEOUT
from configsync.runtime.content import Content
from configsync.runtime.errors import Unavailable
from configsync.runtime.follow import Follower
from configsync.runtime.listeners import Listeners
from configsync.runtime.model import Source
from configsync.runtime.reads import Reads
from configsync.runtime.session import Session
from configsync.runtime.snapshot import Snapshot
from configsync.runtime.status import Status
from configsync.store.url import DatabaseUrl, parse_url

Fallback = Mapping[str, Any] | Sequence[Mapping[str, Any]] | str | os.PathLike[str]

POLL = {"postgresql": 2.0, "sqlite": 0.2}
"""Seconds between polls by default: of SQLite one takes microseconds, and nothing else tells."""


class ConfigClient(Reads):
    """The configuration in a database, in memory.

    Reads never wait for I/O (but the first ones of a lazy client), so they are
    fit for event loops; one client is for all threads, and for forked workers,
    which each follow by themselves. When the database is away, reads go on
    with what there is, and `status` says so.
    """

    __slots__ = ("__weakref__", "_chores", "_follower", "_held", "_listeners")

    def __init__(self, follower: Follower, content: Content, chores: Chores | None) -> None:
        """Not for applications: see `connect`."""
        self._content = content
        self._follower = follower
        self._chores = chores
        self._held: WeakSet[Content] = WeakSet()
        self._listeners = Listeners()
        follower.content = content
        follower.serve = self._serve
        follower.tell = self._listeners.tell

    @classmethod
    def connect(
        cls,
        database: str | Sequence[str],
        *,
        cache_file: str | os.PathLike[str] | None = None,
        fallback: Fallback | None = None,
        lazy: bool = False,
        load: Iterable[str] = (),
        poll: float | None = None,
        listen: bool = True,
        name: str = "application",
        report: bool = False,
    ) -> ConfigClient:
        """Read the newest revision, and follow from then on.

        ``database`` is a URL as ``--database`` takes one, or several: of
        PostgreSQL servers of which the first that answers is read, standbys
        included. ``cache_file`` keeps the last good revision for a start
        without the database, readable by its user alone. ``fallback``, with
        neither, is the application's own: a document as YAML has it, a list of
        them, or the path of a YAML file of them; it is checked at once.

        A ``lazy`` client reads what is asked for, each thing once, and ``load``
        names the addresses (``profile/production``, ``setting/ollama/timeout``,
        or a domain, as ``prompt``) to begin with; else all is read now.
        ``poll`` is how many seconds pass between looks at the revision (2, of
        SQLite 0.2), without ``listen`` also where the server would tell.
        ``name`` is who asks, as the database is told; with ``report``, it and
        the revision are written to the table ``config_readers``.

        Raises UsageError for a URL or fallback that isn't one, and Unavailable
        if there is nothing to start from.
        """
        urls = _urls(database)
        interval = POLL[urls[0].dialect] if poll is None else poll
        if not 0 < interval < float("inf"):
            raise UsageError("poll is a number of seconds above 0.")
        spare = _fallback(fallback)
        cache = None if cache_file is None else CacheFile(Path(cache_file), urls)
        follower = Follower(urls, interval=interval, lazy=lazy, listen=listen, name=name)
        content = _first(follower, tuple(load), cache, spare)
        chores = _chores(cache, urls, name if report else None)
        client = cls(follower, content, chores)
        fork.register(client)
        client._start()
        return client

    def pin(self) -> Snapshot:
        """The revision of this moment, to be held for one request, or as long as need be."""
        return Snapshot(self._content)

    def session(self, profile: str | None = None) -> Session:
        """One profile of this moment's revision, for a conversation of many requests.

        None is the default profile. Raises NotFound.
        """
        return Session(self, profile)

    def load(self, *addresses: str) -> None:
        """Have roots in memory that a lazy client would read when asked for them.

        Waits for the database. Raises UsageError for what is no address of a
        root, and DatabaseError.
        """
        for at in addresses:
            self._follower.load(at)

    def refresh(self) -> int:
        """Ask the database now, and wait for the answer; returns the revision.

        Raises DatabaseError, and reads go on with what there is.
        """
        self._follower.refresh()
        return self.revision

    def on_change(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Have a function called after each change; returns one that ends that.

        Calls come one after the other, when reads already see the change: from
        the client's own thread, or that of a `refresh`. What one raises is logged.
        """
        return self._listeners.add(callback)

    def changes(self) -> AsyncIterator[Change]:
        """The changes from now on, for ``async for``; what a slow reader misses is joined to one.

        Raises RuntimeError outside of an event loop.
        """
        return self._listeners.changes()

    def status(self) -> Status:
        """How the client is doing: for health checks and metrics."""
        content, follower = self._content, self._follower
        health = follower.health
        age = max(0.0, time.monotonic() - health.confirmed)
        stuck = age > 3 * follower.interval + 2 * READ_TIMEOUT
        return Status(
            revision=content.mark.revision,
            source=content.source,
            age=age,
            degraded=health.in_a_row > 0 or stuck or content.source is not Source.DATABASE,
            last_error=health.last_error,
            database=str(follower.url),
            listening=follower.listening,
            reloads=health.reloads,
            failures=health.failures,
            pinned=len(self._held),
        )

    def close(self) -> None:
        """Follow no more, write the cache file, and leave the list of readers.

        Reads stay possible. A client that is no longer needed is closed; one
        that lives as long as its process need not be.
        """
        fork.forget(self)
        self._follower.close()
        self._listeners.close()
        if self._chores is not None:
            self._chores.close()

    def __enter__(self) -> ConfigClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self) -> None:
        self._follower.start()
        if self._chores is not None:
            self._chores.start(self._content, lambda: self.status().degraded)

    def _serve(self, content: Content) -> None:
        """Let reads see a newer content; called in the order of revisions."""
        old = self._content
        self._content = content
        self._held.add(old)
        if self._chores is not None:
            self._chores.served(content)

    def _forked(self) -> None:
        """In a forked child: what the parent's threads did is to be done by own ones."""
        self._listeners.forked()
        self._follower.forked()
        if self._chores is not None:
            self._chores.forked()


def _urls(database: str | Sequence[str]) -> list[DatabaseUrl]:
    texts = [database] if isinstance(database, str) else list(database)
    urls = [parse_url(text, Path.cwd()) for text in texts]
    if not urls:
        raise UsageError("No database URL is given.")
    if len({url.dialect for url in urls}) > 1:
        raise UsageError("Several database URLs name servers of one database: all PostgreSQL.")
    return urls


def _chores(
    cache: CacheFile | None, urls: list[DatabaseUrl], reporter: str | None
) -> Chores | None:
    if reporter is not None:
        from configsync.runtime.report import Reporter

        return Chores(cache, Reporter(urls, reporter))
    return None if cache is None else Chores(cache, None)


def _fallback(fallback: Fallback | None) -> Content | None:
    if fallback is None:
        return None
    # Only here, and only where there is one: it takes all that checks YAML.
    from configsync.runtime.fallback import fallback_content

    return fallback_content(fallback)


def _first(
    follower: Follower, load: tuple[str, ...], cache: CacheFile | None, spare: Content | None
) -> Content:
    """What to start from: the database, else the cache file, else the fallback."""
    try:
        content = follower.first(load)
    except DatabaseError as error:
        follower.note(error)
        kept = None if cache is None else cache.read()
        if kept is not None:
            return follower.resume(kept.content, kept.age)
        if spare is not None:
            return spare
        follower.close()
        lacking = "" if cache is None else f" The cache file {cache.path} can't be used either."
        raise Unavailable(f"{error}{lacking}") from error
    if cache is not None and follower.on_standby:
        # A standby may lag behind what an earlier process of this application has served.
        kept = cache.read()
        if kept is not None and _is_ahead(kept.content, content):
            return follower.resume(kept.content, kept.age)
    return content


def _is_ahead(kept: Content, content: Content) -> bool:
    return (
        kept.mark.database_id == content.mark.database_id
        and kept.mark.revision > content.mark.revision
    )
