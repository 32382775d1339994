"""History: its entries newest first, and the state that it records of any revision.

Ids of history rise with revisions, since whoever writes it holds the lock. What
a resource is doesn't hang on its name: a root and its parts are known by the
root's row id, which outlives renames.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, TypeAlias

from configsync.core import address
from configsync.core.errors import UsageError
from configsync.core.moment import parse_moment
from configsync.core.resource import (
    Resource,
    ResourceType,
    State,
    former_address,
    root_address,
)
from configsync.core.revision import HistoryEntry
from configsync.core.values import Row, canonical_json
from configsync.store import sql
from configsync.store.database import Transaction
from configsync.store.read import actor_source, canonical

PAGE = 1000
"""Entries that are read at once."""

NO_END = 2**63 - 1
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta.resolution

Types: TypeAlias = Mapping[str, ResourceType]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which entries: those that meet all that is given.

    ``pattern`` is that of `configsync.core.address.matches`. One without a
    wildcard means a resource: its history under former names belongs to it, and
    that of others who had its name before doesn't. ``since`` is included,
    ``until`` not. ``actor`` may have wildcards, ``commit`` is the beginning of
    an id, at least 4 characters.
    """

    pattern: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    commit: str | None = None
    domain: str | None = None


def read_history(
    transaction: Transaction,
    types: Types,
    selection: Selection | None = None,
    limit: int | None = None,
) -> Iterator[HistoryEntry]:
    """History entries, newest first, read a page at a time.

    Raises UsageError if no commit, or several, begin as the selection says.
    """
    where, parameters = _conditions(transaction, types, selection or Selection())
    query = (
        "SELECT h.id, h.revision, h.address, h.domain, h.action, h.changed_by, h.changes, "
        f"h.snapshot, {transaction.dialect.timestamp('h.timestamp')}, r.source, r.commit_id, "
        f"{actor_source('r')}, r.dirty "
        "FROM config_history h JOIN config_revisions r ON r.revision = h.revision "
        f"WHERE {' AND '.join([*where, 'h.id < ?'])} ORDER BY h.id DESC LIMIT ?"
    )
    before = NO_END
    while limit is None or limit > 0:
        size = PAGE if limit is None else min(PAGE, limit)
        rows = transaction.rows(query, *parameters, before, size)
        for row_id, revision, at, domain, action, by, changes, snapshot, *more, dirty in rows:
            before = row_id
            known = (parse_json(changes), parse_json(snapshot), *more, bool(dirty))
            yield HistoryEntry(revision, at, domain, action, by, *known)
        if len(rows) < size:
            return
        limit = None if limit is None else limit - size


def now(transaction: Transaction) -> datetime:
    """The database's clock, which history's times come from."""
    found = datetime.fromisoformat(transaction.now())
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def revision_at(transaction: Transaction, text: str, zone: tzinfo | None = UTC) -> int:
    """The revision that a number means, or the newest one at a time (`parse_moment`).

    The newest is that of the highest number: where the database's clock went
    back, an earlier one has a later time. 0 is the database before its first
    revision. Raises UsageError if there is none.
    """
    if text.isascii() and text.isdigit():
        number = int(text) if len(text) < 19 else NO_END
        known = transaction.rows("SELECT 1 FROM config_revisions WHERE revision = ?", number)
        if number == 0 or known:
            return number
        ((newest,),) = transaction.rows("SELECT max(revision) FROM config_revisions")
        raise UsageError(f"There is no revision {text}. The newest is {newest or 0}.")
    at = parse_moment(text, now(transaction), zone)
    rows = transaction.rows(
        "SELECT revision FROM config_revisions WHERE created_at < ? ORDER BY revision DESC LIMIT 1",
        transaction.dialect.moment(min(at, _LAST) + timedelta.resolution),
    )
    if not rows:
        raise UsageError(f"There is no revision yet at {at.isoformat()}.")
    return int(rows[0][0])


