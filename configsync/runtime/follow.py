"""Follows a database: builds each revision aside, and hands it over when it is whole.

Polling the revision is the truth; a notification only makes the next poll come
at once (rule 6.18). A revision is handed over only if it is of the same database
and not older than the one before (rules 6.16 and 6.17).
"""

from __future__ import annotations

import os
import selectors
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from configsync.core.errors import ConfigsyncError, DatabaseError
from configsync.core.jitter import uniform
from configsync.runtime.build import Builder, place_of
from configsync.runtime.change import Change
from configsync.runtime.connection import Connection, open_connection
from configsync.runtime.content import Content, Key, Mark, root_at
from configsync.runtime.errors import NotLoaded
from configsync.runtime.load import read_mark, types_there
from configsync.runtime.log import failed, recovered, reloaded
from configsync.runtime.model import Source
from configsync.store.url import DatabaseUrl

SLOWEST_RETRY = 3.0
"""Seconds between attempts to reach a database that is away, unless polls are rarer: readers are
to be back within 5 s of its return."""

LOOK_AROUND = 5
"""Polls of a standby, where other servers are known, after which they are asked whether one is
ahead: replication may have ended without a sign."""

LISTEN_AGAIN = 5.0
"""Seconds after which listening is tried again where it failed; each time twice as many."""


@dataclass(slots=True)
class Health:
    """What `Status` tells of a follower. ``confirmed`` is by the monotonic clock."""

    confirmed: float
    last_error: str | None = None
    in_a_row: int = 0
    failures: int = 0
    reloads: int = 0


