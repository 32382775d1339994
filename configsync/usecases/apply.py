"""Apply: carry out a plan in the name of someone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from configsync.core.diagnostic import Severity
from configsync.core.errors import Refused
from configsync.core.plan import Plan
from configsync.core.revision import Actor, Applied, Attribution, RevisionSource
from configsync.kinds import resource_types
from configsync.store.apply import apply_plan
from configsync.store.database import Database
from configsync.store.owners import read_owner
from configsync.usecases.commits import too_old


def apply(
    database: Database,
    plan: Plan,
    actor: Actor,
    lock_timeout: float,
    *,
    root: Path,
    planned_commit: str | None = None,
    allow_older: bool = False,
) -> Applied:
    """Apply a plan from git; returns what the database is then at.

    ``root`` is the folder of the project that the plan comes from,
    ``planned_commit`` the commit that a saved plan was made from. Raises
    Refused if a policy stands against it, or its commit is older than the
    applied one and ``allow_older`` is not given; StalePlan, LockTimeout or
    DatabaseError; in each case nothing was written.
    """
    against = [d for d in plan.diagnostics if d.severity is Severity.ERROR]
    if against:
        raise Refused(f"{against[0].code}: {against[0].summary}.")
    attribution = attribute(plan, actor, planned_commit)
    with database.reading() as transaction:
        seen = read_owner(transaction, plan.source.id)
    refused = too_old(root, plan.source.commit, seen)
    if refused is not None:
        if not plan.is_empty and not allow_older:
            raise Refused(f"{refused.code}: {refused.summary}. {refused.help}")
        if plan.is_empty:
            # Nothing is written, so nothing is undone, and the newer commit stays on record.
            attribution = replace(attribution, commit=None)
    return apply_plan(database, plan, resource_types(), attribution, lock_timeout, seen)


def attribute(plan: Plan, actor: Actor, planned_commit: str | None = None) -> Attribution:
    """Who and what stands behind a plan from git."""
    return Attribution(
        source=RevisionSource.APPLY,
        actor=actor.name,
        actor_source=actor.source,
        commit=plan.source.commit,
        dirty=plan.source.dirty,
        author=plan.source.author,
        owner=plan.source.id,
        planned_commit=planned_commit,
    )