def state_at(
    transaction: Transaction, types: Types, revision: int, root: str | None = None
) -> State:
    """The state that history records of a revision: all of it, or a root and its parts.

    ``root`` is the address that it had then. Writes past configsync are
    included, as far as triggers recorded them.
    """
    last = last_id(transaction, revision)
    where, among = _among(transaction, types, root, last)
    if where is None:
        return State()
    of_one = among[0] if among and isinstance(among[0], int) else None
    newest: dict[Identity, int] = {}
    for root_id, at, row_id in transaction.rows(
        f"SELECT root_id, address, max(id) FROM config_history WHERE id <= ?{where} "
        "GROUP BY root_id, address",
        last,
        *among,
    ):
        known = identity(types, root_id, at)
        newest[known] = max(row_id, newest.get(known, 0))
    for event in rekeyed(transaction, types, 0, last, of_one):
        if newest.get(event.old, NO_END) < event.entry.row_id:
            del newest[event.old]
    return State(_resources(read_entries(transaction, types, newest.values()), types, root))


def _among(
    transaction: Transaction, types: Types, root: str | None, last: int
) -> tuple[str | None, tuple[Any, ...]]:
    """A condition for the entries of a root and its parts, under all of their names.

    None if the root never was. What lies above roots is known by its address alone.
    """
    if root is None:
        return "", ()
    below = f"{like(root)}/%"
    named = "SELECT root_id FROM config_history WHERE address = ? AND id <= ? "
    rows = transaction.rows(f"{named} ORDER BY id DESC LIMIT 1", root, last)
    if not rows:
        type_ = types.get(root.split("/")[0])
        above = type_ is not None and len(root.split("/")) <= len(type_.key)
        return (" AND address LIKE ? ESCAPE '\\'", (below,)) if above else (None, ())
    if rows[0][0] is None:
        return " AND (address = ? OR address LIKE ? ESCAPE '\\')", (root, below)
    return " AND root_id = ?", (rows[0][0],)


Identity: TypeAlias = tuple[tuple[str, int] | None, str]
"""The root's domain and row id, and the part's address below it; without an id, the address."""


def identity(types: Types, root_id: int | None, at: str) -> Identity:
    """What a resource is, whatever its root's name."""
    root = root_address(at, types)
    if root_id is None or root.split("/")[0] not in types:
        return (None, at)
    return (root.split("/")[0], root_id), at[len(root) + 1 :]


@dataclass(frozen=True, slots=True)
class Entry:
    """A history row, as the past is rebuilt from it."""

    row_id: int
    identity: Identity
    address: str
    domain: str
    action: str
    changes: dict[str, Row]
    snapshot: Row

    def resource(
        self, types: Types, at: str | None = None, *, before: bool = False
    ) -> Resource | None:
        """The resource after the entry, or ``before`` it; None if there is none.

        ``at`` is its address, if not the entry's own.
        """
        type_ = types.get(self.domain)
        if type_ is None or self.action == ("create" if before else "delete"):
            return None
        values = self.snapshot
        if before:
            values = {**values, **{k: v["old"] for k, v in self.changes.items()}}
        at = at or self.address
        values = {c.name: canonical(c, values.get(c.name)) for c in type_.columns}
        return Resource(at, self.domain, values, type_.parent_address(at))


_ENTRY = (
    "SELECT h.id, h.root_id, h.address, h.domain, h.action, CAST(h.changes AS text), "
    "CAST(h.snapshot AS text) FROM config_history h"
)


def read_entries(transaction: Transaction, types: Types, ids: Iterable[int]) -> Iterator[Entry]:
    """The history rows with some ids, in order."""
    records = transaction.dialect.recordset([("id", "bigint")], "r")
    query = f"{_ENTRY} JOIN {records} ON r.id = h.id ORDER BY h.id"
    for chunk in sql.chunks(canonical_json({"id": i}) for i in sorted(ids)):
        yield from (_entry(types, row) for row in transaction.rows(query, chunk))


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """A write past configsync that gave a part another key: ``old`` is what it was until then."""

    entry: Entry
    old: Identity
    old_address: str


