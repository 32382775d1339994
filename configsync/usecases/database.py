"""Database status: is it there, is it ours, is it up to date."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import Any

from configsync.core.errors import DatabaseError
from configsync.kinds import resource_types
from configsync.store.database import SCHEMA_VERSION, open_database, schema_version
from configsync.store.read import read_base
from configsync.store.url import DatabaseUrl


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """What is known of a database; ``schema_version`` is None if it has no tables of ours."""

    url: str
    schema_version: str | None
    needed_version: str
    database_id: str | None
    revision: int | None

    @property
    def current(self) -> bool:
        return self.schema_version == self.needed_version

    def as_dict(self) -> dict[str, Any]:
        """The same, for JSON."""
        return {**asdict(self), "current": self.current}

    def as_text(self) -> str:
        """The same, for people."""
        lines = [f"Database  {self.url}"]
        if self.schema_version is None:
            lines.append("Schema    none yet. Run: configsync db upgrade")
        elif self.current:
            lines.append(f"Schema    {self.schema_version}, up to date")
        else:
            lines.append(f"Schema    {self.schema_version}, needed is {self.needed_version}")
        if self.current:
            lines += [f"Identity  {self.database_id}", f"Revision  {self.revision}"]
        return "\n".join(lines) + "\n"


def database_status(url: DatabaseUrl) -> DatabaseStatus:
    """Look at a database, creating nothing. Raises DatabaseError if it can't be reached."""
    if url.dialect == "sqlite" and not os.path.exists(url.connect):
        return DatabaseStatus(str(url), None, SCHEMA_VERSION, None, None)
    with open_database(url, create=False).reading(migrated=False) as transaction:
        version = schema_version(transaction)
        if version != SCHEMA_VERSION:
            return DatabaseStatus(str(url), version, SCHEMA_VERSION, None, None)
        lost = [t.table for t in resource_types().values() if not transaction.has_table(t.table)]
        if lost:
            raise DatabaseError(
                f"{url} is at schema version {version}, but has lost {', '.join(lost)}. "
                "Restore it from a backup."
            )
        base = read_base(transaction)
    return DatabaseStatus(str(url), version, SCHEMA_VERSION, base.database_id, base.revision)
