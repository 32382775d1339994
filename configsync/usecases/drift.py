"""Drift: what someone changed in the database past configsync."""

from __future__ import annotations

from dataclasses import dataclass

from configsync.core.plan import Change, PlanOptions, Reason
from configsync.core.resource import State
from configsync.kinds import resource_types
from configsync.source.project import Project, Target
from configsync.store.database import Database
from configsync.usecases.plan import Planner, read_source, read_stored
from configsync.usecases.validate import Validation


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What was found.

    ``drift`` has resources as applied (``before``) and as they are live
    (``after``); what git says too by now is none. ``unmanaged`` are live
    resources that no source owns, ``pending`` what git would change.
    ``owner`` is the source whose resources were looked at, None for all.
    """

    database: str
    revision: int
    owner: str | None
    drift: tuple[Change, ...]
    unmanaged: tuple[str, ...]
    pending: tuple[Change, ...] = ()


def find_drift(
    project: Project, target: Target, database: Database, validation: Validation | None
) -> DriftReport:
    """Compare what is live with what was applied last, row by row.

    With the repository's ``validation``, only what its source owns is looked
    at, and what git would change is told apart; without one, all that any
    source owns. Raises DatabaseError.
    """
    types = resource_types()
    with database.reading() as transaction:
        stored = read_stored(transaction, types)
        planner = Planner(project, target, transaction, stored)
        options = PlanOptions()
        if validation is None:
            found = planner.drift(planner.terms(options), owner=None)
            unmanaged = tuple(sorted(set(stored.live) - set(stored.applied)))
            return DriftReport(
                str(database.url), stored.base.revision, None, tuple(found), unmanaged
            )
        found = planner.drift(planner.terms(options), owner=project.source)
        plan = planner.plan(validation.desired, read_source(project, validation.desired), options)
    return DriftReport(
        database=str(database.url),
        revision=stored.base.revision,
        owner=project.source,
        drift=tuple(c for c in found if not _agreed(c, validation.desired)),
        unmanaged=plan.unmanaged,
        pending=tuple(c for c in plan.changes if c.reason is not Reason.DRIFT),
    )


def _agreed(change: Change, desired: State) -> bool:
    """Tell whether git says the same as the database by now."""
    wanted = desired.get(change.address if change.after is None else change.after.address)
    if change.after is None or wanted is None:
        return change.after is None and wanted is None
    return bool(change.after.same_values(wanted))