def rekeyed(
    transaction: Transaction, types: Types, after: int, last: int, root_id: int | None = None
) -> Iterator[Rekeyed]:
    """The parts that changed their keys, in order, with ids after one and up to another.

    configsync itself deletes such a part and creates another. ``root_id`` asks
    for those of the roots that have it as their row's id.
    """
    more = () if root_id is None else (root_id,)
    for type_ in types.values():
        if type_.parent is None or not type_.key:
            continue
        key = type_.key[-1]
        query = (
            f"{_ENTRY} WHERE h.domain = ? AND h.action = 'update' AND h.id > ? AND h.id <= ? "
            f"AND {transaction.dialect.has_key('h.changes', _quoted(key))}"
            f"{' AND h.root_id = ?' if more else ''} ORDER BY h.id"
        )
        for row in transaction.rows(query, type_.domain, after, last, *more):
            entry = _entry(types, row)
            parent, _, _ = entry.address.rpartition("/")
            old = f"{parent}/{address.join(str(entry.changes[key]['old']))}"
            yield Rekeyed(entry, identity(types, row[1], old), old)


def last_id(transaction: Transaction, revision: int) -> int:
    """The id of the newest history row of a revision and those before it; 0 if there is none."""
    query = "SELECT id FROM config_history WHERE revision <= ? ORDER BY revision DESC, id DESC"
    rows = transaction.rows(f"{query} LIMIT 1", revision)
    return int(rows[0][0]) if rows else 0


def root_of(pattern: str, types: Types) -> str | None:
    """The one root that a pattern selects within; None if it may select in several."""
    root = root_address(pattern, types)
    return None if "/" not in root or has_wildcard(root) else root


def has_wildcard(pattern: str) -> bool:
    """Tell whether a pattern may mean more than one address."""
    return "*" in pattern or "?" in pattern


def _resources(entries: Iterable[Entry], types: Types, root: str | None) -> Iterator[Resource]:
    """What some entries, each the newest of a resource, leave behind."""
    entries = list(entries)
    # A part is where its profile is, though its own entries name an older place.
    roots = {e.identity[0]: e for e in entries if e.identity[0] and not e.identity[1]}
    for entry in entries:
        at = entry.address
        of = roots.get(entry.identity[0]) if entry.identity[0] else None
        if of is not None:
            if of.action == "delete":
                continue
            at = "/".join(s for s in (of.address, entry.identity[1]) if s)
        resource = entry.resource(types, at)
        if resource is not None and (root is None or address.within(at, root)):
            yield resource


def _conditions(
    transaction: Transaction, types: Types, selection: Selection
) -> tuple[list[str], list[Any]]:
    """The conditions of a selection on ``h``, and their parameters."""
    where: list[str] = []
    parameters: list[Any] = []

    def require(condition: str, *values: Any) -> None:
        where.append(condition)
        parameters.extend(values)

    if selection.pattern is not None:
        either: list[str] = []
        values: list[Any] = []
        for at, first, end in names(transaction, types, selection.pattern):
            condition, of_it = _named(at)
            either.append(f"({condition} AND h.id >= ? AND h.id < ?)")
            values += [*of_it, first, end]
        require(f"({' OR '.join(either)})", *values)
    if selection.domain is not None:
        require("h.domain = ?", selection.domain)
    if selection.actor is not None and has_wildcard(selection.actor):
        require("h.changed_by LIKE ? ESCAPE '\\'", like(selection.actor))
    elif selection.actor is not None:
        require("h.changed_by = ?", selection.actor)
    # Times and commits also bound the ids, so that what lies elsewhere isn't walked through;
    # "+ 0" keeps a planner from looking for the bound itself by such a walk.
    if selection.since is not None:
        moment = transaction.dialect.moment(selection.since)
        bound = "SELECT min(id + 0) FROM config_history WHERE timestamp >= ?"
        ((first,),) = transaction.rows(bound, moment)
        require("h.timestamp >= ? AND h.id >= ?", moment, NO_END if first is None else first)
    if selection.until is not None:
        moment = transaction.dialect.moment(selection.until)
        bound = "SELECT max(id + 0) FROM config_history WHERE timestamp < ?"
        ((last,),) = transaction.rows(bound, moment)
        require("h.timestamp < ? AND h.id <= ?", moment, last or 0)
    if selection.commit is not None:
        commit = _commit(transaction, selection.commit)
        revisions = "SELECT revision FROM config_revisions WHERE commit_id = ?"
        bound = f"SELECT min(id), max(id) FROM config_history WHERE revision IN ({revisions})"
        ((first, last),) = transaction.rows(bound, commit)
        require(f"h.revision IN ({revisions})", commit)
        require("h.id >= ? AND h.id <= ?", first or 0, last or 0)
    return where, parameters


