"""Database status: is it there, is it ours, is it up to date."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from configsync.core.errors import DatabaseError, UsageError
from configsync.kinds import plugin_types, resource_types
from configsync.store.database import SCHEMA_VERSION, lacking, open_database, schema_version
from configsync.store.read import read_base
from configsync.store.url import DatabaseUrl

if TYPE_CHECKING:
    from configsync.store.roles import Roles


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """What is known of a database; ``schema_version`` is None if it has no tables of ours.

    ``incomplete`` are the tables of other packages' kinds that are missing, or lack columns.
    """

    url: str
    schema_version: str | None
    needed_version: str
    database_id: str | None
    revision: int | None
    incomplete: tuple[str, ...] = ()

    @property
    def current(self) -> bool:
        return self.schema_version == self.needed_version and not self.incomplete

    def as_dict(self) -> dict[str, Any]:
        """The same, for JSON."""
        return {**asdict(self), "current": self.current}

    def as_text(self) -> str:
        """The same, for people."""
        lines = [f"Database  {self.url}"]
        if self.schema_version is None:
            lines.append("Schema    none yet. Run: configsync db upgrade")
        elif self.schema_version == self.needed_version:
            lines.append(f"Schema    {self.schema_version}, up to date")
        else:
            older = self.schema_version < self.needed_version
            then = "Run: configsync db upgrade" if older else "Use the configsync that migrated it."
            lines.append(
                f"Schema    {self.schema_version}, needed is {self.needed_version}. {then}"
            )
        if self.incomplete:
            tables = ", ".join(self.incomplete)
            lines.append(f"Tables    {tables} missing or incomplete. Run: configsync db upgrade")
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
        others = plugin_types()
        own = (t.table for t in resource_types().values() if t not in others)
        lost = [table for table in own if not transaction.has_table(table)]
        if lost:
            raise DatabaseError(
                f"{url} is at schema version {version}, but has lost {', '.join(lost)}. "
                "Restore it from a backup."
            )
        base = read_base(transaction)
        incomplete = tuple(t.table for t in others if lacking(t, transaction.columns(t.table)))
    return DatabaseStatus(
        *(str(url), version, SCHEMA_VERSION, base.database_id, base.revision, incomplete)
    )


def roles_script(url: DatabaseUrl, prefix: str) -> str:
    """The SQL that makes the roles, for psql. Raises UsageError or DatabaseError."""
    from configsync.store.roles import statements

    made = _roles(url, prefix)
    with open_database(url).reading() as transaction:
        ((schema,),) = transaction.rows("SELECT current_schema()")
    script = "".join(f"{statement};\n" for statement in statements(made, schema))
    return f"BEGIN;\n{script}COMMIT;\n"


def apply_roles(url: DatabaseUrl, prefix: str, lock_timeout: float) -> Roles:
    """Make the roles and give them their rights, all or nothing; returns their names.

    Raises UsageError, LockTimeout or DatabaseError.
    """
    from configsync.store.roles import statements

    made = _roles(url, prefix)
    with open_database(url).writing(lock_timeout) as transaction:
        ((schema,),) = transaction.rows("SELECT current_schema()")
        for statement in statements(made, schema):
            transaction.run(statement)
    return made


def _roles(url: DatabaseUrl, prefix: str) -> Roles:
    from configsync.store.roles import Roles

    if url.dialect == "sqlite":
        raise UsageError(
            f"{url} is a file, and SQLite has no roles: whoever may write the file may write all "
            "of it. Use the permissions of the file and its folder, or PostgreSQL."
        )
    return Roles.named(prefix)
