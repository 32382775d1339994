"""The fleet: which revision the readers of a database hold, and waiting until they hold one."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

from configsync.core.errors import DatabaseError
from configsync.core.revision import Writer
from configsync.store.database import Database
from configsync.store.read import read_base, read_newest
from configsync.store.readers import Reader, read_readers

INTERVAL = 0.5
"""Seconds from one look at the readers to the next."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """The readers of a database, held against a revision of it."""

    revision: int
    readers: tuple[Reader, ...]

    @property
    def live(self) -> tuple[Reader, ...]:
        """Those whose last report still holds."""
        return tuple(r for r in self.readers if r.live)

    @property
    def stragglers(self) -> tuple[Reader, ...]:
        """The live ones that hold an older revision."""
        return tuple(r for r in self.live if r.revision < self.revision)

    @property
    def expired(self) -> tuple[Reader, ...]:
        """Those that are no longer live, and were a day ago."""
        return tuple(r for r in self.readers if not r.live)


@dataclass(frozen=True, slots=True)
class Status:
    """What a database is at, and its fleet; ``newest`` is who made its newest revision, if any."""

    url: str
    database_id: str
    schema_version: str
    newest: Writer | None
    fleet: Fleet


@dataclass(frozen=True, slots=True)
class Convergence:
    """How a wait for the readers ended.

    ``fleet`` is as it was last seen, ``lost`` are those of it that were live at
    an earlier look. It took ``seconds``.
    """

    fleet: Fleet
    lost: tuple[Reader, ...]
    seconds: float


def read_status(database: Database) -> Status:
    """What a database is at, and what its readers hold, at one moment. Raises DatabaseError."""
    with database.reading() as transaction:
        base = read_base(transaction)
        newest = read_newest(transaction)
        fleet = Fleet(base.revision, tuple(read_readers(transaction)))
    return Status(str(database.url), base.database_id, base.schema_version, newest, fleet)


def await_readers(database: Database, revision: int, seconds: float) -> Convergence:
    """Look until all live readers hold a revision, or a newer one, for some seconds at most.

    With 0 seconds it looks once. Raises DatabaseError if the first look fails;
    when a later one does, what was seen before stands until the next.
    """
    began = time.monotonic()
    fleet = _look(database, revision)
    seen = {r.id for r in fleet.live}
    while True:
        waited = time.monotonic() - began
        if not fleet.stragglers or waited >= seconds:
            lost = tuple(r for r in fleet.expired if r.id in seen)
            return Convergence(fleet, lost, waited)
        time.sleep(min(INTERVAL, seconds - waited))
        with suppress(DatabaseError):
            fleet = _look(database, revision)
        seen |= {r.id for r in fleet.live}


def _look(database: Database, revision: int) -> Fleet:
    with database.reading() as transaction:
        return Fleet(revision, tuple(read_readers(transaction)))
