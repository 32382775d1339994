"""Rehearsal: all that an apply would do, tried in its transaction and rolled back.

What a constraint or trigger refuses is noted, and the rest goes on. A statement
works on many rows at once, so one that is refused is tried with half of them,
and so on, until it is known which rows are refused by themselves. Parts of a
document whose root was refused have no parent to stand below, and aren't tried.
What is deferred to COMMIT is made to fire at the end; since it then speaks of
no row, the documents are halved instead.

Nothing remains, but that PostgreSQL doesn't give back numbers of sequences: ids
of later rows leave a gap. What a trigger does outside of the transaction (a
foreign server, a file) can't be taken back by anyone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from configsync.core.plan import Change, Plan
from configsync.core.resource import ResourceType
from configsync.core.revision import Attribution
from configsync.core.values import canonical_json
from configsync.store import sql
from configsync.store.apply import prepare
from configsync.store.database import Database, Dialect, Refusal, Transaction
from configsync.store.read import read_base
from configsync.store.write import Writer

LIMIT = 100
"""Refusals after which a rehearsal ends, so that it doesn't hold the lock for long."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A change that the database would refuse; ``address`` is None where it names none."""

    address: str | None
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Remark:
    """What the database told about the change at ``address``, or about several: None."""

    address: str | None
    text: str


@dataclass(slots=True)
class Findings:
    """What a rehearsal found; ``complete`` unless it ended at `LIMIT`."""

    refused: list[Refused] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    complete: bool = True

    def note(self, address: str | None, refusal: Refusal) -> None:
        """Keep a refusal, once for each address. Raises `_Enough` at `LIMIT`."""
        found = Refused(address, refusal)
        if found in self.refused:
            return
        if len(self.refused) == LIMIT:
            self.complete = False
            raise _Enough
        self.refused.append(found)

    def remark(self, address: str | None, texts: Sequence[str]) -> None:
        """Keep remarks, each once for each address."""
        found = (Remark(address, text) for text in texts)
        self.remarks += [r for r in dict.fromkeys(found) if r not in self.remarks]


class _Enough(Exception):
    """There are so many refusals that more wouldn't help."""


def rehearse_plan(
    database: Database,
    plan: Plan,
    types: Mapping[str, ResourceType],
    attribution: Attribution,
    lock_timeout: float,
) -> Findings:
    """Try what `apply_plan` would do, under the same lock, and leave nothing of it.

    Raises StalePlan, LockTimeout or DatabaseError.
    """
    findings = Findings()
    if plan.is_empty:
        return findings
    with database.writing(lock_timeout, keep=False) as transaction:
        known = set(transaction.unmet())
        writer = prepare(Trial(transaction, findings), plan, types, attribution)
        with suppress(_Enough):
            _try_deferred(writer, transaction, findings, known)
    return findings


def _try_deferred(
    writer: Writer, transaction: Transaction, findings: Findings, known: set[Refusal]
) -> None:
    """Write a plan, and find the documents that COMMIT would refuse: they alone are undone."""
    transaction.run("SAVEPOINT configsync_plan")
    writer.write()
    # History that has no revision, since that was refused, says nothing new.
    whole = all(found.address is not None for found in findings.refused)
    refused = [r for r in transaction.unmet() if r not in known] if whole else []
    findings.remark(None, transaction.remarks())
    if refused:
        transaction.run("ROLLBACK TO SAVEPOINT configsync_plan")
    transaction.run("RELEASE SAVEPOINT configsync_plan")
    if not refused:
        return
    documents = _documents(writer.plan.changes)
    if len(documents) < 2:
        for refusal in refused:
            findings.note(_about(refusal, writer), refusal)
        return
    middle = len(documents) // 2
    for half in (documents[:middle], documents[middle:]):
        changes = tuple(change for document in half for change in document)
        part = replace(
            writer,
            # What is refused row by row has been noted already.
            transaction=Trial(transaction, Findings()),
            plan=replace(writer.plan, changes=changes, records=(), forgotten=()),
            revision=read_base(transaction).revision,
        )
        _try_deferred(part, transaction, findings, known)


def _documents(changes: Sequence[Change]) -> list[list[Change]]:
    """The changes of each document together, in order."""
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.resource.root, []).append(change)
    return list(found.values())


def _about(refusal: Refusal, writer: Writer) -> str | None:
    """The change of a document that a refusal is about: that of its table, else the first."""
    changes = writer.plan.changes
    of_table = (c for c in changes if writer.types[c.domain].table == refusal.table)
    found = next(of_table, changes[0] if changes else None)
    return None if found is None else found.address


class Trial:
    """A transaction in which refused statements are noted, and what follows is tried still."""

    def __init__(self, transaction: Transaction, findings: Findings) -> None:
        self.transaction = transaction
        self.findings = findings

    @property
    def dialect(self) -> Dialect:
        return self.transaction.dialect

    def run(self, statement: str, *parameters: Any) -> int:
        done = self.transaction.attempt(statement, *parameters)
        rows = _rows(parameters)
        if isinstance(done, int):
            self._remark(rows)
            return done
        if not rows:
            self.findings.note(None, done)
            return 0
        nothing = self.transaction.attempt(statement, "[]", *parameters[1:])
        if isinstance(nothing, Refusal):
            # Whatever the rows are: a right is missing, or a trigger looks at statements.
            self.findings.note(None, nothing)
            return 0
        return self._narrow(statement, rows, done, parameters[1:])

    def _narrow(
        self, statement: str, rows: list[dict[str, Any]], refusal: Refusal, more: tuple[Any, ...]
    ) -> int:
        """Run a statement that was refused with each half of its rows; returns how many it did."""
        if len(rows) == 1:
            self.findings.note(_address(rows[0]), refusal)
            return 0
        count = 0
        middle = len(rows) // 2
        for half in (rows[:middle], rows[middle:]):
            done = self.transaction.attempt(statement, canonical_json(half), *more)
            if isinstance(done, int):
                self._remark(half)
                count += done
            else:
                count += self._narrow(statement, half, done, more)
        return count

    def _remark(self, rows: list[dict[str, Any]]) -> None:
        address = _address(rows[0]) if len(rows) == 1 else None
        self.findings.remark(address, self.transaction.remarks())

    # The rest is the transaction's own.

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self.transaction.rows(statement, *parameters)

    def stream(self, statement: str) -> Iterator[tuple[Any, ...]]:
        return self.transaction.stream(statement)

    def attempt(self, statement: str, *parameters: Any) -> int | Refusal:
        return self.transaction.attempt(statement, *parameters)

    def unmet(self) -> list[Refusal]:
        return self.transaction.unmet()

    def remarks(self) -> list[str]:
        return self.transaction.remarks()

    def has_table(self, name: str) -> bool:
        return self.transaction.has_table(name)

    def columns(self, table: str) -> tuple[str, ...]:
        return self.transaction.columns(table)

    def now(self) -> str:
        return self.transaction.now()

    def notify(self, revision: int) -> None:
        self.transaction.notify(revision)


def _rows(parameters: Sequence[Any]) -> list[dict[str, Any]]:
    """The rows that a statement works on, if it is one over rows."""
    first = parameters[0] if parameters else None
    if not isinstance(first, str) or not first.startswith("[{"):
        return []
    rows: list[dict[str, Any]] = json.loads(first)
    return rows


def _address(row: Mapping[str, Any]) -> str:
    """Whose row it is: history's and the record's rows have the address for a column."""
    address: str = row[sql.OF] if sql.OF in row else row["address"]
    return address
