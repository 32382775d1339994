"""Promote: have one target run what another one has tried, by a change of the source."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Severity, has_errors
from configsync.core.errors import UsageError
from configsync.core.ignore import whole
from configsync.core.plan import Base, Change, Plan, PlanOptions
from configsync.core.resource import State
from configsync.core.sealed import is_sealed
from configsync.diff import Terms, drift
from configsync.edit.draft import FileChange
from configsync.edit.splice import CannotEdit
from configsync.kinds import resource_types
from configsync.plan.as_applied import AsApplied, live_as_applied
from configsync.plan.select import selecting
from configsync.plan.stored import Stored
from configsync.render.report.words import count
from configsync.source.project import Project, Target
from configsync.store.database import Database
from configsync.store.past import resources_had
from configsync.store.stored import read_stored
from configsync.usecases.editing import Editing
from configsync.usecases.overlay import rewrite_overlay
from configsync.usecases.plan import Planner, read_source
from configsync.usecases.promotable import Comparison, Kept, Side, compare
from configsync.usecases.rewrite import differing, rewrite
from configsync.usecases.validate import validate

SHOWN = 5
"""Addresses that a message names."""


@dataclass(frozen=True, slots=True)
class End:
    """A target with its database, and what the source compiles to for it, without errors."""

    target: Target
    database: Database
    desired: State


@dataclass(slots=True)
class Promotion:
    """What the target ``to`` would take over from another, ``origin``, which is at ``base``.

    ``plan`` leads from what the target has applied to that; it is only to be
    shown. Its changes at the addresses in ``waiting`` need an apply and no edit;
    ``kept`` are differences that are meant, ``files`` the edits. Where no edit
    can say it, ``refusal`` tells why; ``problems`` are errors that the edits
    would bring. With either, nothing is to be written.
    """

    origin: Target
    base: Base
    to: Target
    plan: Plan
    kept: tuple[Kept, ...] = ()
    waiting: tuple[str, ...] = ()
    files: list[FileChange] = field(default_factory=list)
    refusal: str | None = None
    problems: list[Diagnostic] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def writable(self) -> bool:
        """Tell whether there are edits, and nothing stands against them."""
        refused = self.refusal is not None or has_errors(self.plan.diagnostics)
        return bool(self.files) and not self.problems and not refused


def promote(
    project: Project,
    origin: End,
    to: End,
    select: tuple[str, ...] = (),
    *,
    include_kept: bool = False,
    write: bool = False,
) -> Promotion:
    """Find what ``to`` would take over from ``origin``; with ``write``, edit the files for it.

    Databases are only read. Files are written all or none, and none where the
    plan has errors, or where another target than ``to`` would compile to
    something else. With ``include_kept``, what the overlay of ``to`` sets is
    taken over too. Raises UsageError where there is nothing to compare, and
    DatabaseError.
    """
    types = resource_types()
    edit = Editing(project, dry_run=not write)
    with origin.database.reading() as past, to.database.reading() as transaction:
        there, here = read_stored(past, types), read_stored(transaction, types)
        _require_two(origin.target, there, to.target, here)
        first, second = _side(project, origin, there, to), _side(project, to, here, origin)
        if not first.applied:
            raise UsageError(
                f"The source {project.source} has applied nothing to {origin.target.name} yet, so "
                "there is nothing to promote."
            )
        sealed = sorted({*_sealed(first.applied), *_sealed(second.applied)})
        first, second = (_settled(side, second.applied) for side in (first, second))
        moved = (at for at, _, _ in differing(first.applied, second.applied))
        first = replace(first, had=resources_had(past, types, moved))
        rules = whole(project.ignore, types)
        found = compare(edit, first, second, here.applied, rules, include_kept=include_kept)
        wanted = State(found.applied.values())
        live = live_as_applied(here.applied, types)
        planner = Planner(project, to.target, AsApplied(here, live))
        source = read_source(project, to.desired)
        plan = planner.plan(wanted, source, PlanOptions(select=select), _untried(origin, found))
    plan = replace(plan, diagnostics=tuple(map(_to_be_forced, plan.diagnostics)))
    plan = _located(plan, to.desired)
    result = Promotion(
        origin.target, there.base, to.target, plan, tuple(_selected(plan, found, here))
    )
    result.notes += _notes(project, origin, there, found)
    if sealed:
        result.notes.append(
            f"Sensitive settings have values of each target's own, and stay: {_some(sealed)}."
        )
    chosen = {c.address for c in plan.changes} & found.written
    result.waiting = tuple(c.address for c in plan.changes if c.address not in chosen)
    if chosen:
        _edit(edit, origin.target, to, _narrowed(to.desired, found, chosen), result)
    if write and result.writable:
        edit.draft.write()
    return result


def _require_two(origin: Target, there: Stored, to: Target, here: Stored) -> None:
    if there.base.database_id == here.base.database_id:
        raise UsageError(
            f"{origin.name} and {to.name} are the same database, {here.base.database_id}, so there "
            "is nothing to promote. Each target needs one of its own in the settings."
        )


def _side(project: Project, end: End, stored: Stored, other: End) -> Side:
    known = live_as_applied(stored.applied, resource_types())
    own = State(r for r in known.values() if r.owner == project.source)
    shared = {k: v for k, v in other.target.vars.items() if k in end.target.vars}
    swapped = end.desired
    if any(end.target.vars[k] != v for k, v in shared.items()):
        meant = replace(end.target, vars={**end.target.vars, **shared})
        swapped = validate(project, meant).desired
    return Side(end.target, own, end.desired, swapped)


def _sealed(state: State) -> set[str]:
    """The addresses of resources with a sensitive value."""
    return {r.address for r in state.values() if any(map(is_sealed, r.values.values()))}


def _settled(side: Side, own: State) -> Side:
    """The side as if its sensitive settings were those in ``own``.

    Their digests are of each database's own key, so nobody can compare them.
    """
    kept = _sealed(own)

    def settled(state: State) -> State:
        others = state.keys() - kept - _sealed(state)
        return State([*(state[at] for at in others), *(own[at] for at in kept)])

    return replace(
        side,
        applied=settled(side.applied),
        desired=settled(side.desired),
        swapped=settled(side.swapped),
    )


def _untried(origin: End, found: Comparison) -> Iterator[Diagnostic]:
    """A warning of what isn't promoted, since the origin doesn't run what its source says."""
    addresses = sorted(set(found.untried))
    if addresses:
        name = origin.target.name
        yield codes.UNTRIED.at(
            None,
            f"left out, as {name} hasn't applied what the source says of it: {_some(addresses)}",
            help=f"Apply to {name} first: configsync apply --target {shlex.quote(name)}",
        )


def _to_be_forced(found: Diagnostic) -> Diagnostic:
    """A target's threshold is for its apply to hold: here, it is warned of."""
    if found.code != codes.TOO_MUCH.code:
        return found
    return replace(found, severity=Severity.WARNING, help="Its apply will ask for --force.")


