"""Policies: what a plan must not do, whatever the source says (rule 6.14)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic
from configsync.core.plan import Change
from configsync.core.resource import ResourceType, State


def refusals(
    changes: Iterable[Change], live: State, types: Mapping[str, ResourceType]
) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each policy that stands against the changes.

    ``live`` is the live state at the addresses after the renames.
    """
    changes = tuple(changes)
    after = dict(live)
    for change in changes:
        if change.after is None:
            del after[change.address]
        else:
            after[change.address] = change.after
    result = State(after.values())
    yield from _default_kept(changes, result, types)
    yield from _last_part_kept(changes, result, types)
    yield from _parts_ours(changes, result)
    yield from _protected_kept(changes)


def _default_kept(
    changes: tuple[Change, ...], result: State, types: Mapping[str, ResourceType]
) -> Iterator[Diagnostic]:
    """One row of each type that has a default stays the default."""
    touched = {c.domain for c in changes}
    for type_ in types.values():
        if type_.default is None or type_.parent is not None or type_.domain not in touched:
            continue
        rows = [r for r in result.values() if r.domain == type_.domain]
        if any(r.values[type_.default] is True for r in rows):
            continue
        for change in changes:
            if change.domain != type_.domain or change.after is not None:
                continue
            if change.resource.values[type_.default] is True:
                yield codes.DEFAULT_DELETED.at(
                    change.location,
                    f"{change.address} is the default and would be deleted",
                    help="Make another one the default first, in the same change if you like.",
                )
                return
        if rows:
            first = min((c for c in changes if c.domain == type_.domain), key=lambda c: c.address)
            yield codes.NO_DEFAULT.at(
                first.location,
                f"none of {len(rows)} {type_.domain}s would be the default",
                help="Set spec.default: true in one of them.",
            )


def _last_part_kept(
    changes: tuple[Change, ...], result: State, types: Mapping[str, ResourceType]
) -> Iterator[Diagnostic]:
    """A parent that stays keeps one of each part that it requires."""
    kept = {(r.domain, r.parent) for r in result.values()}
    reported: set[tuple[str, str | None]] = set()
    for change in changes:
        type_ = types[change.domain]
        if change.after is not None or not type_.required:
            continue
        parent = type_.parent_address(change.address)
        part = (change.domain, parent)
        if parent in result and part not in kept and part not in reported:
            reported.add(part)
            yield codes.LAST_GENIE_SPACE.at(
                change.location,
                f"{parent} would lose its last Genie space",
                help="Add another Genie space in the same change, or delete the whole profile.",
            )


def _parts_ours(changes: tuple[Change, ...], result: State) -> Iterator[Diagnostic]:
    """A delete must not cascade to parts that the plan doesn't name (rule 6.13)."""
    deleted = {c.address: c for c in changes if c.after is None}
    for resource in result.values():
        if resource.parent in deleted:
            yield codes.FOREIGN_RESOURCE.at(
                deleted[resource.parent].location,
                f"deleting {resource.parent} would delete {resource.address}, "
                "which this source doesn't own",
                help="Write that part into the source, or delete it in the database, first.",
            )


def _protected_kept(changes: tuple[Change, ...]) -> Iterator[Diagnostic]:
    """What says prevent_destroy stays, also once its document is gone.

    Its document may still take away a part, such as one Genie space of two.
    """
    for change in changes:
        gone = change.before
        if change.after is None and gone and gone.parent is None and gone.prevent_destroy:
            yield codes.PROTECTED.at(
                change.location,
                f"{change.address} says prevent_destroy and would be deleted",
                help="Put it back; to delete it, apply it once without prevent_destroy before.",
            )
