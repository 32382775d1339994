"""Reads a revision out of a database: all of it, some roots, or what changed since another.

Each function is given a transaction whose reads are all of one moment.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from configsync.core import address
from configsync.core.errors import DatabaseError
from configsync.core.resource import (
    Resource,
    ResourceType,
    State,
    former_address,
    root_address,
)
from configsync.core.values import canonical_json
from configsync.kinds import plugin_types, resource_types
from configsync.runtime.content import (
    Cells,
    Content,
    Key,
    Mark,
    Root,
    Table,
    empty_tables,
    is_default,
    key_of,
    root_at,
)
from configsync.runtime.model import Origin, Source
from configsync.store import sql
from configsync.store.database import Transaction, schema_version
from configsync.store.history import state_at
from configsync.store.roots import default_key
from configsync.store.url import DatabaseUrl

OLDEST_SCHEMA = "0003"
"""The first migration that made all the tables that are read here. Newer ones add to them."""

MANY = 5_000
"""Changed roots from which on reading everything is no slower than reading each of them."""


FEW = 10
"""Roots that are asked for one by one."""


@dataclass(frozen=True, slots=True)
class Touched:
    """What changed between two revisions: resources by address, and their roots.

    ``roots`` has those of each domain by key, with the domains of what changed
    of them: their own where they came, went or changed themselves.
    """

    addresses: tuple[str, ...]
    roots: Mapping[str, Mapping[Key, Collection[str]]]

    @property
    def count(self) -> int:
        return sum(map(len, self.roots.values()))


def read_mark(transaction: Transaction) -> Mark:
    """The newest revision; 0 before the first. Raises DatabaseError if there is no identity."""
    made = transaction.dialect.timestamp("r.created_at")
    rows = transaction.rows(
        f"SELECT d.database_id, r.revision, {made}, r.digest FROM config_database d "
        "LEFT JOIN config_revisions r ON r.revision = (SELECT max(revision) FROM config_revisions)"
    )
    if len(rows) != 1:
        raise DatabaseError("The database has lost its identity: config_database has no one row.")
    database_id, revision, at, digest = rows[0]
    return Mark(str(database_id), int(revision or 0), f"{at or ''} {digest or ''}".strip())


def seal_of(transaction: Transaction, revision: int) -> str | None:
    """The seal of one revision, None if the database has none of that number."""
    if revision == 0:
        return ""
    made = transaction.dialect.timestamp("created_at")
    query = f"SELECT {made}, digest FROM config_revisions WHERE revision = ?"
    for at, digest in transaction.rows(query, revision):
        return f"{at or ''} {digest or ''}".strip()
    return None


def types_there(transaction: Transaction, url: DatabaseUrl) -> list[ResourceType]:
    """The resource types that the database has tables of.

    Those of a plug-in kind may come later, by ``configsync db upgrade``. Raises
    DatabaseError for a database without configsync's own, or with too old ones.
    """
    version = schema_version(transaction)
    if version is None or version < OLDEST_SCHEMA:
        at = "has no tables of configsync yet" if version is None else f"is at schema {version}"
        raise DatabaseError(f"{url} {at}. Run: configsync db upgrade")
    added = {t.domain for t in plugin_types()}
    return [
        t
        for t in resource_types().values()
        if t.domain not in added or set(t.table_columns) <= set(transaction.columns(t.table))
    ]


def read_all(transaction: Transaction, types: Iterable[ResourceType], mark: Mark) -> Content:
    """Everything that there is."""
    tables = empty_tables(types, whole=True)
    origin = Origin(Source.DATABASE, mark.revision)
    defaults: dict[str, Key | None] = {}
    for domain, table in tables.items():
        table.roots = _all_roots(transaction, table, origin)
        if table.type.default is not None:
            found = (k for k, root in table.roots.items() if is_default(table.type, root))
            defaults[domain] = next(found, None)
    return Content(mark, Source.DATABASE, tables, defaults)


def read_none(transaction: Transaction, types: Iterable[ResourceType], mark: Mark) -> Content:
    """A content that is to learn what it is asked for; the default roots are known."""
    tables = empty_tables(types, whole=False)
    return Content(mark, Source.DATABASE, tables, _default_keys(transaction, tables))


def read_domain(transaction: Transaction, table: Table, mark: Mark) -> dict[Key, Root | None]:
    """All roots of one domain."""
    return _all_roots(transaction, table, Origin(Source.DATABASE, mark.revision))


def read_roots(
    transaction: Transaction, table: Table, keys: Iterable[Key], mark: Mark
) -> dict[Key, Root | None]:
    """Some roots of one domain with their parts; None for one that isn't there."""
    found = _own_rows(transaction, table, keys, mark)
    for part in table.parts:
        _read_parts(transaction, part, found)
    return found