def _selected(plan: Plan, found: Comparison, here: Stored) -> list[Kept]:
    """What is kept among the resources that are selected."""
    if not plan.options.select:
        return found.kept
    states = State(found.desired.values()), State(found.applied.values())
    selected = selecting(plan.options.select, *states, here.applied, resource_types())
    return [kept for kept in found.kept if selected(kept.address)]


def _notes(project: Project, origin: End, there: Stored, found: Comparison) -> Iterator[str]:
    """What is left aside, and whose it is."""
    name = origin.target.name
    theirs = Counter(str(r.owner) for r in there.applied.values() if r.owner != project.source)
    for owner, number in sorted(theirs.items()):
        yield f"{name} has {_count(number)} of the source {owner}: promote them there."
    for owner, number in sorted(Counter(found.foreign.values()).items()):
        yield f"The target has {_count(number)} that belong to the source {owner}, and stay."
    ignored = whole(project.ignore, resource_types())
    terms = Terms(resource_types(), project.source, renamed=there.renamed, ignored=ignored)
    own = State(r for r in there.applied.values() if r.owner == project.source)
    drifted = len(drift(there.live, own, terms))
    if drifted:
        yield (
            f"{name} has {_count(drifted)} changed past git, of which what was applied is "
            f"promoted. See: configsync drift --target {shlex.quote(name)}"
        )
    known = there.applied.keys() | there.renamed.keys()
    unmanaged = sum(r.root not in known for r in there.live.values())
    if unmanaged:
        yield f"{name} has {_count(unmanaged)} that no source manages, and none is promoted."


def _narrowed(desired: State, found: Comparison, chosen: Iterable[str]) -> State:
    """What the source is to compile to, only what is chosen being another than now."""
    wanted = dict(desired)
    for at in chosen:
        if at in found.desired:
            wanted[at] = found.desired[at]
        else:
            wanted.pop(at, None)
    return State(wanted.values())


def _edit(edit: Editing, origin: Target, to: End, wanted: State, result: Promotion) -> None:
    """Draft the edits, and see that they do what they should and nothing else."""
    target = to.target
    try:
        if target.overlay is None:
            result.problems = rewrite(edit, target, (), to.desired, wanted).diagnostics
        else:
            result.problems = rewrite_overlay(edit, target, origin, to.desired, wanted)
        _require_others_kept(edit, target)
    except CannotEdit as error:
        result.refusal = str(error)
        return
    result.files = edit.draft.changes()
    result.notes += edit.notes
    if not result.problems:
        result.plan = _located(result.plan, edit.validate(target).desired)


def _require_others_kept(edit: Editing, target: Target) -> None:
    """Raise CannotEdit if another target would compile to something else."""
    for other in edit.project.targets.values():
        if other.name == target.name:
            continue
        before, after = validate(edit.project, other), edit.validate(other)
        if not before.ok:
            # What it compiles to isn't known; that no error comes up is.
            if edit.new_errors([other]):
                raise CannotEdit(f"It would bring errors for the target {other.name}.")
            continue
        if not after.ok or after.desired.digest() != before.desired.digest():
            changed = [at for at, _, _ in differing(before.desired, after.desired)]
            own = "" if target.overlay else f" Give {target.name} an overlay in the settings."
            raise CannotEdit(
                f"{_some(changed) or 'A document'} can't be changed for {target.name} without "
                f"changing it for {other.name} too.{own}"
            )


def _located(plan: Plan, desired: State) -> Plan:
    """The plan with the places where values will stand."""

    def located(change: Change) -> Change:
        source = desired.get(change.address)
        if change.after is None or source is None:
            return change
        places = {"location": source.location, "elsewhere": source.elsewhere}
        return replace(change, after=replace(change.after, **places))

    return replace(plan, changes=tuple(map(located, plan.changes)))


def _some(addresses: list[str]) -> str:
    """The first few addresses, and how many there are besides."""
    more = len(addresses) - SHOWN
    return ", ".join(addresses[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _count(number: int) -> str:
    return count(number, "resource")
