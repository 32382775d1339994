"""Saved plans: what was reviewed is what is applied."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from configsync.core.diagnostic import Severity
from configsync.core.errors import ConfigsyncError, Refused, StalePlan
from configsync.core.plan import Base, Change, Plan
from configsync.core.sealed import is_sealed
from configsync.plan.document import from_document
from configsync.source.project import Project, Target
from configsync.store.authorship import told
from configsync.store.database import Database
from configsync.store.read import read_base
from configsync.store.recheck import require_unused
from configsync.usecases.given import read_given
from configsync.usecases.plan import make_plan
from configsync.usecases.rollback import plan_rollback
from configsync.usecases.validate import Validation


def read_plan(file: Path) -> Plan:
    """The plan in a file, to be shown. Raises UsageError if it is none, Refused if edited."""
    return from_document(read_given(file, "a plan file"), str(file))


def remake_plan(
    project: Project, target: Target, database: Database, validation: Validation, saved: Plan
) -> Plan:
    """The saved plan, made again from the checkout and the database as they are now.

    Changes elsewhere in the database don't matter. Raises StalePlan, saying
    what moved, unless the two do the same, and Refused where a policy stands
    against either.
    """
    _require_same_source(project, validation, saved)
    return _remade(
        database,
        saved,
        lambda only: make_plan(project, target, database, validation, saved.options, only),
    )


def remake_rollback(project: Project, target: Target, database: Database, saved: Plan) -> Plan:
    """The saved rollback, made again from the database as it is now; as `remake_plan`."""
    if project.source != saved.source.id:
        raise _other_source(project, saved)
    to = str(saved.options.to_revision)
    return _remade(
        database,
        saved,
        lambda only: plan_rollback(project, target, database, to, saved.options, only),
    )


def _remade(database: Database, saved: Plan, make: Callable[[frozenset[str]], Plan]) -> Plan:
    for found in saved.diagnostics:
        if found.severity is Severity.ERROR:
            raise Refused(f"{found.code}: {found.summary}. Nothing was changed; plan again.")
    with database.reading() as transaction:
        _require_same_database(saved, read_base(transaction))
        require_unused(transaction, saved)
    changes = saved.changes or saved.drift
    now = make(frozenset(c.address for c in changes))
    if now.plan_id != saved.plan_id:
        raise _stale(database, saved, now)
    return now


def _other_source(project: Project, saved: Plan) -> StalePlan:
    return StalePlan(
        f"The plan was made for the source {saved.source.id}, this is {project.source}."
    )


def _require_same_source(project: Project, validation: Validation, saved: Plan) -> None:
    if project.source != saved.source.id:
        raise _other_source(project, saved)
    if validation.desired.digest() != saved.source.digest:
        commit = f" (commit {saved.source.commit})" if saved.source.commit else ""
        raise StalePlan(
            f"The plan was made from other files{commit} than those that are checked out here. "
            "Nothing was changed; check out what was planned, or plan again."
        )


def _require_same_database(saved: Plan, now: Base) -> None:
    if saved.base.database_id != now.database_id:
        raise StalePlan(
            f"The plan was made for the database {saved.base.database_id}, this one is "
            f"{now.database_id}. Nothing was changed."
        )
    if saved.base.schema_version != now.schema_version:
        raise StalePlan(
            f"The plan was made at schema version {saved.base.schema_version}, the database is at "
            f"{now.schema_version}. Nothing was changed; plan again."
        )


def _stale(database: Database, saved: Plan, now: Plan) -> ConfigsyncError:
    """What has moved since a plan was saved, and by whom."""
    one, other = ({c.address: c for c in p.changes or p.drift} for p in (saved, now))
    moved = [at for at in {**one, **other} if _differ(one.get(at), other.get(at))]
    if saved.drift and not now.drift:
        return StalePlan("What the plan would record is on record already.")
    if not moved:
        return StalePlan("The plan is not the one that these files and this database give.")
    given = [at for at in moved if _given_otherwise(one.get(at), other.get(at))]
    if given == moved:
        return StalePlan(
            f"{', '.join(moved)} would not be given the value that the plan was made with: the "
            "environment holds another one, or none. Nothing was changed; plan again, or give it "
            "that value."
        )
    with database.reading() as transaction:
        named = told(transaction, moved, saved.base.revision)
    return StalePlan(
        f"The database has changed since the plan was made: {named}. "
        "Nothing was changed; plan again."
    )


def _given_otherwise(one: Change | None, other: Change | None) -> bool:
    """Tell whether two changes differ only in the sensitive value that is given."""
    if one is None or not any(is_sealed(new) for _, new in one.fields.values()):
        return False
    if other is None:
        return True
    names = one.fields.keys() | other.fields.keys()
    absent = (None, None)
    pairs = [(one.fields.get(n, absent), other.fields.get(n, absent)) for n in names]
    same_before = all(a[0] == b[0] for a, b in pairs)
    return same_before and all(a == b or (is_sealed(a[1]) and is_sealed(b[1])) for a, b in pairs)


def _differ(one: Change | None, other: Change | None) -> bool:
    if one is None or other is None:
        return True
    return (one.action, one.version, one.fields) != (other.action, other.version, other.fields)
