"""Writes a plan that holds: rows, history, the revision, the record of what was applied.

A few statements a table, whatever the number of changes; within each step every
constraint holds after every statement, unless it is deferred to COMMIT.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from configsync.core import address
from configsync.core.errors import Refused
from configsync.core.plan import Action, Change, Plan, Reason
from configsync.core.resource import Resource, ResourceType, root_address
from configsync.core.revision import Applied, Attribution, OwnerRecord, RevisionSource
from configsync.core.sealed import is_sealed
from configsync.core.values import Json, Row, canonical_json
from configsync.plan.order import losing_default, vacating
from configsync.store import chain, sql
from configsync.store.database import Transaction
from configsync.store.owners import write_owner
from configsync.store.read import LiveRow, read_applied, read_row_ids


@dataclass(slots=True)
class Writer:
    """Writes one plan within one transaction, over the newest revision."""

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
            was = self._root_ids(c.before.address for c in self.plan.changes if c.before)
            self._vacate()
            self._rekey()
            self._update()
            self._insert()
            self._touch()
            contents = self._insert_history(was)
            self._delete()
            # Last, since its digest covers its history.
            self._insert_revision(contents)
            self.transaction.notify(self.revision)
        if self.attribution.source is not RevisionSource.SERVICE:
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
            "actor_source": about.actor_source and about.actor_source.value,
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
            if type_.versions is None:
                column = type_.key[-1]
                rows = [self._row(c, {column: self._vacated(c)}) for c in changes]
                self._execute(sql.update(type_, self.transaction.dialect, [column]), rows)

    def _vacated(self, change: Change) -> str:
        """A name that is free: no other may begin with a control character."""
        return f"\x01{self._id(change)}"

    def _rekey(self) -> None:
        """Rename what has versions with all of them."""
        renamed = [c for c in self.plan.changes if c.after and c.previous_address]
        renamed = [c for c in renamed if c.resource.parent is None]
        dialect = self.transaction.dialect
        for type_, changes in self._by_type(renamed):
            if type_.versions:
                key = type_.key[0]
                pairs = [(c, c.before.values[key]) for c in changes if c.before]
                away = [{sql.OF: c.address, "old": n, "key": self._vacated(c)} for c, n in pairs]
                self._execute(sql.rekey(type_, dialect), away)
                back: list[dict[str, Json]] = [
                    {
                        sql.OF: c.address,
                        "old": self._vacated(c),
                        "key": c.resource.values[key],
                    }
                    for c, _ in pairs
                ]
                self._execute(sql.rekey(type_, dialect), back)

    def _update(self) -> None:
        changed = [c for c in self.plan.changes if c.before and c.after]
        for type_, changes in self._by_type(changed):
            names = list(type_.names)
            if type_.versions:
                # Another version takes the place of the one before, and each stays as published.
                fixed = (type_.versions.number, *type_.versions.content)
                names = [n for n in names if n not in fixed]
                number = type_.versions.number
                going = [c for c in changes if number in c.fields]
                self._deactivate(type_, going)
                self._insert_rows(type_, going)
                changes = [c for c in changes if number not in c.fields]
            for written, of in self._writable(type_, names, changes):
                stays = type_.sealed not in written
                rows = [
                    self._row(c, c.resource.values if stays else _true_values(type_, c.resource))
                    for c in of
                ]
                self._execute(sql.update(type_, self.transaction.dialect, written), rows)

    def _writable(
        self, type_: ResourceType, names: list[str], changes: list[Change]
    ) -> Iterator[tuple[list[str], list[Change]]]:
        """The columns that are written of some changes: a secret that doesn't change is none."""
        if type_.sensitive is None:
            yield names, changes
            return
        known = [c for c in changes if not _stays(type_, c)]
        yield [*names, type_.sensitive], known
        yield [n for n in names if n != type_.sealed], [c for c in changes if c not in known]

    def _insert(self) -> None:
        for type_, changes in self._by_type(self._of(Action.CREATE)):
            if type_.active and type_.parent is None:
                self._clear(type_, changes)
            self._insert_rows(type_, changes)

    def _clear(self, root: ResourceType, changes: Iterable[Change]) -> None:
        """Leave nothing below rows that are to be activated."""
        key = root.key[0]
        rows = [{sql.OF: c.address, sql.PARENT_KEY: c.resource.values[key]} for c in changes]
        for part in self.types.values():
            if part.parent == root:
                self._execute(sql.clear(part, self.transaction.dialect), rows)

    def _insert_rows(self, type_: ResourceType, changes: Iterable[Change]) -> None:
        stamp = {"by": self.attribution.actor, "at": self.now} if sql.stamped(type_) else {}
        rows = [
            {
                sql.OF: c.address,
                **_true_values(type_, c.resource),
                **sql.keys(type_, c.resource),
                **stamp,
            }
            for c in changes
        ]
        self._execute(sql.insert(type_, self.transaction.dialect), rows)

    def _deactivate(self, type_: ResourceType, changes: Iterable[Change]) -> None:
        rows = (self._row(c, {"at": self.now}) for c in changes)
        self._execute(sql.deactivate(type_, self.transaction.dialect), rows)

    def _touch(self) -> None:
        """Rows with audit columns note a change of theirs or of their parts."""
        ids: dict[str, dict[int, str]] = {}
        for change in self.plan.changes:
            row = self.rows.get(change.before.address) if change.before else None
            if row is None:
                continue
            type_ = self.types[change.domain]
            root = type_.parent or type_
            if root.audit:
                row_id = row.row_id if row.parent_id is None else row.parent_id
                ids.setdefault(root.domain, {}).setdefault(row_id, change.address)
        for domain, touched in ids.items():
            rows: list[dict[str, Json]] = [
                {sql.OF: at, sql.ROW_ID: i, "by": self.attribution.actor, "at": self.now}
                for i, at in sorted(touched.items())
            ]
            self._execute(sql.touch(self.types[domain], self.transaction.dialect), rows)

    def _delete(self) -> None:
        """Parts first, so that nothing is left to a cascade."""
        for type_, changes in reversed(list(self._by_type(self._of(Action.DELETE)))):
            if type_.active and not self.plan.options.purge:
                self._deactivate(type_, changes)
                continue
            rows = [self._row(c, {}) for c in changes]
            self._execute(sql.delete(type_, self.transaction.dialect), rows)

    def _insert_history(self, was: Mapping[str, int]) -> dict[str, str]:
        """One row for each changed resource (rule 6.2), while the deleted ones still have ids.

        ``was`` has the ids of the roots that there were, by their addresses then.
        Returns the digest of each row's content, by address.
        """
        dialect = self.transaction.dialect
        columns = [
            ("address", "text"),
            ("root_id", "integer"),
            ("profile_id", "integer"),
            ("domain", "text"),
            ("action", "text"),
            ("changed_by", "text"),
            ("changes", dialect.json),
            ("snapshot", dialect.json),
            ("timestamp", "timestamptz"),
        ]
        names = ", ".join(f'"{name}"' for name, _ in columns)
        taken = ", ".join(f'r."{name}"' for name, _ in columns)
        records = dialect.recordset([*columns, ("position", "integer")], "r")
        statement = (
            f"INSERT INTO config_history (revision, {names}) "
            f'SELECT {self.revision}, {taken} FROM {records} ORDER BY r."position"'
        )
        contents: dict[str, str] = {}
        sql.execute_spelled(self.transaction, statement, self._history_rows(was, contents))
        return contents

    def _history_rows(self, was: Mapping[str, int], contents: dict[str, str]) -> Iterator[str]:
        """Each change as JSON; the digest of what its row will hold goes into ``contents``."""
        now = self._root_ids(c.address for c in self._of(Action.CREATE))
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
            known, at = (was, change.before.address) if change.before else (now, change.address)
            root = root_address(at, self.types)
            row_id = known.get(root)
            more = canonical_json(
                {
                    "root_id": row_id,
                    # The application's own way to ask for a profile's history.
                    "profile_id": row_id if root.startswith("profile/") else None,
                    "changed_by": self.attribution.actor,
                    "timestamp": self.now,
                    "position": position,
                }
            )
            # Two objects made one, so that long texts are spelled once.
            yield f"{more[:-1]},{content[1:]}"

    def _root_ids(self, addresses: Iterable[str]) -> dict[str, int]:
        """The ids by which history knows the roots of some resources, by the roots' addresses."""
        roots = {root_address(at, self.types) for at in addresses}
        return read_row_ids(self.transaction, self.types, roots)

    def _record(self) -> None:
        """Keep what was applied: the base of the next three-way diff."""
        noted = [c.noted or c.after for c in (*self.plan.changes, *self.plan.records)]
        written = [r for r in noted if r is not None and r.owner is not None]
        # By the names on record, which may be others than those that someone gave by hand.
        moves = {
            address.renamed(c.address, c.after.renamed_from): c.address
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
                yield replace(resource, address=at)

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
            ("uses", dialect.json),
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
        return {sql.OF: change.address, sql.ROW_ID: self._id(change), **values}

    def _execute(self, statement: str, rows: Iterable[dict[str, Json]]) -> None:
        sql.execute(self.transaction, statement, rows)


def _stays(type_: ResourceType, change: Change) -> bool:
    """Tell whether a change leaves a secret as it is, whose value perhaps nobody here knows."""
    value = change.resource.values[type_.sealed]
    before = None if change.before is None else change.before.values[type_.sealed]
    return is_sealed(value) and value == before


def _true_values(type_: ResourceType, resource: Resource) -> Row:
    """The values as the table holds them: what is sealed as it truly is, and the row's mark."""
    if type_.sensitive is None:
        return resource.values
    sealed = is_sealed(resource.values[type_.sealed])
    values = {**resource.values, type_.sensitive: sealed}
    if sealed:
        if resource.true_value is None:
            raise Refused(f"Nobody gave {resource.address} its value. Nothing was changed.")
        values[type_.sealed] = resource.true_value
    return values


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
        "uses": list(resource.uses) or None,
    }
