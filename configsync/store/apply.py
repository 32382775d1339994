"""The one write path: carries a plan out in one transaction, or not at all.

Under the lock, the rows that the plan touches are read again: if one has moved
since the plan was made, nothing is done. Then come the changes, a few
statements a table; one history row for each changed resource; the record of
what was applied; one revision; and the notification of readers, all of which
the same COMMIT makes visible.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from configsync.core.errors import (
    ConfigsyncError,
    Contended,
    DatabaseError,
    OutcomeUnknown,
    StalePlan,
)
from configsync.core.jitter import uniform
from configsync.core.plan import Plan
from configsync.core.resource import ResourceType
from configsync.core.revision import Applied, Attribution, OwnerRecord
from configsync.store import chain
from configsync.store.database import Database, Transaction
from configsync.store.read import read_base
from configsync.store.recheck import (
    find_committed,
    recheck,
    require_same_database,
    require_seen,
    require_unused,
)
from configsync.store.write import Writer

DEFAULT_LOCK_TIMEOUT = 10.0
"""Seconds."""

RETRIES = 5
"""How often a transaction is run again that the database gave up for another's."""

FIRST_PAUSE = 0.1
"""Seconds before the first retry, at most; each next pause may be twice as long."""

OUTCOME_TIMEOUT = 15.0
"""Seconds in which to ask whether a COMMIT without reply happened: longer than a server takes to
restart, or to end a transaction whose client is gone."""


def apply_plan(
    database: Database,
    plan: Plan,
    types: Mapping[str, ResourceType],
    attribution: Attribution,
    lock_timeout: float = DEFAULT_LOCK_TIMEOUT,
    seen: OwnerRecord | None = None,
) -> Applied:
    """Carry out a plan; returns what the database is then at.

    A plan without changes makes no revision; what it finds unrecorded is
    recorded. ``seen`` is the record of the source that the plan's commit was
    held against. Raises StalePlan, LockTimeout or DatabaseError; then nothing
    was written, but for OutcomeUnknown, which says that it can't be told.
    """
    if plan.is_empty and (seen is None or attribution.commit in (None, seen.commit)):
        with database.reading() as transaction:
            return Applied(plan.base.revision, chain.read_head(transaction))
    name = f"configsync {attribution.source.value} by {attribution.actor}"
    _ = plan.plan_id  # Computed now, and not while others wait for the lock.
    retries = 0
    while True:
        try:
            with database.writing(lock_timeout, name) as transaction:
                return prepare(transaction, plan, types, attribution, seen).write()
        except OutcomeUnknown as lost:
            return _outcome(database, plan, types, attribution, lost)
        except Contended:
            if retries == RETRIES:
                raise
        # Not all at the same moment: those who met would meet again.
        time.sleep(FIRST_PAUSE * 2**retries * uniform(0.5, 1))
        retries += 1


def prepare(
    transaction: Transaction,
    plan: Plan,
    types: Mapping[str, ResourceType],
    attribution: Attribution,
    seen: OwnerRecord | None = None,
) -> Writer:
    """Hold a plan to what the database is now; returns what writes it. Raises StalePlan."""
    base = read_base(transaction)
    require_same_database(plan, base.database_id)
    require_unused(transaction, plan)
    owner = require_seen(transaction, attribution, seen)
    rows = recheck(transaction, plan, types)
    return Writer(transaction, plan, types, attribution, owner, rows, base.revision)


def _outcome(
    database: Database,
    plan: Plan,
    types: Mapping[str, ResourceType],
    attribution: Attribution,
    lost: OutcomeUnknown,
) -> Applied:
    """Whether a plan was committed whose COMMIT had no reply: asked, never guessed (rule 6.6).

    Who holds the lock knows that the lost transaction has ended. Returns what
    it made; raises DatabaseError if it made nothing, OutcomeUnknown if the
    database can't be asked.
    """
    deadline = time.monotonic() + OUTCOME_TIMEOUT
    while True:
        try:
            with database.writing(OUTCOME_TIMEOUT) as transaction:
                if not plan.changes:
                    # No revision tells; but to record again what is on record changes nothing.
                    return prepare(transaction, plan, types, attribution).write()
                require_same_database(plan, read_base(transaction).database_id)
                committed = find_committed(transaction, plan)
                head = chain.read_head(transaction)
            break
        except ConfigsyncError as error:
            if time.monotonic() > deadline or isinstance(error, StalePlan):
                raise OutcomeUnknown(
                    f"{lost} Whether the plan was applied is unknown: the database can't be asked. "
                    "Run the same command again: what was applied is not applied twice."
                ) from error
        time.sleep(FIRST_PAUSE)
    if committed is None:
        raise DatabaseError(f"{lost} The plan was not applied, and nothing was changed. Try again.")
    return Applied(committed[0], head)
