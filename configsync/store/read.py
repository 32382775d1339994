"""What is read from the database: live and applied state, identity, revisions, history."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from configsync.core import address
from configsync.core.diagnostic import Location
from configsync.core.plan import Base
from configsync.core.resource import Column, Resource, ResourceType, State
from configsync.core.revision import HistoryEntry
from configsync.core.values import Json, Text, Unstorable, canonical_json
from configsync.store import sql
from configsync.store.database import SCHEMA_VERSION, Transaction

BATCH = 1000
"""Rows whose JSON is parsed at once."""


@dataclass(frozen=True, slots=True)
class LiveRow:
    """A live resource with the ids of its row and of its parent's."""

    resource: Resource
    row_id: int
    parent_id: int | None


def read_base(transaction: Transaction) -> Base:
    """The database's identity and its newest revision, 0 before the first."""
    ((identity, revision),) = transaction.rows(
        "SELECT database_id, (SELECT coalesce(max(revision), 0) FROM config_revisions) "
        "FROM config_database"
    )
    return Base(str(identity), int(revision), SCHEMA_VERSION)


def read_live(transaction: Transaction, types: Iterable[ResourceType]) -> State:
    """The live state: what the tables hold now."""
    return State(
        row.resource
        for type_ in types
        for row in _live_rows(
            type_, transaction.rows(sql.select(type_, transaction.dialect, among=False))
        )
    )


def read_rows(
    transaction: Transaction, types: Mapping[str, ResourceType], resources: Iterable[Resource]
) -> dict[str, LiveRow]:
    """The live rows at the addresses of some resources, kept from changing until the end."""
    wanted: dict[str, list[Resource]] = {}
    for resource in resources:
        wanted.setdefault(resource.domain, []).append(resource)
    found: dict[str, LiveRow] = {}
    for domain, group in wanted.items():
        type_ = types[domain]
        statement = sql.select(type_, transaction.dialect, among=True)
        for chunk in sql.chunks(canonical_json(sql.keys(type_, r)) for r in group):
            for row in _live_rows(type_, transaction.rows(statement, chunk)):
                found[row.resource.address] = row
    return found


def read_applied(
    transaction: Transaction,
    types: Mapping[str, ResourceType],
    roots: Iterable[str] | None = None,
) -> State:
    """What configsync last applied, with owners; all of it, or at some roots and below."""
    query = (
        "SELECT CAST(applied AS text), address, domain, owner, prevent_destroy, renamed_from, "
        "file, line, CAST(labels AS text) FROM config_resources"
    )
    if roots is None:
        return State(_applied(transaction.rows(query), types))
    below = f"{query} WHERE address = ? OR substr(address, 1, ?) = ?"
    return State(
        resource
        for root in sorted(set(roots))
        for resource in _applied(transaction.rows(below, root, len(root) + 1, root + "/"), types)
    )


def read_history(
    transaction: Transaction, *, pattern: str | None = None, limit: int | None = None
) -> list[HistoryEntry]:
    """History entries, newest first, of the addresses that a pattern selects.

    The pattern is that of `configsync.core.address.matches`. One without a
    wildcard means a resource: its history under former names belongs to it,
    and that of others who had its name before doesn't.
    """
    timestamp = transaction.dialect.timestamp("h.timestamp")
    query = (
        "SELECT h.revision, h.address, h.domain, h.action, h.changed_by, h.changes, h.snapshot, "
        f"{timestamp}, r.source, r.commit_id "
        "FROM config_history h JOIN config_revisions r ON r.revision = h.revision"
    )
    parameters: list[Any] = []
    if pattern is not None:
        conditions = []
        for at, first, last in _names(transaction, pattern):
            like = _like(at)
            conditions.append(
                "((h.address LIKE ? ESCAPE '\\' OR h.address LIKE ? ESCAPE '\\') "
                "AND h.revision >= ? AND h.revision < ?)"
            )
            parameters += [like, like + "/%", first, last]
        query += f" WHERE {' OR '.join(conditions)}"
    query += " ORDER BY h.id DESC"
    if limit is not None:
        query += " LIMIT ?"
        parameters.append(limit)
    rows = transaction.rows(query, *parameters)
    return [_entry(*row) for row in rows]


