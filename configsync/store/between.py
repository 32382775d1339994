"""What changed between two revisions: one net change of each resource.

Only the history rows between them are read, and of each resource only the first
and the last: the first tells what was before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from configsync.core import address
from configsync.core.plan import Action, Change, Reason
from configsync.core.resource import Resource, former_address, root_address
from configsync.plan.order import in_order
from configsync.store.database import Transaction
from configsync.store.history import (
    Entry,
    Identity,
    Types,
    identity,
    last_id,
    read_entries,
    rekeyed,
)


@dataclass(slots=True)
class _Span:
    """The first and the last history row of a resource between two revisions.

    ``created`` is the newest row, after the first, that created it anew, 0 if
    none did. ``before`` and ``after`` tell whether there is something to be
    had before the first and after the last row.
    """

    first: int
    last: int
    created: int
    has_before: bool = True
    has_after: bool = True


def changes_between(
    transaction: Transaction,
    types: Types,
    old: int,
    new: int,
    pattern: str | None = None,
) -> tuple[Change, ...]:
    """The way from what history records of one revision to what it records of another.

    ``pattern`` selects by the address before or after. The newer revision may
    come first: then the way leads back.
    """
    forth = old <= new
    after, last = (last_id(transaction, r) for r in sorted((old, new)))
    spans = _spans(transaction, types, after, last)
    ids = {i for s in spans.values() for i in (s.first, s.last)}
    entries = {e.row_id: e for e in read_entries(transaction, types, ids)}
    pairs = [
        pair if forth else (pair[1], pair[0])
        for pair in _by_address(_pairs(spans, entries, types))
        if pattern is None
        or any(r is not None and address.matches(r.address, pattern) for r in pair)
    ]
    changes = (_change(types, *pair) for pair in pairs)
    return in_order((c for c in changes if c is not None), types)


def _spans(transaction: Transaction, types: Types, after: int, last: int) -> dict[Identity, _Span]:
    """The spans of all resources that changed, those that got another key as two each."""
    query = (
        "SELECT root_id, address, min(id), max(id), "
        "coalesce(max(CASE action WHEN 'create' THEN id END), 0) FROM config_history "
        "WHERE id > ? AND id <= ? GROUP BY root_id, address"
    )
    spans: dict[Identity, _Span] = {}
    for root_id, at, *ids in transaction.rows(query, after, last):
        known = identity(types, root_id, at)
        span = spans.setdefault(known, _Span(*ids))
        span.first, span.last = min(span.first, ids[0]), max(span.last, ids[1])
        span.created = max(span.created, ids[2])
    for event in rekeyed(transaction, types, after, last):
        row_id = event.entry.row_id
        old = spans.setdefault(event.old, _Span(row_id, row_id, 0))
        old.first = min(old.first, row_id)
        if old.last <= row_id:
            old.last, old.has_after = row_id, False
        new = spans[event.entry.identity]
        if new.first == row_id:
            new.has_before = False
    return spans


Pair = tuple[Resource | None, Resource | None]


def _pairs(spans: dict[Identity, _Span], entries: dict[int, Entry], types: Types) -> Iterator[Pair]:
    """Each resource before and after; what only shares its row id with another, by itself."""
    for known, span in spans.items():
        root = (known[0], "") if known[0] is not None else known
        of = spans.get(root)
        first, last = entries[span.first], entries[span.last]
        before = after = None
        if span.has_before:
            before = first.resource(
                types, _place(first, known, of, entries, types, True), before=True
            )
        if span.has_after:
            after = last.resource(types, _place(last, known, of, entries, types, False))
        anew = of is not None and of.created > of.first
        if before and after and anew and before.address != after.address:
            yield before, None
            yield None, after
        elif before or after:
            yield before, after


def _place(
    entry: Entry,
    known: Identity,
    root: _Span | None,
    entries: dict[int, Entry],
    types: Types,
    before: bool,
) -> str:
    """Where a resource was before, or is after: its root may have been renamed meanwhile."""
    own = root_address(entry.address, types)
    if root is not None:
        of = entries[root.first if before else root.last]
        own = of.address
        type_ = types.get(of.domain)
        if before and of.action == "update" and type_ is not None:
            own = former_address(own, type_, of.changes)
    if known[0] is None:
        return own if root is not None else entry.address
    return "/".join(s for s in (own, known[1]) if s)


def _by_address(pairs: Iterator[Pair]) -> Iterator[Pair]:
    """Join what went with what came at the same address.

    A part only with its root: where another root took the name, its parts came along.
    """
    gone: dict[str, Resource] = {}
    came: list[Resource] = []
    for before, after in pairs:
        if before is not None and after is not None:
            yield before, after
        elif before is not None:
            gone[before.address] = before
        elif after is not None:
            came.append(after)
    joined = {r.address for r in came if r.parent is None and r.address in gone}
    for resource in came:
        again = (resource.parent or resource.address) in joined
        yield gone.pop(resource.address, None) if again else None, resource
    for resource in gone.values():
        yield resource, None


def _change(types: Types, before: Resource | None, after: Resource | None) -> Change | None:
    """The change from one to the other; None if the values are the same."""
    resource = after or before
    assert resource is not None
    type_ = types[resource.domain]
    action, reason = Action.UPDATE, Reason.GIT
    if before is None:
        action = Action.CREATE
    elif after is None:
        action = Action.DELETE
    elif before.same_values(after):
        return None
    else:
        if before.address != after.address and after.parent is None:
            reason = Reason.RENAME
        default = type_.default
        if default and after.values[default] is True and before.values[default] is not True:
            action = Action.SET_DEFAULT
    return Change(resource.address, action, reason, type_.kind, before, after)
