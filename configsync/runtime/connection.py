"""A reader's connection: kept open, never waited on by reads.

`configsync.runtime.postgresql` and `configsync.runtime.sqlite` have the same
shape; only they import a driver.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from configsync.store.database import Transaction
from configsync.store.url import DatabaseUrl

CONNECT_TIMEOUT = 3
"""Seconds: readers are to be back within 5 s of their server's return."""

READ_TIMEOUT = 60.0
"""Seconds that a read of the database may take, before the connection is cut and another tried."""


class Connection(Protocol):
    """A connection to one database. All but `abandon` raise DatabaseError."""

    @property
    def url(self) -> DatabaseUrl: ...

    @property
    def is_standby(self) -> bool:
        """Whether the server follows another one, and may be behind it."""

    @property
    def listening(self) -> bool:
        """Whether notifications of commits arrive here: known by having sent one."""

    def listen(self) -> None:
        """Try to be told of commits. Where that can't be, polling is all there is."""

    def deaf(self) -> None:
        """Take note that a notification was lost: listen no more until told to."""

    def sockets(self) -> Sequence[int]:
        """Descriptors that become readable when something may have been told."""

    def heard(self) -> bool:
        """Take what was told; tells whether that was a commit."""

    def moved(self) -> bool:
        """Tell whether there may be something new; cheap, and never wrong when false."""

    def peek(self) -> AbstractContextManager[Transaction]:
        """For statements by themselves."""

    def reading(self) -> AbstractContextManager[Transaction]:
        """A read-only transaction: all that is read is of one moment."""

    def close(self) -> None:
        """Close the connection; never raises."""

    def abandon(self) -> None:
        """After a fork, in the child: let go of what is the parent's, without a word to it."""


def open_connection(url: DatabaseUrl, name: str) -> Connection:
    """Connect to a database; ``name`` is what it is told of who connects. Raises DatabaseError.

    A SQLite file that is missing is not created: an application writes no configuration.
    """
    if url.dialect == "sqlite":
        from configsync.runtime.sqlite import SqliteConnection

        return SqliteConnection(url)
    from configsync.runtime.postgresql import PostgresqlConnection

    return PostgresqlConnection(url, name)


class Reporting(Protocol):
    """A connection that writes one row of its own now and then. All but `abandon` and `close`
    raise DatabaseError."""

    def writing(self) -> AbstractContextManager[Transaction]:
        """A transaction, committed when the block ends. It takes no lock of appliers."""

    def close(self) -> None: ...

    def abandon(self) -> None: ...


def open_reporting(url: DatabaseUrl, name: str) -> Reporting:
    """Connect to a database that takes writes. Raises DatabaseError, for a standby too."""
    if url.dialect == "sqlite":
        from configsync.runtime.sqlite import SqliteReporting

        return SqliteReporting(url)
    from configsync.runtime.postgresql import PostgresqlReporting

    return PostgresqlReporting(url, name)
