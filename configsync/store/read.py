"""What is read from the database: live and applied state, identity and revision."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from configsync.core import address
from configsync.core.diagnostic import Location
from configsync.core.errors import DatabaseError
from configsync.core.plan import Base
from configsync.core.resource import Column, Resource, ResourceType, State, root_address
from configsync.core.revision import ActorSource, RevisionSource, Writer
from configsync.core.sealed import Seal
from configsync.core.values import Json, Text, Unstorable, canonical_json
from configsync.store import sql
from configsync.store.database import SCHEMA_VERSION, Transaction

BATCH = 1000
"""Rows whose JSON is parsed at once."""

FEW = 10
"""Roots that are looked for one by one: to find more, all records are read, once."""


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


def read_newest(transaction: Transaction) -> Writer | None:
    """Who made the newest revision; None before the first."""
    return _newest(transaction, "true")


def read_last_apply(transaction: Transaction, owner: str | None) -> Writer | None:
    """Who made the newest revision of a source, or of any: no write past git; None if none has."""
    past_git = ", ".join(f"'{source}'" for source in RevisionSource if source.past_git)
    condition = f"source NOT IN ({past_git})"
    if owner is None:
        return _newest(transaction, condition)
    return _newest(transaction, f"{condition} AND owner = ?", owner)


def _newest(transaction: Transaction, condition: str, *values: str) -> Writer | None:
    rows = transaction.rows(
        "SELECT revision, source, coalesce(db_user, actor), "
        f"{transaction.dialect.timestamp('created_at')}, application_name, client_address, "
        f"commit_id, {actor_source('r')}, dirty FROM config_revisions r WHERE {condition} "
        "ORDER BY revision DESC LIMIT 1",
        *values,
    )
    for revision, source, *more, dirty in rows:
        return Writer(revision, RevisionSource(source), *[*more, bool(dirty)])
    return None


def actor_source(revision: str) -> str:
    """An expression for what named the actor of a revision, which a query calls so.

    Triggers note the session's user, where the database knows one, in a column
    of its own.
    """
    database = f"'{ActorSource.DATABASE}'"
    known = f"CASE WHEN {revision}.db_user IS NOT NULL THEN {database} END"
    return f"coalesce({revision}.actor_source, {known})"


def read_live(transaction: Transaction, types: Iterable[ResourceType]) -> State:
    """The live state: what the tables hold now."""
    return State(
        row.resource
        for type_ in types
        for row in _live_rows(
            transaction,
            type_,
            transaction.rows(sql.select(type_, transaction.dialect, marked=True)),
        )
    )


def read_root(
    transaction: Transaction, types: Mapping[str, ResourceType], root: str
) -> dict[str, LiveRow]:
    """The live rows of a root and its parts, by address, parents before their parts.

    ``root`` may be the first steps of an address too, as ``setting/ollama``.
    """
    domain, *keys = address.split(root)
    found: dict[str, LiveRow] = {}
    for type_ in types.values():
        of = type_.parent or type_
        if of.domain == domain and len(keys) <= len(of.key):
            statement = sql.select_root(type_, transaction.dialect, len(keys), marked=True)
            for row in _live_rows(transaction, type_, transaction.rows(statement, *keys)):
                found[row.resource.address] = row
    return found


def read_row_ids(
    transaction: Transaction, types: Mapping[str, ResourceType], roots: Iterable[str]
) -> dict[str, int]:
    """The ids by which history knows the rows of roots, by address; deactivated ones included."""
    keys: dict[str, list[str]] = {}
    for root in sorted(roots):
        domain, *key = address.split(root)
        named = dict(zip(types[domain].key, key, strict=True))
        keys.setdefault(domain, []).append(canonical_json(named))
    return {
        address.join(domain, *key): row_id
        for domain, named in keys.items()
        for chunk in sql.chunks(named)
        for row_id, *key in transaction.rows(sql.row_ids(types[domain], transaction.dialect), chunk)
    }


def read_parts(
    transaction: Transaction, types: Mapping[str, ResourceType], roots: Iterable[str]
) -> list[Resource]:
    """The live parts of some roots."""
    keys: dict[str, list[str]] = {}
    for root in sorted(roots):
        domain, *key = address.split(root)
        if len(key) == 1:
            keys.setdefault(domain, []).append(canonical_json({sql.PARENT_KEY: key[0]}))
    return [
        row.resource
        for type_ in types.values()
        if type_.parent is not None
        for chunk in sql.chunks(keys.get(type_.parent.domain, ()))
        for row in _live_rows(
            transaction,
            type_,
            transaction.rows(sql.select_parts(type_, transaction.dialect, marked=True), chunk),
        )
    ]


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
        statement = sql.select(type_, transaction.dialect, among=True, marked=True)
        # What a change leaves at its address is named by it before and after.
        keys = dict.fromkeys(canonical_json(sql.keys(type_, r)) for r in group)
        for chunk in sql.chunks(keys):
            for row in _live_rows(transaction, type_, transaction.rows(statement, chunk)):
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
        "file, line, CAST(labels AS text), CAST(uses AS text) FROM config_resources"
    )
    if roots is None:
        return State(_applied(transaction.rows(query), types))
    wanted = set(roots)
    if len(wanted) > FEW:
        rows = transaction.rows(query)
        return State(_applied([r for r in rows if root_address(r[1], types) in wanted], types))
    below = f"{query} WHERE address = ? OR substr(address, 1, ?) = ?"
    return State(
        resource
        for root in sorted(wanted)
        for resource in _applied(transaction.rows(below, root, len(root) + 1, root + "/"), types)
    )


def read_uses(transaction: Transaction) -> dict[str, tuple[str, ...]]:
    """The addresses that each root on record uses, of those that use any."""
    query = "SELECT address, CAST(uses AS text) FROM config_resources WHERE uses IS NOT NULL"
    return {at: tuple(json.loads(uses)) for at, uses in transaction.rows(query)}


def read_seal(transaction: Transaction) -> Seal:
    """What seals this database's sensitive values. Raises DatabaseError if its key is lost."""
    rows = transaction.rows("SELECT digest_key FROM config_keys")
    if len(rows) != 1:
        raise DatabaseError("The database has lost its key: config_keys has no one row.")
    return Seal(bytes.fromhex(rows[0][0]))


