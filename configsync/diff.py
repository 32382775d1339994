"""The three-way diff: desired, applied and live state to changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from configsync.core import address, codes
from configsync.core.diagnostic import Diagnostic
from configsync.core.plan import Action, Change, Reason
from configsync.core.resource import Resource, ResourceType, State


@dataclass(slots=True)
class Difference:
    """What stands between the live and the desired state.

    ``records`` are desired resources that are live unchanged, but whose owner
    or protection isn't on record yet. ``unmanaged`` are live resources that no
    source owns. ``live`` is the live state at the addresses after the renames.
    """

    changes: list[Change] = field(default_factory=list)
    records: list[Resource] = field(default_factory=list)
    unmanaged: list[str] = field(default_factory=list)
    unchanged: int = 0
    live: State = field(default_factory=State)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def diff(
    desired: State, live: State, applied: State, types: Mapping[str, ResourceType], owner: str
) -> Difference:
    """Compare the three states; only resources that ``owner`` owns are deleted.

    A renamed resource is compared under its new name, with its parts, so that
    identity and history stay.
    """
    result = Difference()
    moves = _moves(desired, live, applied, result.diagnostics)
    originals: Mapping[str, Resource] = live
    if moves:
        originals = {_moved(r, moves).address: r for r in live.values()}
        live = State(_moved(r, moves) for r in live.values())
        applied = State(_moved(r, moves) for r in applied.values())
    result.live = live

    for at, wanted in desired.items():
        known = applied.get(at)
        foreign = known is not None and known.owner not in (None, owner)
        if known is not None and foreign and wanted.parent is None:
            result.diagnostics.append(_foreign(wanted, known))
        actual = live.get(at)
        if actual is None:
            reason = _reason(wanted, None, known)
            result.changes.append(_change(types, at, Action.CREATE, reason, None, wanted))
        elif actual.same_values(wanted):
            result.unchanged += 1
            if not foreign and (known is None or _record(known) != _record(wanted)):
                result.records.append(wanted)
        else:
            renamed = originals[at].address != at and wanted.parent is None
            reason = Reason.RENAME if renamed else _reason(wanted, actual, known)
            action = _update_action(types[wanted.domain], actual, wanted)
            result.changes.append(_change(types, at, action, reason, originals[at], wanted))

    for at, actual in live.items():
        if at in desired:
            continue
        known = applied.get(at)
        if known is None:
            result.unmanaged.append(at)
        elif known.owner == owner:
            reason = Reason.GIT if actual.same_values(known) else Reason.CONFLICT
            # Only the record of a live resource tells where it stood and whose it is.
            gone = replace(
                originals[at],
                owner=known.owner,
                location=known.location,
                prevent_destroy=known.prevent_destroy,
            )
            result.changes.append(_change(types, at, Action.DELETE, reason, gone, None))
    result.changes += _demotions(desired, live, applied, types, result)
    result.unmanaged.sort()
    return result


def _record(resource: Resource) -> tuple[object, ...]:
    return (resource.owner, resource.renamed_from, resource.prevent_destroy)


def _change(
    types: Mapping[str, ResourceType],
    at: str,
    action: Action,
    reason: Reason,
    before: Resource | None,
    after: Resource | None,
) -> Change:
    resource = after or before
    assert resource is not None
    return Change(at, action, reason, types[resource.domain].kind, before, after)


def _update_action(type_: ResourceType, actual: Resource, wanted: Resource) -> Action:
    default = type_.default
    if default and wanted.values[default] is True and actual.values[default] is not True:
        return Action.SET_DEFAULT
    return Action.UPDATE


def _reason(wanted: Resource, actual: Resource | None, known: Resource | None) -> Reason:
    """Who moved away from what was last applied: git, the database, or both."""
    if known is None:
        return Reason.GIT
    if known.same_values(wanted):
        return Reason.DRIFT
    if actual is not None and known.same_values(actual):
        return Reason.GIT
    return Reason.CONFLICT


def _moves(
    desired: State, live: State, applied: State, problems: list[Diagnostic]
) -> dict[str, str]:
    """Old to new address of each root that is to be renamed.

    A rename that was applied before is on record with the new name, and done.
    """
    moves: dict[str, str] = {}
    for at, wanted in desired.items():
        if wanted.renamed_from is None or wanted.parent is not None:
            continue
        old = address.join(address.split(at)[0], wanted.renamed_from)
        known = applied.get(at)
        done = known is not None and known.renamed_from == wanted.renamed_from
        if old == at or done or old not in live:
            continue
        if old in moves:
            problems.append(
                _bad_rename(wanted, f"{old} is renamed twice: to {moves[old]} and to {at}")
            )
            continue
        moves[old] = at
    for old, new in list(moves.items()):
        if old in desired and old not in moves.values():
            problems.append(_bad_rename(desired[new], f"{old} is still defined"))
            del moves[old]
        elif new in live and new not in moves:
            problems.append(_bad_rename(desired[new], f"{new} exists already"))
            del moves[old]
    return moves


def _bad_rename(wanted: Resource, why: str) -> Diagnostic:
    return codes.BAD_RENAME.at(
        wanted.location,
        f"{wanted.address} can't be renamed from {wanted.renamed_from}: {why}",
        path="metadata.renamed_from",
        help="Remove renamed_from, or give up the other name first.",
    )


def _moved(resource: Resource, moves: Mapping[str, str]) -> Resource:
    """The resource at the address that it has after the renames."""
    root = resource.parent or resource.address
    new = moves.get(root)
    if new is None:
        return resource
    at = address.moved(resource.address, root, new)
    return replace(resource, address=at, parent=resource.parent and new)


def _foreign(wanted: Resource, known: Resource) -> Diagnostic:
    return codes.FOREIGN_RESOURCE.at(
        wanted.location,
        f"{wanted.address} belongs to the source {known.owner}",
        help="Change it there, or choose another name here.",
    )


def _demotions(
    desired: State,
    live: State,
    applied: State,
    types: Mapping[str, ResourceType],
    result: Difference,
) -> Iterator[Change]:
    """Resources outside of the desired state that stop being the default for one within it."""
    going = {c.address for c in result.changes if c.after is None}
    chosen: dict[tuple[str, str | None], Resource] = {}
    for wanted in desired.values():
        default = types[wanted.domain].default
        if default and wanted.values[default] is True:
            chosen[(wanted.domain, wanted.parent)] = wanted
    for at, actual in live.items():
        default = types[actual.domain].default
        if default is None or actual.values[default] is not True or at in desired or at in going:
            continue
        successor = chosen.get((actual.domain, actual.parent))
        if successor is None:
            continue
        known = applied.get(at)
        if known is not None:
            result.diagnostics.append(
                codes.FOREIGN_RESOURCE.at(
                    successor.location,
                    f"{at} is the default and belongs to the source {known.owner}",
                    help="Remove default: true there first.",
                )
            )
        after = replace(actual, values={**actual.values, default: False})
        yield _change(types, at, Action.UPDATE, Reason.GIT, actual, after)
