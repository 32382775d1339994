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


def select(
    type_: ResourceType,
    dialect: Dialect,
    *,
    among: bool = False,
    lock: bool = True,
    where: Iterable[str] = (),
    marked: bool = False,
) -> str:
    """Read rows: the row's id, the parent's key and id if it has one, then the columns.

    Those that are active, and whose parents are. With ``among``, only those
    whose keys are in a record set, whose columns are ``parent_key`` and those of
    the key; with ``lock``, they are locked where the database locks rows.
    ``where`` are further conditions. If ``marked``, whether a row is sensitive is one
    more column, of a type of which some are.
    """
    columns = ", ".join(f't."{c.name}"' for c in type_.columns)
    if marked and type_.sensitive:
        columns += f', t."{type_.sensitive}"'
    parent = ', p."id"' if type_.parent else ", NULL"
    parent_key = f", {_parent_key(type_)}" if type_.parent else ", NULL"
    statement = f'SELECT t."id"{parent_key}{parent}, {columns} FROM "{type_.table}" t'
    conditions = [*where]
    if type_.active:
        conditions.append(f't."{type_.active}"')
    if type_.parent:
        statement += f' JOIN "{type_.parent.table}" p ON p."id" = t."{type_.parent_column}"'
        if type_.parent.active:
            conditions.append(f'p."{type_.parent.active}"')
    if among:
        statement += f" JOIN {_keyed(type_, dialect)}"
    if conditions:
        statement += f" WHERE {' AND '.join(conditions)}"
    return statement + (dialect.lock_rows("t") if among and lock else "")


def select_root(type_: ResourceType, dialect: Dialect, keys: int, *, marked: bool = False) -> str:
    """Read, as `select` does, the rows at or below the roots with given first ``keys``."""
    if type_.parent:
        return select(type_, dialect, where=[f"{_parent_key(type_)} = ?"][:keys], marked=marked)
    own = [f't."{k}" = ?' for k in type_.key[:keys]]
    return select(type_, dialect, where=own, marked=marked)


def select_parts(type_: ResourceType, dialect: Dialect, *, marked: bool = False) -> str:
    """Read, as `select` does, the parts of the parents whose keys a record set has."""
    records = dialect.recordset([(PARENT_KEY, "text")], "r")
    wanted = f'{_parent_key(type_)} IN (SELECT r."{PARENT_KEY}" FROM {records})'
    return select(type_, dialect, where=[wanted], marked=marked)


def row_ids(type_: ResourceType, dialect: Dialect) -> str:
    """Read the keys in a record set with the ids by which history knows what has them.

    Of what has several versions, that is the first one's.
    """
    keys = ", ".join(f't."{k}"' for k in type_.key)
    return (
        f'SELECT min(t."id"), {keys} FROM "{type_.table}" t '
        f"JOIN {_keyed(type_, dialect)} GROUP BY {keys}"
    )


def _keyed(type_: ResourceType, dialect: Dialect) -> str:
    """A record set of keys, joined to the rows that have them."""
    keys = [(k, "text") for k in type_.key]
    condition = [f't."{k}" = r."{k}"' for k in type_.key]
    if type_.parent:
        keys.append((PARENT_KEY, "text"))
        condition.append(f'{_parent_key(type_)} = r."{PARENT_KEY}"')
    return f"{dialect.recordset(keys, 'r')} ON {' AND '.join(condition)}"


