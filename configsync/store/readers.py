"""Readers: running applications, and the revision that each says it holds.

A reader is live for as long as it goes on to report; every time is the
database's, whatever the clocks of the hosts say. What is here touches
``config_readers`` alone and takes no lock that appliers take, so that neither
waits for the other. It runs in any transaction, an application's own too.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Applications import this module; what a database is to configsync, they need not.
    from configsync.store.database import Transaction

KEPT = 86_400
"""Seconds after its expiry for which a reader is still shown."""

LONGEST = 255
"""Characters of a name and of a host."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A running application, as it last reported itself.

    ``revision`` is what it holds; ``degraded`` says that it serves that without
    its database. Times are UTC in ISO 8601 with microseconds. ``live`` is
    whether its last report still held when it was read.
    """

    id: str
    name: str
    host: str
    pid: int
    revision: int
    degraded: bool
    started_at: str
    seen_at: str
    live: bool


def read_readers(transaction: Transaction) -> list[Reader]:
    """All readers that are live or expired less than a day ago, by name, host, process and id."""
    dialect = transaction.dialect
    # Casts: SQLite keeps what a hand has written as it is. PostgreSQL spells no infinite time.
    rows = transaction.rows(
        "SELECT CAST(id AS text), CAST(name AS text), CAST(host AS text), CAST(pid AS integer), "
        f"CAST(revision AS integer), degraded, coalesce({dialect.timestamp('started_at')}, ''), "
        f"coalesce({dialect.timestamp('seen_at')}, ''), expires_at > {dialect.clock('0')} "
        f"FROM config_readers WHERE expires_at > {dialect.clock(str(-KEPT))}"
    )
    found = [
        Reader(reader, name, host, pid, revision, bool(degraded), started, seen, bool(live))
        for reader, name, host, pid, revision, degraded, started, seen, live in rows
    ]
    return sorted(found, key=attrgetter("name", "host", "pid", "id"))


def report(
    transaction: Transaction,
    reader_id: str,
    name: str,
    host: str,
    pid: int,
    revision: int,
    degraded: bool,
    lifetime_seconds: float,
) -> None:
    """Say what a reader holds; it is live for ``lifetime_seconds`` from now, unless it says more.

    ``reader_id`` is a UUID that it made for itself, new in each process. Of a
    name or host, the first `LONGEST` characters are kept. Raises what the
    transaction's driver raises.
    """
    clock = transaction.dialect.clock
    transaction.run(
        "INSERT INTO config_readers "
        "(id, name, host, pid, revision, degraded, started_at, seen_at, expires_at) "
        f"VALUES (?, ?, ?, ?, ?, ?, {clock('0')}, {clock('0')}, {clock('?')}) "
        "ON CONFLICT (id) DO UPDATE SET name = excluded.name, host = excluded.host, "
        "pid = excluded.pid, revision = excluded.revision, degraded = excluded.degraded, "
        "seen_at = excluded.seen_at, expires_at = excluded.expires_at",
        *(reader_id, name[:LONGEST], host[:LONGEST], pid, revision, degraded, lifetime_seconds),
    )


def forget(transaction: Transaction, reader_id: str) -> None:
    """Take a reader that ends out of the list, at once. Raises what the driver raises."""
    transaction.run("DELETE FROM config_readers WHERE id = ?", reader_id)


def prune(transaction: Transaction) -> None:
    """Delete the readers that expired more than a day ago. Raises what the driver raises.

    For a reader to do when it starts, so that there are never more rows than
    processes of some days. Not for an apply: whoever may report can lock these
    rows, and would keep it waiting.
    """
    transaction.run(
        f"DELETE FROM config_readers WHERE expires_at <= {transaction.dialect.clock(str(-KEPT))}"
    )