NO_END = 2**31 - 1


def _names(transaction: Transaction, pattern: str) -> list[tuple[str, int, int]]:
    """The patterns under which what is meant was known, each from a revision to before another."""
    names = [(pattern, 0, NO_END)]
    if "*" in pattern or "?" in pattern:
        return names
    steps = pattern.split("/")
    query = (
        "SELECT revision, changes FROM config_history WHERE address = ? AND action <> 'create' "
        "AND action <> 'delete' AND revision < ? ORDER BY id DESC"
    )
    while True:
        at, _, last = names[-1]
        root = "/".join(at.split("/")[:2])
        for revision, changes in transaction.rows(query, root, last):
            renamed = _json(changes).get("name")
            if renamed is not None:
                names[-1] = (at, revision, last)
                former = address.join(steps[0], renamed["old"])
                names.append(("/".join([former, *steps[2:]]), 0, revision))
                break
        else:
            return names


def _entry(
    revision: int,
    at: str,
    domain: str,
    action: str,
    changed_by: str,
    changes: Any,
    snapshot: Any,
    timestamp: str,
    source: str,
    commit: str | None,
) -> HistoryEntry:
    return HistoryEntry(
        revision,
        at,
        domain,
        action,
        changed_by,
        _json(changes),
        _json(snapshot),
        timestamp,
        source,
        commit,
    )


def _live_rows(type_: ResourceType, rows: Iterable[tuple[Any, ...]]) -> Iterable[LiveRow]:
    columns = [(c.name, c, isinstance(c.type, Text)) for c in type_.columns]
    parents: dict[int, str] = {}
    for row_id, parent_key, parent_id, *cells in rows:
        values = {
            # Text comes from the driver as it is kept.
            name: cell if is_text and cell.__class__ is str else _canonical(column, cell)
            for (name, column, is_text), cell in zip(columns, cells, strict=True)
        }
        parent = None
        if type_.parent is not None:
            parent = parents.get(parent_id)
            if parent is None:
                parent = type_.parent.address({type_.parent.key[0]: parent_key}, None)
                parents[parent_id] = parent
        at = type_.address(values, parent)
        yield LiveRow(Resource(at, type_.domain, values, parent), row_id, parent_id)


def _canonical(column: Column, value: Any) -> Json:
    if value is None:
        return None
    try:
        return column.type.canonical(value)
    except Unstorable:
        # SQLite lets a hand write what the column's type forbids: shown as it is, as drift.
        kept = isinstance(value, str | int) or (isinstance(value, float) and isfinite(value))
        return value if kept else repr(value)


def _applied(rows: list[tuple[Any, ...]], types: Mapping[str, ResourceType]) -> Iterator[Resource]:
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        # One call for many small texts.
        states = json.loads(f"[{','.join(row[0] for row in batch)}]")
        for values, row in zip(states, batch, strict=True):
            _, at, domain, owner, prevent_destroy, renamed_from, file, line, labels = row
            type_ = types.get(domain)
            yield Resource(
                address=at,
                domain=domain,
                values=values,
                parent=None if type_ is None else type_.parent_address(at),
                owner=owner,
                location=None if file is None or line is None else Location(file, line, 1),
                renamed_from=renamed_from,
                prevent_destroy=bool(prevent_destroy),
                labels=None if labels is None else json.loads(labels),
            )


def _json(value: Any) -> Any:
    """JSON as the driver gives it: text on SQLite, a value on PostgreSQL."""
    return json.loads(value) if isinstance(value, str) else value


def _like(pattern: str) -> str:
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%").replace("?", "_")
