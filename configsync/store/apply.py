"""The one write path: carries a plan out in one transaction, or not at all.

Under the lock, the rows that the plan touches are read again: if one has moved
since the plan was made, nothing is done. Then come the changes, a few
statements a table; one history row for each changed resource; the record of
what was applied; one revision; and the notification of readers, all of which
the same COMMIT makes visible.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from configsync.core import address
from configsync.core.errors import (
    ConfigsyncError,
    Contended,
    DatabaseError,
    OutcomeUnknown,
    StalePlan,
)
from configsync.core.plan import Action, Change, Plan, Reason
from configsync.core.resource import Resource, ResourceType
from configsync.core.revision import Applied, Attribution, RevisionSource
from configsync.core.values import Json, canonical_json
from configsync.plan.order import losing_default, vacating
from configsync.store import chain, sql
from configsync.store.database import Database, Transaction
from configsync.store.owners import OwnerRecord, read_owner, write_owner
from configsync.store.read import LiveRow, read_applied, read_base, read_rows
from configsync.store.writers import told

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
                return _carry_out(transaction, plan, types, attribution, seen)
        except OutcomeUnknown as lost:
            return _outcome(database, plan, types, attribution, lost)
        except Contended:
            if retries == RETRIES:
                raise
        # Not all at the same moment: those who met would meet again.
        time.sleep(FIRST_PAUSE * 2**retries * random.uniform(0.5, 1))  # noqa: S311
        retries += 1


def _carry_out(
    transaction: Transaction,
    plan: Plan,
    types: Mapping[str, ResourceType],
    attribution: Attribution,
    seen: OwnerRecord | None,
) -> Applied:
    base = read_base(transaction)
    _require_same_database(plan, base.database_id)
    require_unused(transaction, plan)
    owner = _require_seen(transaction, attribution, seen)
    rows = _recheck(transaction, plan, types)
    return _Writer(transaction, plan, types, attribution, owner, rows, base.revision).write()


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
                    return _carry_out(transaction, plan, types, attribution, None)
                _require_same_database(plan, read_base(transaction).database_id)
                committed = _committed(transaction, plan)
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


def _require_same_database(plan: Plan, database_id: str) -> None:
    if database_id != plan.base.database_id:
        raise StalePlan(
            f"The plan was made for the database {plan.base.database_id}, this one is "
            f"{database_id}. Nothing was changed; plan again."
        )


def require_unused(transaction: Transaction, plan: Plan) -> None:
    """Raise StalePlan if a plan was committed: it is at most once (rule 6.5)."""
    used = _committed(transaction, plan) if plan.changes else None
    if used is not None:
        revision, actor = used
        raise StalePlan(f"The plan was already applied, as revision {revision} by {actor}.")


def _committed(transaction: Transaction, plan: Plan) -> tuple[int, str] | None:
    """The revision that a plan made and its actor; None if it made none."""
    query = "SELECT revision, actor FROM config_revisions WHERE plan_digest = ?"
    rows = transaction.rows(query, plan.plan_id)
    return (int(rows[0][0]), str(rows[0][1])) if rows else None


def _require_seen(
    transaction: Transaction, about: Attribution, seen: OwnerRecord | None
) -> OwnerRecord:
    """An older commit never applies over a newer one that came in between (rule 6.8)."""
    if about.owner is None:
        return OwnerRecord()
    owner = read_owner(transaction, about.owner)
    if seen is not None and owner != seen:
        raise StalePlan(
            f"The source {about.owner} was applied from another commit meanwhile, {owner.commit}. "
            "Nothing was changed; plan again."
        )
    return owner


def _recheck(
    transaction: Transaction, plan: Plan, types: Mapping[str, ResourceType]
) -> dict[str, LiveRow]:
    """Read the rows that the plan touches, and hold them to what it was made for (rule 6.4).

    Returns them by live address.
    """
    touched = [r for c in plan.changes for r in (c.before, c.after) if r is not None]
    roots = {c.address: c.before.address for c in plan.changes if c.before is not None}
    records = [_below(r, roots.get(r.root, r.root)) for r in plan.records]
    rows = read_rows(transaction, types, [*touched, *records])
    left = {c.before.address for c in plan.changes if c.before is not None}
    moved = []
    for change in plan.changes:
        if change.before is not None:
            row = rows.get(change.before.address)
            if row is None or not row.resource.same_values(change.before):
                moved.append(change.before.address)
        elif change.address in rows and change.address not in left:
            moved.append(change.address)
    for record in records:
        row = rows.get(record.address)
        if row is None or not row.resource.same_values(record):
            moved.append(record.address)
    if moved:
        raise StalePlan(
            "The database has changed since the plan was made: "
            f"{told(transaction, moved, plan.base.revision)}. "
            "Nothing was changed; plan again."
        )
    return rows


def _below(resource: Resource, root: str) -> Resource:
    """A resource where its row is while its root has another name."""
    if resource.parent in (None, root):
        return resource
    at = address.moved(resource.address, resource.root, root)
    return replace(resource, address=at, parent=root)


@dataclass(slots=True)
class _Writer:
    """Writes one plan within one transaction."""

    transaction: Transaction
    plan: Plan
    types: Mapping[str, ResourceType]
    attribution: Attribution
    owner: OwnerRecord
    rows: dict[str, LiveRow]
    revision: int
    now: str = ""

    def write(self) -> Applied:
        self.now = self.transaction.now()
        if self.plan.changes:
            self.revision += 1
            self._vacate()
            self._update()
            self._insert()
            self._touch()
            contents = self._insert_history()
            self._delete()
            # Last, since its digest covers its history.
            self._insert_revision(contents)
            self.transaction.notify(self.revision)
        self._record()
        self._record_commit()
        return Applied(self.revision, chain.read_head(self.transaction))

    def _insert_revision(self, contents: Mapping[str, str]) -> None:
        about = self.attribution
        revision = {
            "revision": self.revision,
            "source": about.source.value,
            "commit_id": about.commit,
            "dirty": about.dirty,
            "author": about.author,
            "actor": about.actor,
            "owner": about.owner,
            "planned_commit_id": about.planned_commit,
            "to_revision": about.to_revision,
            "plan_digest": self.plan.plan_id,
            "created_at": self.now,
        }
        row = chain.seal(self.transaction, revision, contents)
        self.transaction.run(
            f"INSERT INTO config_revisions ({', '.join(row)}) "
            f"VALUES ({', '.join('?' for _ in row)})",
            *row.values(),
        )

    def _vacate(self) -> None:
        """Clear defaults and give up names that others take, so that no statement collides."""
        for type_, changes in self._by_type(losing_default(self.plan.changes, self.types)):
            assert type_.default is not None
            rows = [self._row(c, {type_.default: False}) for c in changes]
            self._execute(sql.update(type_, self.transaction.dialect, [type_.default]), rows)
        for type_, changes in self._by_type(vacating(self.plan.changes, self.types)):
            column = type_.key[-1]
            # No name may begin with a control character, so these collide with none.
            rows = [self._row(c, {column: f"\x01{self._id(c)}"}) for c in changes]
            self._execute(sql.update(type_, self.transaction.dialect, [column]), rows)

    def _update(self) -> None:
        changed = [c for c in self.plan.changes if c.before and c.after]
        for type_, changes in self._by_type(changed):
            rows = [self._row(c, c.resource.values) for c in changes]
            self._execute(sql.update(type_, self.transaction.dialect, type_.names), rows)

    def _insert(self) -> None:
        for type_, changes in self._by_type(self._of(Action.CREATE)):
            rows = [
                {
                    **c.resource.values,
                    **sql.keys(type_, c.resource),
                    **({"by": self.attribution.actor, "at": self.now} if type_.audit else {}),
                }
                for c in changes
            ]
            self._execute(sql.insert(type_, self.transaction.dialect), rows)

    def _touch(self) -> None:
        """Rows with audit columns note a change of theirs or of their parts."""
        ids: dict[str, set[int]] = {}
        for change in self.plan.changes:
            row = self.rows.get(change.before.address) if change.before else None
            if row is None:
                continue
            type_ = self.types[change.domain]
            root = type_.parent or type_
            if root.audit:
                row_id = row.row_id if row.parent_id is None else row.parent_id
                ids.setdefault(root.domain, set()).add(row_id)
        for domain, touched in ids.items():
            rows: list[dict[str, Json]] = [
                {sql.ROW_ID: i, "by": self.attribution.actor, "at": self.now}
                for i in sorted(touched)
            ]
            self._execute(sql.touch(self.types[domain], self.transaction.dialect), rows)

    def _delete(self) -> None:
        """Parts first, so that nothing is left to a cascade."""
        for type_, changes in reversed(list(self._by_type(self._of(Action.DELETE)))):
            rows = [self._row(c, {}) for c in changes]
            self._execute(sql.delete(type_, self.transaction.dialect), rows)

    def _insert_history(self) -> dict[str, str]:
        """One row for each changed resource (rule 6.2), while the deleted ones still have ids.

        Returns the digest of each row's content, by address.
        """
        dialect = self.transaction.dialect
        records = dialect.recordset(
            [
                ("address", "text"),
                ("profile_id", "integer"),
                ("profile", "text"),
                ("domain", "text"),
                ("action", "text"),
                ("changes", dialect.json),
                ("snapshot", dialect.json),
                ("by", "text"),
                ("at", "timestamptz"),
                ("position", "integer"),
            ],
            "r",
        )
        statement = (
            "INSERT INTO config_history (revision, address, profile_id, domain, action, "
            "changed_by, changes, snapshot, timestamp) "
            f"SELECT {self.revision}, r.address, coalesce(r.profile_id, p.id), r.domain, "
            'r.action, r."by", r.changes, r.snapshot, r."at" '
            f"FROM {records} LEFT JOIN config_profiles p ON p.name = r.profile "
            'ORDER BY r."position"'
        )
        contents: dict[str, str] = {}
        sql.execute_spelled(self.transaction, statement, self._history_rows(contents))
        return contents

    def _history_rows(self, contents: dict[str, str]) -> Iterator[str]:
        """Each change as JSON; the digest of what its row will hold goes into ``contents``."""
        for position, change in enumerate(self.plan.changes):
            content = canonical_json(
                {
                    "address": change.address,
                    "domain": change.domain,
                    "action": change.action.value,
                    "changes": {k: {"old": o, "new": n} for k, (o, n) in change.fields.items()},
                    "snapshot": change.resource.values,
                }
            )
            contents[change.address] = chain.content_digest(content)
            more = canonical_json({**self._history_of(change), "position": position})
            # Two objects made one, so that long texts are spelled once.
            yield f"{more[:-1]},{content[1:]}"

    def _history_of(self, change: Change) -> dict[str, Json]:
        """By whom and when, and the profile: by its id, or by its name where it is new."""
        type_ = self.types[change.domain]
        root = type_.parent or type_
        row = self.rows.get(change.before.address) if change.before else None
        profile_id: int | None = None
        profile: str | None = None
        if root.domain == "profile":
            profile = address.split(change.address)[1]
            if row is not None:
                profile_id = row.row_id if row.parent_id is None else row.parent_id
        return {
            "profile_id": profile_id,
            "profile": profile,
            "by": self.attribution.actor,
            "at": self.now,
        }

    def _record(self) -> None:
        """Keep what was applied: the base of the next three-way diff."""
        changed = [c.after for c in self.plan.changes if c.after is not None]
        written = [r for r in (*changed, *self.plan.records) if r.owner is not None]
        # By the names on record, which may be others than those that someone gave by hand.
        moves = {
            address.join(c.domain, c.after.renamed_from): c.address
            for c in self.plan.changes
            if c.reason is Reason.RENAME and c.after is not None and c.after.renamed_from
        }
        parts = list(read_applied(self.transaction, self.types, moves).values())
        deleted = [c for c in self.plan.changes if c.before and c.after is None]
        # What was renamed past configsync has another address than its record.
        gone = [at for c in deleted if c.before for at in (c.before.address, c.address)]
        self._forget([*gone, *self.plan.forgotten, *(r.address for r in parts)])
        dropped = {*(c.address for c in deleted), *self.plan.forgotten}
        self._remember(self._moved(parts, moves, dropped))
        self._remember(written)

    def _moved(
        self, parts: list[Resource], moves: dict[str, str], dropped: set[str]
    ) -> Iterator[Resource]:
        for resource in parts:
            at = address.moved(resource.address, resource.root, moves[resource.root])
            if at not in dropped:
                yield Resource(
                    at,
                    resource.domain,
                    resource.values,
                    owner=resource.owner,
                    location=resource.location,
                    renamed_from=resource.renamed_from,
                    prevent_destroy=resource.prevent_destroy,
                    labels=resource.labels,
                )

    def _record_commit(self) -> None:
        """Which commit the source is at; what a rollback took back, it holds."""
        about, owner = self.attribution, self.owner
        if about.owner is None:
            return
        if about.source is RevisionSource.ROLLBACK:
            held = OwnerRecord(owner.commit, owner.commit or owner.held)
            write_owner(self.transaction, about.owner, held)
        elif about.commit is not None and owner != OwnerRecord(about.commit):
            write_owner(self.transaction, about.owner, OwnerRecord(about.commit))

    def _forget(self, addresses: Iterable[str]) -> None:
        records = self.transaction.dialect.recordset([("address", "text")], "r")
        self._execute(
            f"DELETE FROM config_resources WHERE address IN (SELECT r.address FROM {records})",
            ({"address": a} for a in addresses),
        )

    def _remember(self, resources: Iterable[Resource]) -> None:
        dialect = self.transaction.dialect
        columns = [
            ("address", "text"),
            ("domain", "text"),
            ("owner", "text"),
            ("applied", dialect.json),
            ("prevent_destroy", "boolean"),
            ("renamed_from", "text"),
            ("file", "text"),
            ("line", "integer"),
            ("labels", dialect.json),
        ]
        names = ", ".join(name for name, _ in columns)
        renewed = ", ".join(f"{n} = excluded.{n}" for n, _ in columns[1:])
        # SQLite takes ON for a join condition unless a WHERE stands before it.
        statement = (
            f"INSERT INTO config_resources ({names}, revision) "
            f"SELECT {', '.join('r.' + n for n, _ in columns)}, {self.revision} "
            f"FROM {dialect.recordset(columns, 'r')} WHERE true "
            f"ON CONFLICT (address) DO UPDATE SET {renewed}, revision = excluded.revision"
        )
        self._execute(statement, (_applied_row(r) for r in resources))

    def _by_type(self, changes: Iterable[Change]) -> Iterator[tuple[ResourceType, list[Change]]]:
        """Group changes by type, parents before their parts."""
        groups: dict[str, list[Change]] = {}
        for change in changes:
            groups.setdefault(change.domain, []).append(change)
        for domain, type_ in self.types.items():
            if domain in groups:
                yield type_, groups[domain]

    def _of(self, action: Action) -> list[Change]:
        return [c for c in self.plan.changes if c.action is action]

    def _id(self, change: Change) -> int:
        assert change.before is not None
        return self.rows[change.before.address].row_id

    def _row(self, change: Change, values: Mapping[str, Json]) -> dict[str, Json]:
        return {sql.ROW_ID: self._id(change), **values}

    def _execute(self, statement: str, rows: Iterable[dict[str, Json]]) -> None:
        sql.execute(self.transaction, statement, rows)


def _applied_row(resource: Resource) -> dict[str, Json]:
    location = resource.location
    return {
        "address": resource.address,
        "domain": resource.domain,
        "owner": resource.owner,
        "applied": resource.values,
        "prevent_destroy": resource.prevent_destroy,
        "renamed_from": resource.renamed_from,
        "file": location.file if location else None,
        "line": location.line if location else None,
        "labels": None if resource.labels is None else dict(resource.labels),
    }
