"""What differs between two contents, where no history tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from configsync.core.values import Json
from configsync.runtime.content import Content, Root, Table
from configsync.runtime.views import resources


def differing(old: Content, new: Content) -> tuple[str, ...]:
    """The addresses of what differs, sorted; of lazy contents, of what both know."""
    return tuple(sorted(at for domain in new.tables for at in _differing(domain, old, new)))


def _differing(domain: str, old: Content, new: Content) -> Iterator[str]:
    after, before = new.tables[domain], old.tables.get(domain)
    if before is None:
        return
    keys = set(before.roots) | set(after.roots)
    for key in keys:
        if not (before.whole or key in before.roots) or not (after.whole or key in after.roots):
            continue
        then = _resources(before, before.roots.get(key))
        now = _resources(after, after.roots.get(key))
        for at in then.keys() | now.keys():
            if then.get(at) != now.get(at):
                yield at


def _resources(table: Table, root: Root | None) -> dict[str, Mapping[str, Json]]:
    return {} if root is None else resources(table, root)