def _commit(transaction: Transaction, start: str) -> str:
    """The one commit whose id begins so."""
    wanted = start.lower()
    if len(wanted) < 4 or not set(wanted) <= set("0123456789abcdef"):
        raise UsageError(f"{start} is no commit id, nor the first 4 or more digits of one.")
    found = transaction.rows(
        "SELECT DISTINCT commit_id FROM config_revisions "
        "WHERE commit_id >= ? AND commit_id < ? ORDER BY commit_id LIMIT 3",
        wanted,
        wanted + "g",
    )
    if not found:
        raise UsageError(f"No revision was applied from a commit {start}.")
    if len(found) > 1:
        known = ", ".join(c[:12] for (c,) in found)
        raise UsageError(f"Several commits begin with {start}: {known}. Write more digits.")
    return str(found[0][0])


def names(transaction: Transaction, types: Types, pattern: str) -> list[tuple[str, int, int]]:
    """The patterns under which what is meant was known, each from an id to before another."""
    found = [(pattern, 0, NO_END)]
    root = root_address(pattern, types)
    domain, *keys = root.split("/")
    type_ = types.get(domain)
    if has_wildcard(pattern) or type_ is None or len(keys) != len(type_.key):
        return found
    below = pattern[len(root) :]
    renamed = " OR ".join(transaction.dialect.has_key("h.changes", _quoted(k)) for k in type_.key)
    # All of one apply happens at once; writes past configsync happen one after the other.
    query = (
        "SELECT h.changes, CASE r.source WHEN 'external' THEN h.id ELSE "
        "(SELECT min(o.id) FROM config_history o WHERE o.revision = h.revision) END "
        "FROM config_history h JOIN config_revisions r ON r.revision = h.revision "
        "WHERE h.address = ? AND h.id < ? AND h.action NOT IN ('create', 'delete') "
        f"AND ({renamed}) ORDER BY h.id DESC LIMIT 1"
    )
    while True:
        at, _, end = found[-1]
        rows = transaction.rows(query, root, end)
        if not rows:
            return found
        changes, since = rows[0]
        root = former_address(root, type_, parse_json(changes))
        found[-1] = (at, since, end)
        found.append((root + below, 0, since))


def _named(pattern: str) -> tuple[str, list[str]]:
    """A condition on ``h.address``: what a pattern selects, and the parts of that."""
    wanted = like(pattern)
    if not has_wildcard(pattern):
        condition = "(h.address = ? OR h.address LIKE ? ESCAPE '\\')"
        return condition, [pattern, wanted + "/%"]
    if pattern.endswith("*"):
        return "h.address LIKE ? ESCAPE '\\'", [wanted]
    condition = "(h.address LIKE ? ESCAPE '\\' OR h.address LIKE ? ESCAPE '\\')"
    return condition, [wanted, wanted + "/%"]


def like(pattern: str) -> str:
    """The pattern of LIKE, with \\ as its escape, that selects what ``*`` and ``?`` do."""
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%").replace("?", "_")


def _entry(types: Types, row: tuple[Any, ...]) -> Entry:
    row_id, root_id, at, domain, action, changes, snapshot = row
    known = identity(types, root_id, at)
    return Entry(row_id, known, at, domain, action, json.loads(changes), json.loads(snapshot))


def _quoted(name: str) -> str:
    """A column's name, which a kind declares, as text within a statement."""
    return f"'{name}'"


def parse_json(value: Any) -> Any:
    """JSON as the driver gives it, text on SQLite and a value on PostgreSQL.

    With sorted keys: the order differs by database, and so would what is shown
    of the same rows.
    """
    return json.loads(canonical_json(json.loads(value) if isinstance(value, str) else value))
