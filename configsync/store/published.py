"""Reads which versions the database has published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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
    """The values of wanted versions, and the newest numbers of all of their kinds.

    ``wanted`` are addresses with numbers, None for the newest; what isn't
    published is not in the result.
    """
    newest: dict[str, int] = {}
    rows: dict[tuple[str, int], Row] = {}
    asked: dict[str, set[tuple[str, int | None]]] = {}
    for at, number in wanted:
        domain, name = address.split(at)
        asked.setdefault(domain, set()).add((name, number))
    for type_ in types.values():
        if type_.versions is None or type_.domain not in asked:
            continue
        key, number_column = type_.key[0], type_.versions.number
        query = f'SELECT "{key}", max("{number_column}") FROM "{type_.table}" GROUP BY "{key}"'
        for name, number in transaction.rows(query):
            newest[address.join(type_.domain, name)] = number
        records = transaction.dialect.recordset([("name", "text"), ("number", "integer")], "r")
        columns = ", ".join(f't."{n}"' for n in type_.names)
        query = (
            f'SELECT {columns} FROM "{type_.table}" t JOIN {records} '
            f'ON t."{key}" = r."name" AND t."{number_column}" = r."number"'
        )
        pairs = {
            (name, newest.get(address.join(type_.domain, name), 0) if number is None else number)
            for name, number in asked[type_.domain]
        }
        named = (canonical_json({"name": n, "number": v}) for n, v in sorted(pairs))
        for chunk in sql.chunks(named):
            for cells in transaction.rows(query, chunk):
                values = {
                    c.name: canonical(c, v) for c, v in zip(type_.columns, cells, strict=True)
                }
                at = address.join(type_.domain, str(values[key]))
                rows[at, int(str(values[number_column]))] = values
    return Published(newest, rows)