def read_touched(
    transaction: Transaction, tables: Mapping[str, Table], after: int, upto: int
) -> Touched:
    """What the history between two revisions is about."""
    types = {t.domain: t for table in tables.values() for t in (table.type, *table.parts)}
    rows = transaction.rows(
        "SELECT address, domain, CASE WHEN action = 'update' THEN CAST(changes AS text) END "
        "FROM config_history WHERE revision > ? AND revision <= ?",
        *(after, upto),
    )
    addresses: set[str] = set()
    for at, domain, changes in rows:
        type_ = types.get(domain)
        if type_ is None:
            continue  # Of a kind that isn't installed here.
        addresses.add(at)
        if changes is None or not any(f'"{name}"' in changes for name in type_.key):
            continue
        fields = json.loads(changes)
        if any(name in fields for name in type_.key):
            addresses.add(_former(at, type_, fields))
    roots: dict[str, dict[Key, set[str]]] = {}
    for at in addresses:
        root = root_address(at, types)
        domain, *keys = address.split(root)
        if domain in tables:
            key = keys[0] if len(keys) == 1 else tuple(keys)
            part = domain if at == root else address.split(at[len(root) + 1 :])[0]
            roots.setdefault(domain, {}).setdefault(key, set()).add(part)
    return Touched(tuple(sorted(addresses)), roots)


def read_change(transaction: Transaction, old: Content, mark: Mark, touched: Touched) -> Content:
    """The content after a change, of which only what changed is read.

    Of a lazy one, that is what it knew; what it didn't stays unknown.
    """
    tables = dict(old.tables)
    defaults = dict(old.defaults)
    for domain, keys in touched.roots.items():
        table = tables[domain]
        known = [key for key in keys if table.whole or key in table.roots]
        anew = [k for k in known if domain in keys[k] or table.roots.get(k) is None]
        changed = _own_rows(transaction, table, anew, mark)
        partly = {k: _copy(table.roots[k], mark, keys[k]) for k in known if k not in changed}
        for part in table.parts:
            touched_here = {k: r for k, r in partly.items() if part.domain in keys[k]}
            _read_parts(transaction, part, changed | touched_here)
        changed |= partly
        tables[domain] = table.after(changed)
        if table.type.default is not None:
            defaults[domain] = _default_after(transaction, table, changed, defaults.get(domain))
    return Content(mark, Source.DATABASE, tables, defaults, old.learn)


def read_past(
    transaction: Transaction, content: Content, domain: str, key: Key | None
) -> dict[Key, Root | None]:
    """A root, or with None all of a domain, as history records it of a content's revision."""
    table = content.tables[domain]
    types = {t.domain: t for t in (table.type, *table.parts)}
    root = None if key is None else root_at(table.type, key)
    state = state_at(transaction, types, content.mark.revision, root)
    found: dict[Key, Root | None] = dict.fromkeys(() if key is None else (key,))
    found |= roots_of(table, state, Origin(Source.DATABASE, content.mark.revision))
    return found


def roots_of(table: Table, state: State, origin: Origin) -> dict[Key, Root]:
    """The roots of one domain that a state has."""
    found: dict[str, Root] = {}
    keys: dict[Key, Root] = {}
    for at, resource in state.items():
        if resource.domain == table.type.domain:
            root = Root(_cells(table.type, resource), origin)
            found[at] = keys[key_of(table.type, root.cells)] = root
    for part in table.parts:
        for resource in state.values():
            if resource.domain == part.domain and resource.parent in found:
                parts = found[resource.parent].parts
                parts.setdefault(part.domain, []).append(_cells(part, resource))
    return keys


