"""The order of changes, and the steps that carry them out.

Within each step every constraint holds after every statement (section 6): a
default is cleared before another is set, a name is vacated before another takes
it, a parent comes before its parts, and deletes come last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from configsync.core.plan import Action, Change, PlanOptions
from configsync.core.resource import ResourceType


def in_order(changes: Iterable[Change], types: Mapping[str, ResourceType]) -> tuple[Change, ...]:
    """Sort changes: what comes and changes first, what goes last; then by kind and address."""
    rank = {domain: index for index, domain in enumerate(types)}

    def key(change: Change) -> tuple[bool, str, int, str]:
        resource = change.resource
        root = resource.parent or resource.address
        return (change.action is Action.DELETE, root, rank[change.domain], change.address)

    return tuple(sorted(changes, key=key))


def deactivating(
    changes: Iterable[Change], types: Mapping[str, ResourceType], options: PlanOptions
) -> Iterator[Change]:
    """The changes, where deletes say whether they leave the row in its table."""
    for change in changes:
        leaves = change.after is None and types[change.domain].active and not options.purge
        yield replace(change, deactivates=True) if leaves else change


def losing_default(changes: Iterable[Change], types: Mapping[str, ResourceType]) -> list[Change]:
    """Changes whose live row is the default and won't be: it makes way first."""
    found = []
    for change in changes:
        default = types[change.domain].default
        if default is None or change.before is None:
            continue
        if change.before.values[default] is True and (
            change.after is None or change.after.values[default] is not True
        ):
            found.append(change)
    return found


def vacating(changes: Iterable[Change], types: Mapping[str, ResourceType]) -> list[Change]:
    """Changes whose live row gives up a key that another change takes."""
    changes = list(changes)
    given_up: dict[tuple[object, ...], Change] = {}
    for change in changes:
        key = types[change.domain].key
        if change.before is not None and key:
            old = (change.domain, change.before.parent, *(change.before.values[k] for k in key))
            new = change.after and tuple(change.after.values[k] for k in key)
            if old[2:] != new:
                given_up[old] = change
    found = []
    for change in changes:
        key = types[change.domain].key
        if change.after is not None and key:
            new_key = (change.domain, change.after.parent, *(change.after.values[k] for k in key))
            other = given_up.get(new_key)
            if other is not None and other is not change:
                found.append(other)
    return found
