"""What services of a database share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from configsync.core.kind import Kind
from configsync.core.resource import State
from configsync.core.revision import HistoryEntry
from configsync.kinds import resource_types
from configsync.services.write import Draft, write
from configsync.store.apply import DEFAULT_LOCK_TIMEOUT
from configsync.store.database import Database, open_database
from configsync.store.history import Selection, read_history
from configsync.store.url import parse_url

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class Service:
    """A service over a database, which it connects to for each call: it may be shared by threads.

    ``database`` is a URL, as ``--database`` takes one, or what
    `configsync.store.database.open_database` returns; a SQLite file that is
    missing gets configsync's tables. ``lock_timeout`` is how many seconds a
    write waits for other writers. Raises UsageError for a URL that isn't one,
    and DatabaseError.
    """

    def __init__(
        self, database: str | Database, *, lock_timeout: float = DEFAULT_LOCK_TIMEOUT
    ) -> None:
        if isinstance(database, str):
            database = open_database(parse_url(database, Path.cwd()))
        self.database = database
        self.lock_timeout = lock_timeout

    def _history(
        self,
        pattern: str,
        *,
        domain: str | None = None,
        user: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> list[HistoryEntry]:
        """History entries, newest first, of what an address pattern selects."""
        selection = Selection(pattern, since, until, user, domain=domain)
        with self.database.reading() as transaction:
            return [*read_history(transaction, resource_types(), selection, limit)]

    def _write(self, kind: Kind, user: str, edit: Callable[[Draft], None]) -> State:
        return write(self.database, kind, user, edit, self.lock_timeout)


def fields_of(given: Mapping[str, Any] | DataclassInstance) -> dict[str, Any]:
    """The fields of a part, given as a value of its class or as a mapping."""
    if is_dataclass(given):
        return asdict(given)
    if isinstance(given, Mapping):
        return dict(given)
    raise TypeError(f"a part is a mapping or a value of its class, not a {type(given).__name__}")