def _live_rows(
    transaction: Transaction, type_: ResourceType, rows: Iterable[tuple[Any, ...]]
) -> Iterable[LiveRow]:
    """Live rows as resources; what is sensitive of them is sealed here, before anyone sees it."""
    seal: Seal | None = None
    columns = [(c.name, c, isinstance(c.type, Text)) for c in type_.columns]
    settle = type_.settle
    parents: dict[int, str] = {}
    for row_id, parent_key, parent_id, *cells in rows:
        sensitive = type_.sensitive is not None and bool(cells.pop())
        values = {
            # Text comes from the driver as it is kept.
            name: cell if is_text and cell.__class__ is str else canonical(column, cell)
            for (name, column, is_text), cell in zip(columns, cells, strict=True)
        }
        if settle is not None:
            values = settle(values)
        parent = None
        if type_.parent is not None:
            parent = parents.get(parent_id)
            if parent is None:
                parent = type_.parent.address({type_.parent.key[0]: parent_key}, None)
                parents[parent_id] = parent
        at = type_.address(values, parent)
        if sensitive and values[type_.sealed] is not None:
            seal = seal or read_seal(transaction)
            values[type_.sealed] = seal.seal(at, str(values[type_.sealed]))
        yield LiveRow(Resource(at, type_.domain, values, parent), row_id, parent_id)


def canonical(column: Column, value: Any) -> Json:
    """A stored value in the form that states hold."""
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
            _, at, domain, owner, prevent_destroy, renamed_from, file, line, labels, uses = row
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
                uses=() if uses is None else tuple(json.loads(uses)),
            )
