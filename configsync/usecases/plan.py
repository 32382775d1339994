"""Plan: compare a project's desired state with a database."""

from __future__ import annotations

from configsync.core.diagnostic import Severity
from configsync.core.plan import Plan, SourceInfo
from configsync.diff import diff
from configsync.kinds import resource_types
from configsync.plan.order import in_order
from configsync.plan.policy import refusals
from configsync.source.checkout import read_checkout
from configsync.source.project import Project, Target
from configsync.store.database import Database
from configsync.store.read import read_applied, read_base, read_live
from configsync.usecases.validate import Validation


def make_plan(project: Project, target: Target, database: Database, validation: Validation) -> Plan:
    """Plan the way from the live state to the desired one.

    ``validation`` has no errors; its warnings go with the plan. Policies that
    stand against the plan are errors among its diagnostics: such a plan is to
    be shown, not applied. Raises DatabaseError.
    """
    types = resource_types()
    with database.reading() as transaction:
        base = read_base(transaction)
        applied = read_applied(transaction, types)
        live = read_live(transaction, types.values())
    found = diff(validation.desired, live, applied, types, project.source)
    changes = in_order(found.changes, types)
    against = [*found.diagnostics, *refusals(changes, found.live, types)]
    checkout = read_checkout(project.root, project.paths)
    return Plan(
        target=target.name,
        source=SourceInfo(project.source, checkout.commit, checkout.dirty, checkout.author),
        base=base,
        desired=validation.desired,
        changes=changes,
        unchanged=found.unchanged,
        unmanaged=tuple(found.unmanaged),
        records=tuple(found.records),
        diagnostics=(
            *sorted(against, key=lambda d: d.sort_key),
            *(d for d in validation.diagnostics if d.severity is not Severity.ERROR),
        ),
    )
