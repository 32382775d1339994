"""Blame: who set each value that the database holds now, by what history records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from configsync.core.diagnostic import Location
from configsync.core.resource import Resource, root_address
from configsync.core.values import Json, canonical_json, equal
from configsync.store import sql
from configsync.store.database import Transaction
from configsync.store.history import Types, identity, parse_json
from configsync.store.read import (
    LiveRow,
    actor_source,
    canonical,
    read_applied,
    read_root,
    read_row_ids,
)


@dataclass(frozen=True, slots=True)
class Setter:
    """The history entry that set a value, and its revision.

    ``db_user``, ``application_name`` and ``client_address`` are what the
    database knew of a write past configsync. ``actor_source`` and ``dirty`` are
    as in `configsync.core.revision.HistoryEntry`.
    """

    revision: int
    timestamp: str
    changed_by: str
    source: str
    commit: str | None
    author: str | None
    db_user: str | None
    application_name: str | None
    client_address: str | None
    actor_source: str | None
    dirty: bool


@dataclass(frozen=True, slots=True)
class BlamedField:
    """One value. ``entry`` is None if no history explains it: it was written without a record.

    ``location`` is where the source has the resource, if the value is from there.
    """

    name: str
    value: Json
    entry: Setter | None
    location: Location | None


@dataclass(frozen=True, slots=True)
class Blamed:
    """One live resource with all of its fields."""

    address: str
    domain: str
    fields: tuple[BlamedField, ...]


def blame(transaction: Transaction, types: Types, at: str, *, parts: bool = True) -> list[Blamed]:
    """Who set each value of the live resource at an address, and of its ``parts``.

    Under former names too. Empty if nothing is there.
    """
    root = root_address(at, types)
    live = read_root(transaction, types, root)
    chosen = [r for a, r in live.items() if a == at or (parts and a.startswith(at + "/"))]
    if not chosen:
        return []
    applied = read_applied(transaction, types, [root])
    found = _entries(transaction, _newest(transaction, types, chosen))
    return [
        Blamed(
            row.resource.address,
            row.resource.domain,
            tuple(
                _field(row.resource, types, name, found, applied.get(row.resource.address))
                for name in row.resource.values
            ),
        )
        for row in chosen
    ]


def _field(
    resource: Resource,
    types: Types,
    name: str,
    found: dict[tuple[str, str], tuple[str, Any, Setter]],
    applied: Resource | None,
) -> BlamedField:
    value = resource.values[name]
    entry = location = None
    if (resource.address, name) in found:
        action, changes, setter = found[resource.address, name]
        column = next(c for c in types[resource.domain].columns if c.name == name)
        # A value that differs from what its newest entry left was written without a record.
        if action != "delete" and equal(canonical(column, changes[name]["new"]), value):
            entry = setter
    if entry is not None and entry.source != "external" and applied is not None:
        location = applied.location if equal(applied.values.get(name), value) else None
    return BlamedField(name, value, entry, location)


def _newest(
    transaction: Transaction, types: Types, rows: Iterable[LiveRow]
) -> dict[tuple[str, str], int]:
    """The id of the newest entry of each field, by address and the field's name."""
    known: dict[str, tuple[int, dict[str, list[str]]]] = {}
    wanted: list[dict[str, Json]] = []
    rows = list(rows)
    ids = read_row_ids(transaction, types, {row.resource.root for row in rows})
    for row in rows:
        resource = row.resource
        root = resource.root
        if root not in known:
            known[root] = (ids[root], _addresses(transaction, types, root, ids[root]))
        root_id, addresses = known[root]
        wanted += [
            {"n": resource.address, "address": a, "root_id": root_id, "field": name}
            for a in addresses.get(resource.address[len(root) + 1 :], ())
            for name in resource.values
        ]
    records = transaction.dialect.recordset(
        [("n", "text"), ("address", "text"), ("root_id", "integer"), ("field", "text")], "r"
    )
    query = (
        "SELECT r.n, r.field, (SELECT h.id FROM config_history h "
        "WHERE h.root_id = r.root_id AND h.address = r.address "
        f"AND {transaction.dialect.has_key('h.changes', 'r.field')} "
        f"ORDER BY h.id DESC LIMIT 1) FROM {records}"
    )
    newest: dict[tuple[str, str], int] = {}
    for chunk in sql.chunks(canonical_json(w) for w in wanted):
        for at, name, row_id in transaction.rows(query, chunk):
            if row_id is not None:
                newest[at, name] = max(row_id, newest.get((at, name), 0))
    return newest


def _addresses(
    transaction: Transaction, types: Types, root: str, root_id: int
) -> dict[str, list[str]]:
    """Every address that a root and its parts ever had, by that below the root."""
    found: dict[str, list[str]] = {}
    query = "SELECT DISTINCT address FROM config_history WHERE root_id = ?"
    domain = root.split("/")[0]
    for (at,) in transaction.rows(query, root_id):
        of, below = identity(types, root_id, at)
        if of == (domain, root_id):
            found.setdefault(below, []).append(at)
    return found


def _entries(
    transaction: Transaction, newest: dict[tuple[str, str], int]
) -> dict[tuple[str, str], tuple[str, Any, Setter]]:
    """The action, changes and origin of the entry of each field."""
    dialect = transaction.dialect
    query = (
        f"SELECT h.id, h.action, h.changes, h.revision, {dialect.timestamp('h.timestamp')}, "
        "h.changed_by, r.source, r.commit_id, r.author, r.db_user, r.application_name, "
        f"r.client_address, {actor_source('r')}, r.dirty "
        f"FROM {dialect.recordset([('id', 'bigint')], 'wanted')} "
        "JOIN config_history h ON h.id = wanted.id "
        "JOIN config_revisions r ON r.revision = h.revision"
    )
    entries = {}
    for chunk in sql.chunks(canonical_json({"id": i}) for i in sorted(set(newest.values()))):
        for row_id, action, changes, *setter, dirty in transaction.rows(query, chunk):
            entries[row_id] = (action, parse_json(changes), Setter(*[*setter, bool(dirty)]))
    return {key: entries[row_id] for key, row_id in newest.items()}
