"""What holds a plan to the database as it is under the lock, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from configsync.core.errors import StalePlan
from configsync.core.plan import Plan
from configsync.core.published import version_number
from configsync.core.resource import ResourceType, root_address
from configsync.core.revision import Attribution, OwnerRecord
from configsync.core.values import canonical_json
from configsync.store import sql
from configsync.store.authorship import told
from configsync.store.database import Transaction
from configsync.store.owners import read_owner
from configsync.store.published import read_published
from configsync.store.read import LiveRow, read_parts, read_rows, read_uses


def require_same_database(plan: Plan, database_id: str) -> None:
    """Raise StalePlan if a plan was made for another database."""
    if database_id != plan.base.database_id:
        raise StalePlan(
            f"The plan was made for the database {plan.base.database_id}, this one is "
            f"{database_id}. Nothing was changed; plan again."
        )


def require_unused(transaction: Transaction, plan: Plan) -> None:
    """Raise StalePlan if a plan was committed: it is at most once (rule 6.5)."""
    used = find_committed(transaction, plan) if plan.changes else None
    if used is not None:
        revision, actor = used
        raise StalePlan(f"The plan was already applied, as revision {revision} by {actor}.")


def find_committed(transaction: Transaction, plan: Plan) -> tuple[int, str] | None:
    """The revision that a plan made and its actor; None if it made none."""
    query = "SELECT revision, actor FROM config_revisions WHERE plan_digest = ?"
    rows = transaction.rows(query, plan.plan_id)
    return (int(rows[0][0]), str(rows[0][1])) if rows else None


def require_seen(
    transaction: Transaction, about: Attribution, seen: OwnerRecord | None
) -> OwnerRecord:
    """The record of the source; raises StalePlan if it isn't what the commit was held against.

    So an older commit never applies over a newer one that came in between (rule 6.8).
    """
    if about.owner is None:
        return OwnerRecord()
    owner = read_owner(transaction, about.owner)
    if seen is not None and owner != seen:
        raise StalePlan(
            f"The source {about.owner} was applied from another commit meanwhile, {owner.commit}. "
            "Nothing was changed; plan again."
        )
    return owner


def recheck(
    transaction: Transaction, plan: Plan, types: Mapping[str, ResourceType]
) -> dict[str, LiveRow]:
    """Read the rows that the plan touches, and hold them to what it was made for (rule 6.4).

    Returns them by live address. Raises StalePlan if one has moved, or has
    another owner, or if a delete would take with it what came in between.
    """
    changes = (*plan.changes, *plan.records)
    touched = [r for c in changes for r in (c.before, c.after) if r is not None]
    rows = read_rows(transaction, types, touched)
    left = {c.before.address for c in plan.changes if c.before is not None}
    moved = []
    for change in changes:
        if change.before is not None:
            row = rows.get(change.before.address)
            if row is None or not row.resource.same_values(change.before):
                moved.append(change.before.address)
        elif change.address in rows and change.address not in left:
            moved.append(change.address)
    moved += _of_others(transaction, plan, types)
    moved += _published_otherwise(transaction, plan, types)
    moved += _used_since(transaction, plan)
    if not moved:
        moved += _cut_off(transaction, plan, types)
    if moved:
        raise StalePlan(
            "The database has changed since the plan was made: "
            f"{told(transaction, moved, plan.base.revision)}. "
            "Nothing was changed; plan again."
        )
    return rows


def _of_others(
    transaction: Transaction, plan: Plan, types: Mapping[str, ResourceType]
) -> Iterator[str]:
    """What another source has come to own, or to protect from deletion (rule 6.13).

    A plan of no source, a service's, owns nothing and may change what any does.
    """
    deleted = {c.before.address for c in plan.changes if c.before and c.after is None}
    theirs = (
        "SELECT o.address, o.owner, o.prevent_destroy FROM "
        f"{transaction.dialect.recordset([('address', 'text')], 'r')} "
        "JOIN config_resources o ON o.address = r.address"
    )
    addresses = {c.before.address for c in plan.changes if c.before is not None}
    for chunk in sql.chunks(canonical_json({"address": at}) for at in sorted(addresses)):
        for at, owner, protected in transaction.rows(theirs, chunk):
            foreign = plan.source.id not in ("", owner) and not plan.options.take_ownership
            root = root_address(at, types) == at
            if foreign or (at in deleted and protected and root):
                yield at


def _used_since(transaction: Transaction, plan: Plan) -> Iterator[str]:
    """What the plan deletes or renames, and another resource has come to use."""
    touched = (*plan.changes, *plan.records)
    going = {c.before.address for c in plan.changes if c.before and c.after is None}
    going |= {c.previous_address for c in plan.changes if c.previous_address}
    if not going:
        return
    settled = {c.address for c in touched} | {c.before.address for c in touched if c.before}
    for user, uses in read_uses(transaction).items():
        if user not in settled:
            yield from sorted(going & set(uses))


def _published_otherwise(
    transaction: Transaction, plan: Plan, types: Mapping[str, ResourceType]
) -> Iterator[str]:
    """Versions that the plan would publish, and that somebody else has, with other content."""
    wanted = []
    for change in plan.changes:
        versions = types[change.domain].versions
        number = version_number(change.resource, types)
        if change.after and versions and number and versions.number in change.fields:
            at = (change.previous_address or change.address, number)
            wanted.append((at, versions, change))
    published = read_published(transaction, types, (at for at, _, _ in wanted))
    for at, versions, change in wanted:
        there = published.rows.get(at)
        if there and any(there[n] != change.resource.values[n] for n in versions.content):
            yield change.address


def _cut_off(
    transaction: Transaction, plan: Plan, types: Mapping[str, ResourceType]
) -> Iterator[str]:
    """Parts that came since the plan was made, and would go with a parent that it deletes.

    Raises StalePlan if a parent would be left without a part that it requires,
    the others having gone since.
    """
    going = {c.before.address: c.before for c in plan.changes if c.before and c.after is None}
    if not going:
        return
    now = read_parts(transaction, types, {r.root for r in going.values()})
    former = {c.address: c.previous_address for c in plan.changes if c.previous_address}
    coming = {
        (c.domain, former.get(c.after.parent, c.after.parent))
        for c in plan.changes
        if c.before is None and c.after is not None and c.after.parent is not None
    }
    kept = coming | {(part.domain, part.parent) for part in now if part.address not in going}
    for part in now:
        if part.parent in going and part.address not in going:
            yield part.address
    for part in going.values():
        lonely = types[part.domain].required and (part.domain, part.parent) not in kept
        if lonely and part.parent not in going:
            raise StalePlan(
                f"The database has changed since the plan was made: without {part.address}, "
                f"{part.parent} would have no {part.domain} any more. "
                "Nothing was changed; plan again."
            )