def insert(type_: ResourceType, dialect: Dialect) -> str:
    """Insert rows given by their columns and ``parent_key``.

    Tables that note who inserted take ``by`` and ``at``; those with sensitive rows
    take their mark. A row that is there and
    isn't active is activated, as it is to be; of a published version, its
    content stays.
    """
    names = [*type_.names, *([type_.sensitive] if type_.sensitive else [])]
    records = [(c.name, c.type.sql) for c in type_.columns]
    records += [(type_.sensitive, "boolean")] if type_.sensitive else []
    into, taken = [f'"{n}"' for n in names], [f'r."{n}"' for n in names]
    if stamped(type_):
        records += [("by", "text"), ("at", "timestamptz")]
        into += ['"created_by"', '"created_at"']
        taken += ['r."by"', 'r."at"']
    if type_.audit:
        into += ['"updated_by"', '"updated_at"']
        taken += ['r."by"', 'r."at"']
    key = list(type_.key)
    source = dialect.recordset(records, "r")
    if type_.parent:
        records.append((PARENT_KEY, "text"))
        source = dialect.recordset(records, "r")
        source += f' JOIN "{type_.parent.table}" p ON {_parent_key(type_)} = r."{PARENT_KEY}"'
        into.append(f'"{type_.parent_column}"')
        taken.append('p."id"')
        key.append(type_.parent_column)
    statement = (
        f'INSERT INTO "{type_.table}" ({", ".join(into)}) SELECT {", ".join(taken)} FROM {source}'
    )
    if type_.active is None:
        return statement
    kept: set[str] = set(key)
    renewed = [f'"{type_.active}" = true']
    if type_.versions:
        key.append(type_.versions.number)
        kept |= {type_.versions.number, *type_.versions.content}
        renewed.append('"deactivated_at" = NULL')
    renewed += [f'"{n}" = excluded."{n}"' for n in names if n not in kept]
    target = ", ".join(f'"{k}"' for k in key)
    # SQLite takes ON for a join condition unless a WHERE stands before it.
    return f"{statement} WHERE true ON CONFLICT ({target}) DO UPDATE SET {', '.join(renewed)}"


def stamped(type_: ResourceType) -> bool:
    """Tell whether rows note who inserted them, and when."""
    return type_.audit or type_.versions is not None


def deactivate(type_: ResourceType, dialect: Dialect) -> str:
    """Have rows given by ``row_id`` be as if they weren't there; with versions, since ``at``."""
    records = dialect.recordset([(ROW_ID, "integer"), ("at", "timestamptz")], "r")
    since = ', "deactivated_at" = r."at"' if type_.versions else ""
    return (
        f'UPDATE "{type_.table}" SET "{type_.active}" = false{since} '
        f'FROM {records} WHERE "{type_.table}"."id" = r."{ROW_ID}"'
    )


def rekey(type_: ResourceType, dialect: Dialect) -> str:
    """Give all versions of ``old`` another ``key``."""
    records = dialect.recordset([("old", "text"), ("key", "text")], "r")
    key = type_.key[0]
    return (
        f'UPDATE "{type_.table}" SET "{key}" = r."key" '
        f'FROM {records} WHERE "{type_.table}"."{key}" = r."old"'
    )


def update(type_: ResourceType, dialect: Dialect, names: Iterable[str]) -> str:
    """Set columns of rows given by ``row_id``."""
    types = {c.name: c.type.sql for c in type_.columns}
    types |= {type_.sensitive: "boolean"} if type_.sensitive else {}
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
    """Delete rows given by ``row_id``; with versions, all that have the key of one."""
    records = dialect.recordset([(ROW_ID, "integer")], "r")
    rows = f'"id" IN (SELECT r."{ROW_ID}" FROM {records})'
    if type_.versions:
        key = f'"{type_.key[0]}"'
        rows = f'{key} IN (SELECT {key} FROM "{type_.table}" WHERE {rows})'
    return f'DELETE FROM "{type_.table}" WHERE {rows}'


def clear(type_: ResourceType, dialect: Dialect) -> str:
    """Take away the parts of parents that aren't active, by ``parent_key``.

    Who deactivates a parent by hand leaves them; they would come back with it.
    """
    parent = type_.parent
    assert parent is not None
    records = dialect.recordset([(PARENT_KEY, "text")], "r")
    wanted = f'{_parent_key(type_)} = r."{PARENT_KEY}" AND NOT p."{parent.active}"'
    where = f'(SELECT p."id" FROM "{parent.table}" p JOIN {records} ON {wanted})'
    change = f'UPDATE "{type_.table}" SET "{type_.active}" = false'
    if type_.active is None:
        change = f'DELETE FROM "{type_.table}"'
    return f'{change} WHERE "{type_.parent_column}" IN {where}'


def _parent_key(type_: ResourceType) -> str:
    assert type_.parent is not None
    if len(type_.parent.key) != 1 or type_.parent.parent is not None:
        raise ValueError(f"the parent of {type_.domain} needs a key of one column, and no parent")
    return f'p."{type_.parent.key[0]}"'
