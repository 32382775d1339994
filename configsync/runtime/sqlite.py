"""SQLite: polled by ``PRAGMA data_version``, which takes microseconds."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from urllib.parse import quote

from configsync.core.errors import DatabaseError
from configsync.store.sqlite import READ_TIMEOUT, SqliteTransaction, explained, prepare
from configsync.store.url import DatabaseUrl

REPORT_TIMEOUT = 1.0
"""Seconds that a report waits for writers: another one comes soon."""

_busy = threading.RLock()
"""Held by who is within SQLite, and by who forks: a child would find mutexes and file locks taken,
by a thread that it doesn't have."""

_abandoned: list[sqlite3.Connection] = []
"""A child must not even close its parent's connections, which their destruction would:
https://www.sqlite.org/howtocorrupt.html#_carrying_an_open_database_file_across_a_fork_"""


class SqliteConnection:
    """A connection to a SQLite file that is there."""

    is_standby = False
    listening = False

    def __init__(self, url: DatabaseUrl) -> None:
        self.url = url
        self._connection = _open(url, READ_TIMEOUT)
        self._file = _identity(url.connect)
        self._version = -1

    def listen(self) -> None:
        """A file tells nobody."""

    def deaf(self) -> None:
        """Nor does it lose what it told."""

    def sockets(self) -> Sequence[int]:
        return ()

    def heard(self) -> bool:
        return False

    def moved(self) -> bool:
        if _identity(self.url.connect) != self._file:
            raise DatabaseError(f"{self.url} is another file now, or gone.")
        with _busy, explained(self.url):
            ((version,),) = self._connection.execute("PRAGMA data_version")
        moved = version != self._version
        self._version = version
        return bool(moved)

    @contextmanager
    def peek(self) -> Iterator[SqliteTransaction]:
        with _busy, explained(self.url):
            yield SqliteTransaction(self._connection)

    @contextmanager
    def reading(self) -> Iterator[SqliteTransaction]:
        with _busy, explained(self.url):
            self._connection.execute("BEGIN")
            try:
                yield SqliteTransaction(self._connection)
            finally:
                self._connection.execute("ROLLBACK")

    def close(self) -> None:
        with _busy, suppress(sqlite3.Error):
            self._connection.close()

    def abandon(self) -> None:
        _abandoned.append(self._connection)


class SqliteReporting:
    """A connection that writes the row of one reader."""

    def __init__(self, url: DatabaseUrl) -> None:
        self._url = url
        self._connection = _open(url, REPORT_TIMEOUT)

    @contextmanager
    def writing(self) -> Iterator[SqliteTransaction]:
        with _busy, explained(self._url):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield SqliteTransaction(self._connection)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        with _busy, suppress(sqlite3.Error):
            self._connection.close()

    def abandon(self) -> None:
        _abandoned.append(self._connection)


def _open(url: DatabaseUrl, timeout: float) -> sqlite3.Connection:
    if not os.path.isfile(url.connect):
        raise DatabaseError(f"{url} can't be opened: there is no such file.")
    with _busy, explained(url):
        # Not mode=ro: who may write rolls back what a writer that was killed left behind.
        connection = sqlite3.connect(
            # With an authority, though an empty one: a path may begin with two slashes.
            f"file://{quote(os.path.abspath(url.connect))}?mode=rw",
            uri=True,
            timeout=timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        prepare(connection)
    return connection


def _identity(file: str) -> tuple[int, int] | None:
    """Which file a name stands for: a restored one has taken its place."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_busy.acquire, after_in_parent=_busy.release, after_in_child=_busy.release
    )
