"""Rows as they go into a backup and come out of one: the same text from either database.

A row is one JSON object, keys sorted. What the databases keep in forms of their
own has one here: a timestamp is UTC in ISO 8601 with microseconds, an exact
number is text without trailing zeros, JSON is text in its canonical spelling
(its numbers are those that Python's JSON reads, as for all who read it). What
SQLite keeps although the column's type forbids it stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql

from configsync.core.errors import DatabaseError
from configsync.core.resource import ResourceType
from configsync.core.values import canonical_json
from configsync.store import sql
from configsync.store.database import Transaction
from configsync.store.derive import all_tables

STAYING = ("config_database", "config_readers", "config_writer")
"""Tables of which a database keeps its own rows: saved plans are bound to its identity, readers
report to the database that they read, and SQLite's mark of a writer is never committed."""


REPLACED = "config_keys"
"""A table with a row from the start, in whose place a backup's comes: what was sealed with the key
of one database is known in another only by the same."""

INF = float("inf")


@cache
def copied_tables() -> dict[str, Table]:
    """All tables that a backup holds, those first that others refer to."""
    return {t.name: t for t in all_tables() if t.name not in STAYING}


def count_rows(transaction: Transaction) -> dict[str, int]:
    """How many rows each copied table has."""
    columns = ", ".join(f'(SELECT count(*) FROM "{name}")' for name in copied_tables())
    (counts,) = transaction.rows(f"SELECT {columns}")
    return dict(zip(copied_tables(), map(int, counts), strict=True))


def read_rows(transaction: Transaction, table: Table) -> Iterator[str]:
    """A table's rows in the order of its primary key, each as JSON text.

    Raises DatabaseError for what JSON can't hold: bytes, and numbers without end.
    """
    names = [column.name for column in table.columns]
    exact = transaction.dialect.exact
    taken = ", ".join(exact(f'"{c.name}"', _type(c)) for c in table.columns)
    key = ", ".join(f'"{c.name}"' for c in table.primary_key)
    converted = [(c.name, f) for c in table.columns if (f := _conversion(_type(c))) is not None]
    for cells in transaction.stream(f'SELECT {taken} FROM "{table.name}" ORDER BY {key}'):
        row = dict(zip(names, cells, strict=True))
        for name, convert in converted:
            if row[name] is not None:
                row[name] = convert(row[name])
        try:
            yield canonical_json(row)
        except (TypeError, ValueError) as error:
            raise _unfit(table, row) from error


def insert_rows(transaction: Transaction, table: Table, rows: Iterable[str]) -> Iterator[int]:
    """Insert rows that `read_rows` gave; yields after each statement how many it inserted."""
    dialect = transaction.dialect
    records = dialect.recordset([(c.name, _given(_type(c))) for c in table.columns], "r")
    names = ", ".join(f'"{c.name}"' for c in table.columns)
    taken = ", ".join(dialect.stored(f'r."{c.name}"', _type(c)) for c in table.columns)
    statement = f'INSERT INTO "{table.name}" ({names}) SELECT {taken} FROM {records}'
    for chunk in sql.chunks(rows):
        yield transaction.run(statement, chunk)


def first_filled(transaction: Transaction) -> str | None:
    """The first copied table that has a row; None if all are empty but for `REPLACED`."""
    for name in (n for n in copied_tables() if n != REPLACED):
        if transaction.rows(f'SELECT 1 FROM "{name}" LIMIT 1'):
            return name
    return None


def continue_ids(transaction: Transaction, types: Mapping[str, ResourceType]) -> None:
    """Have each table's next id follow those that are, or by history were, in use."""
    roots = {t.table: t.domain for t in types.values() if t.parent is None}
    for table in copied_tables().values():
        column = table.autoincrement_column
        if column is None:
            continue
        query = f'SELECT max("{column.name}") FROM "{table.name}"'
        if table.name in roots:
            # The id of a deleted row would put another's history under its name.
            within = f"address LIKE '{roots[table.name]}/%'"
            query = f'SELECT max(id) FROM (SELECT max("{column.name}") AS id FROM "{table.name}" '
            query += f"UNION ALL SELECT max(root_id) FROM config_history WHERE {within}) AS used"
        statement = transaction.dialect.continue_ids(table.name, column.name)
        ((last,),) = transaction.rows(query)
        if statement and last is not None:
            transaction.rows(statement, last)


def _unfit(table: Table, row: dict[str, Any]) -> DatabaseError:
    """Say which value of a row JSON can't hold."""
    at = ", ".join(str(row[c.name]) for c in table.primary_key)
    held = {bytes: "bytes", float: "a number without end"}
    where = next(name for name, v in row.items() if isinstance(v, bytes) or v in (INF, -INF))
    return DatabaseError(
        f"The row {at} of {table.name} has {held[type(row[where])]} as its {where}, which no "
        "backup can hold. Mend it first."
    )


def _type(column: Column[Any]) -> str:
    """The column's type in PostgreSQL."""
    return column.type.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]


def _given(type_: str) -> str:
    """The type as which a record set takes what a backup holds."""
    return "text" if type_.startswith("JSON") else type_


def _conversion(type_: str) -> Callable[[Any], Any] | None:
    """What brings a column's values into the one form; None if drivers give them in it."""
    for beginning, convert in (
        ("TIMESTAMP", _timestamp),
        ("NUMERIC", _number),
        ("JSON", _json),
        ("BOOLEAN", _boolean),
    ):
        if type_.startswith(beginning):
            return convert
    return None


def _timestamp(value: Any) -> Any:
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment
    except (TypeError, ValueError, OverflowError):
        return value
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _number(value: Any) -> Any:
    try:
        exact = Decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, TypeError, ValueError):
        return value
    if not exact.is_finite():
        return value
    spelled = f"{exact:f}" if exact else "0"
    return spelled.rstrip("0").rstrip(".") if "." in spelled else spelled


def _json(value: Any) -> Any:
    if isinstance(value, bytes):
        return value
    try:
        # SQLite makes a number of JSON text that is one.
        return canonical_json(json.loads(value) if isinstance(value, str) else value)
    except (ValueError, RecursionError):
        return value


def _boolean(value: Any) -> Any:
    return bool(value) if value in (0, 1) else value