def _own_rows(
    transaction: Transaction, table: Table, keys: Iterable[Key], mark: Mark
) -> dict[Key, Root | None]:
    """Some roots without their parts; None for one that isn't there."""
    type_ = table.type
    found: dict[Key, Root | None] = dict.fromkeys(keys)
    origin = Origin(Source.DATABASE, mark.revision)
    query = sql.select(type_, transaction.dialect, among=True, lock=False)
    named = [_named(type_, key) for key in found]
    for _, _, _, *cells in _rows_of(transaction, type_, named, query):
        root = Root(tuple(cells), origin)
        found[key_of(type_, root.cells)] = root
    return found


def _read_parts(
    transaction: Transaction, part: ResourceType, roots: Mapping[Key, Root | None]
) -> None:
    """Fill in the parts of one domain of some roots."""
    named = {key: root for key, root in roots.items() if root is not None}
    query = sql.select_parts(part, transaction.dialect)
    keys = [{sql.PARENT_KEY: str(name)} for name in named]
    for _, parent, _, *cells in _rows_of(transaction, part, keys, query):
        named[parent].parts.setdefault(part.domain, []).append(tuple(cells))


def _rows_of(
    transaction: Transaction, type_: ResourceType, keys: list[dict[str, str]], query: str
) -> Iterator[tuple[Any, ...]]:
    """The rows of some roots, or their parts, by the record set that ``query`` takes.

    For few roots one after the other: a record set is planned for as many keys as
    PostgreSQL guesses, by which it walks through whole tables.
    """
    if len(keys) <= FEW:
        for key in keys:
            one = sql.select_root(type_, transaction.dialect, len(key))
            yield from transaction.rows(one, *key.values())
        return
    for chunk in sql.chunks(map(canonical_json, keys)):
        yield from transaction.rows(query, chunk)


def _copy(root: Root | None, mark: Mark, without: Collection[str]) -> Root:
    """A root whose parts of some domains are to be read anew: of the others it keeps its own."""
    assert root is not None
    copy = Root(root.cells, Origin(Source.DATABASE, mark.revision))
    copy.parts = {domain: cells for domain, cells in root.parts.items() if domain not in without}
    return copy


def _cells(type_: ResourceType, resource: Resource) -> Cells:
    return tuple(resource.values[name] for name in type_.names)


def _all_roots(transaction: Transaction, table: Table, origin: Origin) -> dict[Key, Root | None]:
    type_, dialect = table.type, transaction.dialect
    roots: dict[Key, Root | None] = {}
    by_id: dict[int, Root] = {}
    for row_id, _, _, *cells in transaction.rows(sql.select(type_, dialect)):
        root = by_id[row_id] = Root(tuple(cells), origin)
        roots[key_of(type_, root.cells)] = root
    for part in table.parts:
        domain = part.domain
        for _, _, parent, *cells in transaction.rows(sql.select(part, dialect)):
            parts = by_id[parent].parts
            if domain in parts:
                parts[domain].append(tuple(cells))
            else:
                parts[domain] = [tuple(cells)]
    return roots


def _named(type_: ResourceType, key: Key) -> dict[str, str]:
    steps = (key,) if isinstance(key, str) else key
    return dict(zip(type_.key, steps, strict=True))


def _former(at: str, type_: ResourceType, fields: Mapping[str, Mapping[str, str]]) -> str:
    """The address before a change of the key, of a root or of a part."""
    if type_.parent is None:
        return former_address(at, type_, fields)
    above, _, _ = at.rpartition("/")
    return f"{above}/{address.join(str(fields[type_.key[-1]]['old']))}"


def _default_keys(transaction: Transaction, tables: Mapping[str, Table]) -> dict[str, Key | None]:
    return {
        domain: default_key(transaction, table.type)
        for domain, table in tables.items()
        if table.type.default is not None
    }


def _default_after(
    transaction: Transaction,
    table: Table,
    changed: Mapping[Key, Root | None],
    before: Key | None,
) -> Key | None:
    """The key of the default root after a change: known from what was read, where all was."""
    if not table.whole:
        return default_key(transaction, table.type)
    for key, root in changed.items():
        if is_default(table.type, root):
            return key
    return None if before in changed else before
