"""Drift: what was changed in the database past git."""

from __future__ import annotations

from configsync.core import address
from configsync.core.drift import DriftReport
from configsync.core.ignore import ignoring
from configsync.core.plan import Change, PlanOptions, Reason
from configsync.core.resource import State
from configsync.diff import Terms
from configsync.kinds import resource_types
from configsync.plan.stored import Stored
from configsync.source.project import Project, Target
from configsync.store.database import Database
from configsync.store.read import read_last_apply
from configsync.store.stored import read_stored
from configsync.usecases.plan import Planner, read_source
from configsync.usecases.validate import Validation


def find_drift(
    project: Project, target: Target, database: Database, validation: Validation | None
) -> DriftReport:
    """Compare what is live with what was applied last, row by row.

    With the repository's ``validation``, only what its source owns is looked
    at, and, unless it has errors, what git would change is told apart; without
    one, all that any source owns. Raises DatabaseError.
    """
    with database.reading() as transaction:
        stored = read_stored(transaction, resource_types())
        planner = Planner(project, target, stored)
        options = PlanOptions()
        terms = planner.terms(options)
        owner = None if validation is None else project.source
        found = planner.drift(terms, owner)
        unmanaged = _unmanaged(stored)
        pending: tuple[Change, ...] = ()
        compared = False
        if validation is not None and validation.ok:
            desired = validation.desired
            plan = planner.plan(desired, read_source(project, desired), options)
            found = [c for c in found if not _agreed(c, desired, terms)]
            unmanaged = plan.unmanaged
            pending = tuple(c for c in plan.changes if c.reason is not Reason.DRIFT)
            compared = True
        last_apply = read_last_apply(transaction, owner)
    return DriftReport(
        database=str(database.url),
        revision=stored.base.revision,
        owner=owner,
        drift=tuple(found),
        unmanaged=unmanaged,
        pending=pending,
        not_installed=tuple(
            at
            for at, r in sorted(stored.applied.items())
            if r.domain not in planner.types and owner in (None, r.owner)
        ),
        compared=compared,
        last_apply=last_apply,
    )


def _unmanaged(stored: Stored) -> tuple[str, ...]:
    """What is live and on no record, also not under the name that it had there."""
    found = []
    for at, resource in stored.live.items():
        root = resource.root
        if address.moved(at, root, stored.renamed.get(root, root)) not in stored.applied:
            found.append(at)
    return tuple(sorted(found))


def _agreed(change: Change, desired: State, terms: Terms) -> bool:
    """Tell whether git says the same as the database by now."""
    live = change.after
    if live is None or live.address != change.address:
        # What somebody deleted or renamed, git no longer has under that name.
        if change.address in desired:
            return False
        if live is None:
            return True
    wanted = desired.get(live.address)
    return wanted is not None and live.same_values(ignoring(wanted, live, terms.ignored))
