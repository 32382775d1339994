"""Reads which versions the database has published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from configsync.core import address
from configsync.core.published import Published
from configsync.core.resource import ResourceType
from configsync.core.values import Row, canonical_json
from configsync.store import sql
from configsync.store.database import Transaction
from configsync.store.read import canonical


def read_published(
    transaction: Transaction,
    types: Mapping[str, ResourceType],
    wanted: Iterable[tuple[str, int | None]],
) -> Published:
    """The values of wanted versions, and the newest numbers of what has them.

    ``wanted`` are addresses with numbers, None for the newest; what isn't
    published is not in the result.
    """
    newest: dict[str, int] = {}
    rows: dict[tuple[str, int], Row] = {}
    asked: dict[str, set[tuple[str, int | None]]] = {}
    for at, number in wanted:
        domain, name = address.split(at)
        asked.setdefault(domain, set()).add((name, number))
    for domain, pairs in asked.items():
        type_ = types[domain]
        names = sorted({name for name, _ in pairs})
        found = _newest(transaction, type_, names)
        newest |= {address.join(domain, name): number for name, number in found.items()}
        exact = {(name, found.get(name, 0) if n is None else n) for name, n in pairs}
        for name, number, values in _versions(transaction, type_, sorted(exact)):
            rows[address.join(domain, name), number] = values
    return Published(newest, rows)


def _newest(transaction: Transaction, type_: ResourceType, names: Iterable[str]) -> dict[str, int]:
    """The highest numbers of what has versions, by name."""
    key, number = _columns(type_)
    records = transaction.dialect.recordset([("name", "text")], "r")
    query = (
        f'SELECT t."{key}", max(t."{number}") FROM "{type_.table}" t '
        f'JOIN {records} ON t."{key}" = r."name" GROUP BY t."{key}"'
    )
    return {
        name: newest
        for chunk in sql.chunks(canonical_json({"name": name}) for name in names)
        for name, newest in transaction.rows(query, chunk)
    }


def _versions(
    transaction: Transaction, type_: ResourceType, wanted: Iterable[tuple[str, int]]
) -> Iterator[tuple[str, int, Row]]:
    """The name, number and values of each wanted version that is published."""
    key, number = _columns(type_)
    records = transaction.dialect.recordset([("name", "text"), ("number", "integer")], "r")
    columns = ", ".join(f't."{n}"' for n in type_.names)
    query = (
        f'SELECT {columns} FROM "{type_.table}" t JOIN {records} '
        f'ON t."{key}" = r."name" AND t."{number}" = r."number"'
    )
    named = (canonical_json({"name": name, "number": n}) for name, n in wanted)
    for chunk in sql.chunks(named):
        for cells in transaction.rows(query, chunk):
            values = {c.name: canonical(c, v) for c, v in zip(type_.columns, cells, strict=True)}
            yield str(values[key]), int(str(values[number])), values


def _columns(type_: ResourceType) -> tuple[str, str]:
    """The columns of the name and of the number."""
    assert type_.versions is not None
    return type_.key[0], type_.versions.number