class Follower:
    """Keeps one content up to date, from the first of several servers that answers."""

    def __init__(
        self, urls: Sequence[DatabaseUrl], *, interval: float, lazy: bool, listen: bool, name: str
    ) -> None:
        self.urls = urls
        self.interval = interval
        self.name = name
        self.content: Content | None = None
        self.health = Health(time.monotonic())
        self.serve: Callable[[Content], None] = lambda content: None
        self.tell: Callable[[Change], None] = lambda change: None
        self._listen = listen
        self._listen_at = 0.0
        self._listen_pause = LISTEN_AGAIN
        self._next = 0
        self._polls = 0
        self._failed = 0.0
        self._untold = False
        self._changes: deque[Change] = deque()
        self._builder = Builder(self._learn if lazy else None)
        self._connection: Connection | None = None
        self._thread: threading.Thread | None = None
        self._renew()

    def _renew(self) -> None:
        """What a forked child can't share with its parent."""
        self._lock = threading.RLock()
        self._telling = threading.RLock()
        self._ending = threading.Lock()
        self._stopping = False
        self._wake, self._waker = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._waker, False)

    @property
    def url(self) -> DatabaseUrl:
        """The server that answers, or that is asked next."""
        connection = self._connection
        return self.urls[self._next] if connection is None else connection.url

    @property
    def listening(self) -> bool:
        connection = self._connection
        return connection is not None and connection.listening

    def start(self) -> None:
        """Follow from now on, in a thread.

        Each new content is given to ``serve``, in order and at once, and then
        its change to ``tell``, in order too, while reads already see it.
        """
        self._thread = threading.Thread(target=self._run, name="configsync-follower", daemon=True)
        self._thread.start()

    def first(self, preload: Sequence[str]) -> Content:
        """The first content. Raises DatabaseError, and UsageError as `load` does."""
        self._builder.wanted.update(map(place_of, preload))
        with self._lock:
            with self._connected().reading() as transaction:
                content = self._builder.build(transaction, self.url, read_mark(transaction), None)[
                    0
                ]
            self.content = content
            self.health.confirmed = time.monotonic()
            for at in preload:
                self.load(at)
            return content

    def resume(self, content: Content, age: float) -> Content:
        """Begin with what a cache file has, which was confirmed ``age`` seconds ago."""
        content.learn = self._learn
        self.health.confirmed = time.monotonic() - age
        return content

    @property
    def on_standby(self) -> bool:
        """Whether the server that answers follows another one."""
        connection = self._connection
        return connection is not None and connection.is_standby

    def load(self, at: str) -> None:
        """Have the root at an address in memory; a domain by itself means all of its roots.

        Raises UsageError for what is neither, and DatabaseError.
        """
        # With the lock, so that no newer content is built meanwhile that lacks it again.
        with self._lock:
            content = self.content
            assert content is not None
            domain, key = place_of(at)
            self._builder.wanted.add((domain, key))
            table = content.tables.get(domain)
            if table is None:
                raise DatabaseError(f"{self.url} has no tables of {domain}.")
            if not table.whole and (key is None or key not in table.roots):
                self._fill(content, domain, key)

    def refresh(self) -> None:
        """Ask the database now. Raises DatabaseError; what readers have stays in any case."""
        with self._lock:
            try:
                change = self._check(self._connected())
            except Exception as error:
                self.note(error)
                raise
            self.health.confirmed = time.monotonic()
            if self.health.in_a_row:
                recovered(self.health.in_a_row)
            self.health.in_a_row = 0
            if change is not None:
                self._changes.append(change)
        with self._telling:
            while self._changes:
                self.tell(self._changes.popleft())

    def _learn(self, content: Content, domain: str, key: Key | None) -> None:
        """Fill in what a read asks a lazy content for. Raises DatabaseError and NotLoaded."""
        if _in_event_loop():
            what = domain if key is None else root_at(content.tables[domain].type, key)
            raise NotLoaded(
                f"{what} isn't in memory yet, and an event loop must not wait for the database. "
                f"Load it before: await asyncio.to_thread(client.load, {what!r})"
            )
        self._fill(content, domain, key)

    def _fill(self, content: Content, domain: str, key: Key | None) -> None:
        """Fill in what a lazy content lacks, at its own revision. Raises DatabaseError."""
        asked = time.monotonic()
        with self._lock:
            if self._failed > asked and self.health.in_a_row:
                # Others were before us: not each of many readers waits for the same in vain.
                raise DatabaseError(str(self.health.last_error))
            try:
                with self._connected().reading() as transaction:
                    found = self._builder.learned(transaction, self.url, content, domain, key)
            except DatabaseError as error:
                self.note(error)
                raise
            table = content.tables[domain]
            table.roots |= {k: root for k, root in found.items() if table.roots.get(k) is None}
            table.whole = table.whole or key is None

    def close(self) -> None:
        """Stop following; contents that readers have stay good."""
        with self._ending:
            if self._stopping:
                return  # Its descriptors may be somebody else's by now.
            self._stopping = True
            os.write(self._waker, b"x")
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        with self._lock:
            self._drop()
            for end in (self._wake, self._waker):
                os.close(end)

    def forked(self) -> None:
        """In a forked child: let go of the parent's connection, and follow by oneself."""
        followed = self._thread is not None and not self._stopping
        if self._connection is not None:
            self._connection.abandon()
            self._connection = None
        for end in (self._wake, self._waker):
            with suppress(OSError):
                os.close(end)
        self._renew()
        if followed:
            self.start()

    def _run(self) -> None:
        while not self._stopping:
            self._wait(self._delay())
            if self._stopping:
                break
            try:
                self.refresh()
                self._look_around()
            except ConfigsyncError:
                pass  # Noted.
            except Exception as error:
                # A bug, of a plug-in perhaps: the thread must outlive it.
                failed(error, trace=True)

    def _delay(self) -> float:
        """Seconds until the next poll: not the same for all readers; soon after a failure, and
        ever longer while in vain."""
        pause = self.interval
        if self.health.in_a_row:
            # An outage of hours would be more than a float can be.
            grown = 0.25 * 1.5 ** min(self.health.in_a_row, 50)
            pause = min(pause * grown, max(SLOWEST_RETRY, pause))
        return pause * uniform(0.8, 1.0)

    def _wait(self, seconds: float) -> None:
        """Sleep until it is time, or until something is told."""
        connection = self._connection
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ)
            with suppress(ValueError, OSError):  # Closed by another thread just now.
                for end in () if connection is None else connection.sockets():
                    selector.register(end, selectors.EVENT_READ)
            selector.select(seconds)
        with suppress(BlockingIOError, OSError):
            os.read(self._wake, 64)

    def _connected(self) -> Connection:
        """The connection, or a new one to the first server that answers."""
        if self._connection is not None:
            return self._connection
        error: DatabaseError | None = None
        for _ in self.urls:
            try:
                connection = open_connection(self.urls[self._next], self.name)
                try:
                    with connection.reading() as transaction:
                        self._builder.types = types_there(transaction, connection.url)
                except BaseException:
                    connection.close()
                    raise
            except DatabaseError as failure:
                error = error or failure
                self._next = (self._next + 1) % len(self.urls)
                continue
            self._connection = connection
            self._listen_at, self._listen_pause = 0.0, LISTEN_AGAIN
            self._try_to_listen(connection)
            return connection
        assert error is not None
        raise error

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def note(self, error: Exception) -> None:
        """Take note of a failure: readers keep what they have, the next server is asked next."""
        self._drop()
        self._next = (self._next + 1) % len(self.urls)
        health = self.health
        if health.in_a_row == 0 or health.last_error != str(error):
            failed(error)
        self._failed = time.monotonic()
        health.last_error = str(error)
        health.failures += 1
        health.in_a_row += 1

    def _check(self, connection: Connection) -> Change | None:
        """Ask for the newest revision; build and serve it if it is another one."""
        told = self._heard(connection)
        self._try_to_listen(connection)
        old = self.content
        assert old is not None
        known = old.source is Source.DATABASE
        if known and not connection.moved():
            return None
        if known and not told:
            with connection.peek() as transaction:
                mark = read_mark(transaction)
            if mark == old.mark:
                self._heed(connection, told, new=False)
                return None
        began = time.perf_counter()
        with connection.reading() as transaction:
            mark = read_mark(transaction)
            if known and mark == old.mark:
                return None  # What was told had been read already.
            built, addresses = self._builder.build(transaction, self.url, mark, old)
        self._heed(connection, told, new=True)
        previous = None if old.source is Source.FALLBACK else old.mark.revision
        change = Change(mark.revision, previous, addresses)
        self.content = built
        self.serve(built)
        self.health.reloads += 1
        reloaded(change, time.perf_counter() - began, told=told)
        # A cache file may have had the newest already: then it is confirmed, and nothing changed.
        return None if mark == old.mark else change

    def _heard(self, connection: Connection) -> bool:
        """Take what was told. Where listening just ended, it is tried again at once."""
        listened = connection.listening
        told = connection.heard()
        if listened and not connection.listening:
            self._listen_at = 0.0
        return told

    def _try_to_listen(self, connection: Connection) -> None:
        """Listen where that is wanted and may be had.

        A probe in vain takes PROBE_TIMEOUT, so ever fewer are made.
        """
        if not self._listen or connection.listening or connection.is_standby:
            return
        now = time.monotonic()
        if now >= self._listen_at:
            connection.listen()
            self._listen_at = now + self._listen_pause
            self._listen_pause *= 2

    def _heed(self, connection: Connection, told: bool, *, new: bool) -> None:
        """Take note of a commit that nothing told of: if nothing has until the next poll,
        notifications get lost, and another connection is to listen."""
        if told or not connection.listening:
            self._untold = False
        elif new:
            self._untold = True
        elif self._untold:
            self._untold = False
            connection.deaf()

    def _look_around(self) -> None:
        """Now and then, ask whether another server is ahead of the standby that answers.

        Nobody waits for that, though a server that is away may take its time.
        """
        connection, content = self._connection, self.content
        if connection is None or content is None or not connection.is_standby:
            return
        self._polls += 1
        if self._polls % LOOK_AROUND:
            return
        for place, url in enumerate(self.urls):
            if url != connection.url and self._is_ahead(url, content.mark):
                with self._lock:
                    self._drop()
                    self._next = place
                return

    def _is_ahead(self, url: DatabaseUrl, mark: Mark) -> bool:
        """Tell whether another server has a newer revision of the same database."""
        with suppress(DatabaseError):
            other = open_connection(url, self.name)
            try:
                with other.peek() as transaction:
                    there = read_mark(transaction)
            finally:
                other.close()
            return there.database_id == mark.database_id and there.revision > mark.revision
        return False


def _in_event_loop() -> bool:
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
