"""What a database is to the engine: transactions of plain rows, and a few words of dialect.

`configsync.store.sqlite` and `configsync.store.postgresql` have the same shape;
only they import a driver. Statements are written once, with ``?`` for a
parameter; what differs between the two stands in `Dialect`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from configsync.core.errors import DatabaseError
from configsync.core.resource import ResourceType
from configsync.kinds import plugin_types
from configsync.store.url import DatabaseUrl

SCHEMA_VERSION = "0006"
"""The newest migration: what this version of configsync reads and writes."""

VERSION_TABLE = "config_schema_version"


class Dialect(Protocol):
    """The words in which the two databases differ."""

    @property
    def json(self) -> str:
        """The type name of JSON columns in a record set."""

    def recordset(self, columns: Sequence[tuple[str, str]], alias: str) -> str:
        """A table expression over one parameter, the JSON text of a list of objects.

        ``columns`` are names with PostgreSQL types.
        """

    def lock_rows(self, table: str) -> str:
        """The end of a query that keeps others from changing what it read until the end."""

    def clock(self, seconds: str) -> str:
        """An expression: the database's clock, a number of seconds on.

        A timestamp column takes it, and is compared with it. ``seconds`` is an
        SQL expression, a parameter perhaps.
        """

    def timestamp(self, column: str) -> str:
        """An expression that gives a timestamp column as UTC text, ISO 8601 with microseconds."""

    def exact(self, column: str, type_: str) -> str:
        """An expression for a column of a PostgreSQL type of which no driver makes less.

        JSON and exact numbers may come as text, timestamps come as the database keeps them.
        """

    def stored(self, expression: str, type_: str) -> str:
        """What a column of a PostgreSQL type takes of JSON that is text, or of a timestamp
        that is text as `timestamp` gives it."""

    def continue_ids(self, table: str, column: str) -> str:
        """A query that has a table's next id follow its one parameter; empty if ids do by
        themselves."""

    def moment(self, at: datetime) -> str:
        """A parameter that a timestamp column is ``<`` or ``>=``."""

    def has_key(self, column: str, key: str) -> str:
        """A condition: the object in a JSON column has a key, an SQL expression of text."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a database refused a statement, in its own words, each of one line.

    ``by`` names the constraint or the trigger's function, ``table`` and
    ``columns`` what it is about, as far as the database says so.
    """

    message: str
    detail: str = ""
    hint: str = ""
    by: str = ""
    table: str = ""
    columns: tuple[str, ...] = ()


class Transaction(Protocol):
    """One transaction: all of its reads are of one moment, its writes all or nothing."""

    @property
    def dialect(self) -> Dialect: ...

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run a query."""

    def stream(self, statement: str) -> Iterator[tuple[Any, ...]]:
        """Run a query whose rows are more than memory should hold."""

    def run(self, statement: str, *parameters: Any) -> int:
        """Run a statement; returns how many rows it touched."""

    def attempt(self, statement: str, *parameters: Any) -> int | Refusal:
        """Run a statement, as `run` does; one that is refused leaves the transaction as it was.

        What has nothing to do with the statement, such as a lost connection, is raised.
        """

    def unmet(self) -> list[Refusal]:
        """Why COMMIT would be refused now, as far as deferred constraints and triggers tell."""

    def remarks(self) -> list[str]:
        """What the database has told, such as PostgreSQL's notices, since this was last asked."""

    def has_table(self, name: str) -> bool:
        """Tell whether a table exists."""

    def columns(self, table: str) -> tuple[str, ...]:
        """The names of a table's columns, in order; none if there is no such table."""

    def now(self) -> str:
        """The database's clock, as text that a timestamp column takes."""

    def notify(self, revision: int) -> None:
        """Tell readers of a new revision, at commit, where the database can."""


class Database(Protocol):
    """A database that can be connected to."""

    @property
    def url(self) -> DatabaseUrl: ...

    def reading(self, *, migrated: bool = True) -> AbstractContextManager[Transaction]:
        """A read-only transaction. Raises DatabaseError.

        Also if the schema is not up to date, unless ``migrated`` is false.
        """

    def writing(
        self, lock_timeout: float, name: str = "configsync", *, keep: bool = True
    ) -> AbstractContextManager[Transaction]:
        """A transaction that holds the lock and is marked as configsync's own.

        It commits when the block ends, and rolls back if it raises, or without
        ``keep``. ``lock_timeout`` is in seconds; ``name`` is who the database
        says holds the lock, where it can. Raises LockTimeout; Contended if the
        whole may be run again; OutcomeUnknown if the reply to COMMIT was lost;
        else DatabaseError. But for OutcomeUnknown, nothing was written then.
        """


def open_database(url: DatabaseUrl, *, create: bool = True) -> Database:
    """Open a database of either dialect.

    With ``create``, a SQLite file that is missing or empty gets configsync's tables.
    """
    if url.dialect == "sqlite":
        from configsync.store.sqlite import SqliteDatabase

        return SqliteDatabase.create(url) if create else SqliteDatabase(url)
    from configsync.store.postgresql import PostgresqlDatabase

    return PostgresqlDatabase(url)


def schema_version(transaction: Transaction) -> str | None:
    """The schema version that the database is at; None if it has none."""
    if not transaction.has_table(VERSION_TABLE):
        return None
    rows = transaction.rows(f"SELECT version_num FROM {VERSION_TABLE}")
    return str(rows[0][0]) if rows else None


def require_schema(transaction: Transaction, url: DatabaseUrl) -> None:
    """Raise DatabaseError unless the database is at this configsync's schema version.

    And unless it has the tables of the kinds that other packages add.
    """
    version = schema_version(transaction)
    if version == SCHEMA_VERSION:
        for type_ in plugin_types():
            there = transaction.columns(type_.table)
            if not there:
                raise DatabaseError(
                    f"{url} has no table {type_.table} of the kind {type_.kind} yet. "
                    "Run: configsync db upgrade"
                )
            if lost := lacking(type_, there):
                raise DatabaseError(f"{url}: {lost}")
        return
    if version is None:
        raise DatabaseError(f"{url} has no tables of configsync yet. Run: configsync db upgrade")
    if version < SCHEMA_VERSION:
        raise DatabaseError(
            f"{url} is at schema version {version}, this configsync needs {SCHEMA_VERSION}. "
            "Run: configsync db upgrade"
        )
    raise DatabaseError(
        f"{url} is at schema version {version}, this configsync knows {SCHEMA_VERSION}. "
        "Use the newer configsync that migrated it."
    )


def lacking(type_: ResourceType, columns: Collection[str]) -> str:
    """Say which columns a table of another package's kind lacks; empty if it has all."""
    lost = [name for name in type_.table_columns if name not in columns]
    if not lost:
        return ""
    return (
        f"the table {type_.table} of the kind {type_.kind} lacks {', '.join(lost)}. Columns of a "
        "table that is there are for the package that added the kind to add: see what it says, "
        "then run: configsync db upgrade"
    )
