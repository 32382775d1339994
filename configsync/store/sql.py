"""The statements over a resource type's table, made from its description.

Each works on a set of rows at once, handed over as one JSON parameter, and is
the same for both databases but for the record set's own words. Table and
column names come from kinds, never from what users write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from configsync.core import address
from configsync.core.resource import Resource, ResourceType
from configsync.core.values import Json, canonical_json
from configsync.store.database import Dialect, Transaction

CHUNK_CHARACTERS = 4 * 1024 * 1024
"""How much JSON one statement is given: enough to amortise its cost, little to hold in memory."""

PARENT_KEY = "parent_key"
ROW_ID = "row_id"
OF = "@of"
"""Under this, which can be no column's name, a row has the address of its change. Statements pass
over it; a rehearsal tells by it whose row was refused."""


def execute(
    transaction: Transaction, statement: str, rows: Iterable[dict[str, Json]], *more: Any
) -> int:
    """Run a statement over rows, in chunks; returns how many rows it touched."""
    return execute_spelled(transaction, statement, (canonical_json(r) for r in rows), *more)


def execute_spelled(
    transaction: Transaction, statement: str, spelled: Iterable[str], *more: Any
) -> int:
    """Run a statement over rows that are JSON texts already, as `execute` does."""
    return sum(transaction.run(statement, chunk, *more) for chunk in chunks(spelled))


def chunks(spelled: Iterable[str]) -> Iterator[str]:
    """Join JSON texts to lists of about `CHUNK_CHARACTERS`."""
    batch: list[str] = []
    size = 0
    for text in spelled:
        batch.append(text)
        size += len(text)
        if size >= CHUNK_CHARACTERS:
            yield f"[{','.join(batch)}]"
            batch, size = [], 0
    if batch:
        yield f"[{','.join(batch)}]"


def keys(type_: ResourceType, resource: Resource) -> dict[str, Json]:
    """What names a resource's row: the columns of its key, and ``parent_key``."""
    row = {k: resource.values[k] for k in type_.key}
    if resource.parent is not None:
        row[PARENT_KEY] = address.split(resource.parent)[-1]
    return row


def select(type_: ResourceType, dialect: Dialect, *, among: bool) -> str:
    """Read rows: the row's id, the parent's key and id if it has one, then the columns.

    With ``among``, only those whose keys are in a record set, locked where the
    database locks rows; its columns are ``parent_key`` and those of the key.
    """
    columns = ", ".join(f't."{c.name}"' for c in type_.columns)
    parent = ', p."id"' if type_.parent else ", NULL"
    parent_key = f", {_parent_key(type_)}" if type_.parent else ", NULL"
    statement = f'SELECT t."id"{parent_key}{parent}, {columns} FROM "{type_.table}" t'
    if type_.parent:
        statement += f' JOIN "{type_.parent.table}" p ON p."id" = t."{type_.parent_column}"'
    if not among:
        return statement
    keys = [(k, "text") for k in type_.key]
    condition = [f't."{k}" = r."{k}"' for k in type_.key]
    if type_.parent:
        keys.append((PARENT_KEY, "text"))
        condition.append(f'{_parent_key(type_)} = r."{PARENT_KEY}"')
    records = dialect.recordset(keys, "r")
    return f"{statement} JOIN {records} ON {' AND '.join(condition)}{dialect.lock_rows('t')}"


def select_root(type_: ResourceType, dialect: Dialect) -> str:
    """Read, as `select` does, the rows at or below the root with a given key."""
    key = _parent_key(type_) if type_.parent else f't."{type_.key[0]}"'
    return f"{select(type_, dialect, among=False)} WHERE {key} = ?"


def select_parts(type_: ResourceType, dialect: Dialect) -> str:
    """Read, as `select` does, the parts of the parents whose keys a record set has."""
    records = dialect.recordset([(PARENT_KEY, "text")], "r")
    wanted = f'{_parent_key(type_)} = r."{PARENT_KEY}"'
    return f"{select(type_, dialect, among=False)} JOIN {records} ON {wanted}"


def insert(type_: ResourceType, dialect: Dialect) -> str:
    """Insert rows given by their columns, ``parent_key`` and, with audit, ``by`` and ``at``."""
    names = [c.name for c in type_.columns]
    records = [(c.name, c.type.sql) for c in type_.columns]
    into, taken = [f'"{n}"' for n in names], [f'r."{n}"' for n in names]
    if type_.audit:
        records += [("by", "text"), ("at", "timestamptz")]
        into += ['"created_by"', '"created_at"', '"updated_by"', '"updated_at"']
        taken += ['r."by"', 'r."at"'] * 2
    source = dialect.recordset(records, "r")
    if type_.parent:
        records.append((PARENT_KEY, "text"))
        source = dialect.recordset(records, "r")
        source += f' JOIN "{type_.parent.table}" p ON {_parent_key(type_)} = r."{PARENT_KEY}"'
        into.append(f'"{type_.parent_column}"')
        taken.append('p."id"')
    return (
        f'INSERT INTO "{type_.table}" ({", ".join(into)}) SELECT {", ".join(taken)} FROM {source}'
    )


def update(type_: ResourceType, dialect: Dialect, names: Iterable[str]) -> str:
    """Set columns of rows given by ``row_id``."""
    types = {c.name: c.type.sql for c in type_.columns}
    names = list(names)
    records = dialect.recordset([(ROW_ID, "integer"), *((n, types[n]) for n in names)], "r")
    assignments = ", ".join(f'"{n}" = r."{n}"' for n in names)
    return (
        f'UPDATE "{type_.table}" SET {assignments} FROM {records} '
        f'WHERE "{type_.table}"."id" = r."{ROW_ID}"'
    )


def touch(type_: ResourceType, dialect: Dialect) -> str:
    """Note when and by whom rows, or parts of theirs, were changed."""
    records = dialect.recordset([(ROW_ID, "integer"), ("by", "text"), ("at", "timestamptz")], "r")
    return (
        f'UPDATE "{type_.table}" SET "updated_by" = r."by", "updated_at" = r."at" '
        f'FROM {records} WHERE "{type_.table}"."id" = r."{ROW_ID}"'
    )


def delete(type_: ResourceType, dialect: Dialect) -> str:
    """Delete rows given by ``row_id``."""
    records = dialect.recordset([(ROW_ID, "integer")], "r")
    return f'DELETE FROM "{type_.table}" WHERE "id" IN (SELECT r."{ROW_ID}" FROM {records})'


def _parent_key(type_: ResourceType) -> str:
    assert type_.parent is not None
    if len(type_.parent.key) != 1 or type_.parent.parent is not None:
        raise ValueError(f"the parent of {type_.domain} needs a key of one column, and no parent")
    return f'p."{type_.parent.key[0]}"'
