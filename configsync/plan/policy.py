"""Policies: what a plan must not do, whatever the source says (rules 6.13 to 6.15)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic
from configsync.core.plan import Action, Change, PlanOptions, Reason
from configsync.core.resource import ResourceType, State
from configsync.source.project import Limits


def refusals(
    changes: Iterable[Change],
    live: State,
    types: Mapping[str, ResourceType],
    options: PlanOptions,
    uses: Mapping[str, Iterable[str]],
) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each policy that stands against the changes.

    ``live`` is the live state at the addresses after the renames, ``uses`` has
    what each root will use.
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
    yield from _used_kept(changes, uses)
    if not options.accept_conflicts:
        yield from _conflicts(changes)
    if options.select:
        yield from _selection_whole(changes, result, types)


def too_much(
    changes: Iterable[Change], owned: int, policy: Limits, options: PlanOptions
) -> Iterator[Diagnostic]:
    """Yield a diagnostic if more changes than a target allows without ``--force`` (rule 6.15).

    ``owned`` is how many live resources the source owns. What happens to one
    profile alone is never too much: accidents of the kind that this is about,
    a lost folder or a wrong branch, touch several.
    """
    if options.force or owned < policy.threshold_from:
        return
    changes = tuple(changes)
    for verb, actions, limit in (
        ("update", (Action.UPDATE, Action.SET_DEFAULT), policy.max_update_percent),
        ("delete", (Action.DELETE,), policy.max_delete_percent),
    ):
        meant = [c for c in changes if c.action in actions]
        if len({c.resource.root for c in meant}) > 1 and len(meant) * 100 > owned * limit:
            yield codes.TOO_MUCH.at(
                None,
                f"the plan would {verb} {len(meant)} of {owned} resources, more than {limit} %",
                help="Look at the plan again; if all of it is meant, give --force.",
            )


def _conflicts(changes: tuple[Change, ...]) -> Iterator[Diagnostic]:
    """What somebody wrote to the database isn't overwritten unseen."""
    for change in changes:
        if change.reason is not Reason.CONFLICT:
            continue
        by = f", by {change.by.user} in revision {change.by.revision}" if change.by else ""
        yield codes.CONFLICT.at(
            change.location,
            f"{change.address} was changed in the database too{by}",
            help="Take the database's values with configsync adopt, or overwrite them with "
            "--accept-conflicts.",
        )


def _selection_whole(
    changes: tuple[Change, ...], result: State, types: Mapping[str, ResourceType]
) -> Iterator[Diagnostic]:
    """What a selection leaves out isn't needed by what it has."""
    defaults: dict[tuple[str, str | None], list[str]] = {}
    for resource in result.values():
        default = types[resource.domain].default
        if default is not None and resource.values[default] is True:
            defaults.setdefault((resource.domain, resource.parent), []).append(resource.address)
    for change in changes:
        after = change.after
        if after is None:
            continue
        if after.parent is not None and after.parent not in result:
            yield codes.INCOMPLETE_SELECTION.at(
                change.location,
                f"{change.address} is selected, and {after.parent}, which it is a part of, is not",
                help=f"Select {after.parent} too.",
            )
        rivals = defaults.get((after.domain, after.parent), [])
        if change.address in rivals and len(rivals) > 1:
            other = next(a for a in sorted(rivals) if a != change.address)
            yield codes.INCOMPLETE_SELECTION.at(
                change.location,
                f"{change.address} is selected to become the default, and {other} still is",
                help=f"Select {other} too.",
            )


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
                f"{parent} would lose its last {change.domain}",
                help=f"Add another one in the same change, or delete all of {parent}.",
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


def _used_kept(
    changes: tuple[Change, ...], uses: Mapping[str, Iterable[str]]
) -> Iterator[Diagnostic]:
    """What others use stays, and keeps its name."""
    users: dict[str, list[str]] = {}
    for user, used in uses.items():
        for at in used:
            users.setdefault(at, []).append(user)
    for change in changes:
        gone = change.before
        if gone is None or gone.address not in users:
            continue
        left = [u for u in users[gone.address] if u != gone.address]
        if left and (change.after is None or change.previous_address):
            verb = "deleted" if change.after is None else f"renamed to {change.address}"
            yield codes.STILL_USED.at(
                change.location,
                f"{gone.address} is used by {', '.join(sorted(left))} and would be {verb}",
                help="Take it out of their metadata.uses first, in the same change if you like.",
            )


def unreviewed(policy: Limits, options: PlanOptions) -> Iterator[Diagnostic]:
    """Yield a diagnostic if a target doesn't take a plan that wasn't saved before."""
    if policy.protected and not options.force:
        yield codes.UNREVIEWED.at(
            None,
            "the target is protected, so it takes saved plans only",
            help="Save it with --out FILE, of plan or of rollback, have it reviewed, and apply "
            "FILE; or give --force.",
        )
