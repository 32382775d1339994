"""Rollback: a plan that leads back to what the database held at a revision."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, tzinfo

from configsync.core import address
from configsync.core.diagnostic import Severity
from configsync.core.errors import Refused
from configsync.core.plan import Plan, PlanOptions
from configsync.core.resource import Resource, State
from configsync.core.revision import Actor, Applied, Attribution, RevisionSource
from configsync.diff import as_recorded
from configsync.edit.draft import FileChange
from configsync.kinds import resource_types
from configsync.plan.stored import Stored
from configsync.source.checkout import read_checkout
from configsync.source.project import Project, Target
from configsync.store.apply import apply_plan
from configsync.store.database import Database, Transaction
from configsync.store.history import revision_at, state_at
from configsync.store.past import owners_then, renamed_since
from configsync.store.stored import read_stored
from configsync.usecases.editing import Editing
from configsync.usecases.plan import Planner, read_source
from configsync.usecases.rewrite import rewrite
from configsync.usecases.validate import Validation


def plan_rollback(
    project: Project,
    target: Target,
    database: Database,
    to: str,
    options: PlanOptions,
    only: frozenset[str] | None = None,
    zone: tzinfo | None = UTC,
) -> Plan:
    """Plan the way back to a revision, or to the newest one at a time.

    Only what the project's source owns, or owned then, goes back; a profile
    that was renamed gets its name back and keeps its identity. ``only`` is as
    in `configsync.usecases.plan.make_plan`, ``zone`` as in
    `configsync.core.moment.parse_moment`. Raises UsageError if there is no
    such revision, and DatabaseError.
    """
    types = resource_types()
    with database.reading() as transaction:
        revision = revision_at(transaction, to, zone)
        stored = read_stored(transaction, types)
        past = _past(transaction, stored, revision, project.source)
        planner = Planner(project, target, stored)
        source = read_source(project, past)
        return planner.plan(past, source, replace(options, to_revision=revision), only=only)


def roll_back(
    project: Project, database: Database, plan: Plan, actor: Actor, lock_timeout: float
) -> Applied:
    """Apply a rollback; the commit that it takes back is held until a newer one was applied.

    Raises as `configsync.usecases.apply.apply` does.
    """
    against = [d for d in plan.diagnostics if d.severity is Severity.ERROR]
    if against:
        raise Refused(f"{against[0].code}: {against[0].summary}.")
    checkout = read_checkout(project.root, project.paths)
    attribution = Attribution(
        source=RevisionSource.ROLLBACK,
        actor=actor.name,
        actor_source=actor.source,
        commit=checkout.commit,
        dirty=checkout.dirty,
        author=None,
        owner=project.source,
        to_revision=plan.options.to_revision,
    )
    return apply_plan(database, plan, resource_types(), attribution, lock_timeout)


def write_back(
    project: Project, target: Target, validation: Validation, plan: Plan
) -> tuple[Editing, list[FileChange]]:
    """Draft the edits after which git says what a rollback leads to; writes nothing.

    Raises CannotEdit where a value can't be written without changing another.
    """
    wanted = dict(validation.desired)
    for change in plan.changes:
        if change.previous_address is not None and change.resource.parent is None:
            for at in [a for a in wanted if address.within(a, change.previous_address)]:
                moved = address.moved(at, change.previous_address, change.address)
                resource = wanted.pop(at)
                parent = None if resource.parent is None else change.address
                wanted[moved] = replace(resource, address=moved, parent=parent)
        if change.after is None:
            wanted.pop(change.address, None)
        else:
            wanted[change.address] = replace(change.after, renamed_from=None)
    edit = Editing(project, dry_run=False)
    others = [t for t in project.targets.values() if t.name != target.name]
    result = rewrite(edit, target, others, validation.desired, State(wanted.values()))
    if result.diagnostics:
        raise Refused(f"git can't say what was there: {result.diagnostics[0].summary}.")
    return edit, edit.draft.changes()


def _past(transaction: Transaction, stored: Stored, revision: int, source: str) -> State:
    """What the source's resources were at a revision, under the names that they had then."""
    past = state_at(transaction, resource_types(), revision)
    renamed = renamed_since(transaction, past, stored.live, revision)
    known: dict[str, Resource] = {}
    for at, resource in past.items():
        root = renamed.get(resource.root)
        now = at if root is None else address.moved(at, resource.root, root)
        if now in stored.applied:
            known[at] = stored.applied[now]
    owners = owners_then(transaction, past.keys() - known.keys(), revision)
    found = []
    for at, resource in past.items():
        record = known.get(at)
        if (record.owner if record is not None else owners.get(at)) != source:
            continue
        back = replace(resource, owner=source)
        if record is not None:
            back = as_recorded(back, record)
            # What it uses isn't in history: of what it does now, what there was then.
            back = replace(back, uses=tuple(used for used in back.uses if used in past))
        former = renamed.get(at)
        name = None if former is None else address.split(former)[1]
        found.append(replace(back, renamed_from=name))
    return State(found)
