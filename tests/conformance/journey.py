"""The journey of a case: each of its parts applied and taken back, on one database.

It is made once for each kind and database; tests look at what it came to, and go on from there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configsync.core.resource import State
from tests.conformance.byhand import live
from tests.conformance.subject import Subject


@dataclass(frozen=True)
class Step:
    """One apply: the parts that the project held, what it printed, and what came of it."""

    parts: tuple[Path, ...]
    printed: str
    revision: int
    live: State
    rows: set[tuple[str, int]]
    """Domain and id of each live row."""
    inactive: set[tuple[str, int]]
    """Likewise of those that are there and not active."""

    @property
    def changes(self) -> dict[str, Any]:
        """What was changed, by address."""
        changes: list[Any] = json.loads(self.printed)["changes"]
        return {change["address"]: change for change in changes}

    @property
    def reasons(self) -> set[tuple[str, str]]:
        """Action and reason of the changes."""
        return {(change["action"], change["reason"]) for change in self.changes.values()}


@dataclass(frozen=True)
class Journey:
    """The steps, in order."""

    start: Step
    changed: tuple[tuple[Step, Step], ...]
    """Each change, with the way back."""
    added: Step
    removed: Step
    again: Step
    purged: Step
    renamed: Step | None
    last: Step

    @property
    def steps(self) -> list[Step]:
        """All of them."""
        changed = [step for pair in self.changed for step in pair]
        more = [self.added, self.removed, self.again, self.purged, self.renamed, self.last]
        return [self.start, *changed, *(step for step in more if step is not None)]


def travel(subject: Subject) -> Journey:
    """Make the journey; each step settles (`Subject.apply`)."""
    case = subject.case
    begin = (case.start,)
    renamed = (case.start, case.renamed) if case.kind.named else begin
    return Journey(
        start=step(subject, begin),
        changed=tuple(
            (step(subject, (case.start, part)), step(subject, begin)) for part in case.changed
        ),
        added=step(subject, (case.start, case.added)),
        removed=step(subject, begin),
        again=step(subject, (case.start, case.added)),
        purged=step(subject, begin, *_purge(subject)),
        renamed=step(subject, renamed) if case.kind.named else None,
        last=step(subject, (*renamed, case.added)),
    )


def step(subject: Subject, parts: tuple[Path, ...], *options: str) -> Step:
    """Apply some parts."""
    subject.lay(*parts)
    result, rows = subject.apply(*options)
    return Step(
        parts=parts,
        printed=result.out,
        revision=subject.revision(),
        live=live(rows),
        rows={(r.domain, r.row_id) for r in rows if r.active},
        inactive={(r.domain, r.row_id) for r in rows if not r.active},
    )


def _purge(subject: Subject) -> list[str]:
    return ["--purge"] if any(t.active for t in subject.case.kind.types) else []
