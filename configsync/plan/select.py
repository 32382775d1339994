"""``--select``: a plan for a part of the resources, which says what it leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from configsync.core import address
from configsync.core.errors import UsageError
from configsync.core.plan import Change
from configsync.core.resource import Resource, ResourceType, State, root_address
from configsync.diff import Difference

LABEL = "label="


def selector(
    patterns: Iterable[str],
    desired: State,
    live: State,
    applied: State,
    types: Mapping[str, ResourceType],
) -> Callable[[Change], bool]:
    """What tells whether a change is selected, under its old or its new address.

    Raises UsageError as `selecting` does.
    """
    selected = selecting(patterns, desired, live, applied, types)

    def selects(change: Change) -> bool:
        return any(map(selected, {change.address, change.previous_address or change.address}))

    return selects


def selecting(
    patterns: Iterable[str],
    desired: State,
    live: State,
    applied: State,
    types: Mapping[str, ResourceType],
) -> Callable[[str], bool]:
    """What tells whether an address is selected: by a glob, or ``label=KEY[=VALUE]``.

    The labels of a resource are its document's; once that is gone, those on
    record. Raises UsageError for a pattern that selects no resource at all.
    """
    by_root = {at: r.labels for state in (applied, desired) for at, r in state.items() if r.labels}

    def labels(at: str) -> Mapping[str, str]:
        return by_root.get(root_address(at, types), {})

    addresses = {*desired, *live, *applied}
    patterns = tuple(patterns)
    for pattern in patterns:
        if not any(_selects(pattern, at, labels(at)) for at in addresses):
            raise UsageError(f"--select {pattern} selects nothing, neither in git nor stored.")

    return lambda at: any(_selects(pattern, at, labels(at)) for pattern in patterns)


def _selects(pattern: str, at: str, found: Mapping[str, str]) -> bool:
    if not pattern.startswith(LABEL):
        return address.matches(at, pattern)
    for separator in "=:":
        key, given, value = pattern.removeprefix(LABEL).partition(separator)
        if given:
            return found.get(key) == value
    return pattern.removeprefix(LABEL) in found


def narrowed(
    desired: State, found: Difference, selected: Callable[[Change], bool]
) -> tuple[State, list[Resource], list[str]]:
    """The desired state with all that isn't selected as it is now.

    Returns it, the resources in it that only stay as they are, and the
    addresses that would have changed.
    """
    left = {c.address: c for c in found.changes if not selected(c)}
    moved = {c.address for c in left.values() if c.previous_address and c.resource.parent is None}
    # Parts move with their root, or not at all.
    left |= {c.address: c for c in found.changes if c.resource.root in moved}
    kept = {c.before.address: c.before for c in left.values() if c.before is not None}
    former = {left[at].previous_address for at in moved}
    kept |= {r.address: r for r in found.originals.values() if r.root in former}
    out = {*left, *(at for at, r in desired.items() if r.root in moved)}
    staying = [replace(r, owner=None) for r in kept.values()]
    wanted = [r for at, r in desired.items() if at not in out]
    return State([*staying, *wanted]), staying, sorted(left)
