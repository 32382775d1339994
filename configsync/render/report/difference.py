"""What changed between two revisions, as a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from configsync.core.plan import Action, Change
from configsync.render.report.model import Report, Section, Tone
from configsync.render.report.plan import groups
from configsync.render.report.words import Fields


def report(old: int, new: int, changes: Sequence[Change]) -> Report:
    """The net change of each resource."""
    return Report(
        title=summary(old, new, changes),
        verdict="Net changes, as history has them." if changes else "Nothing changed.",
        tone=Tone.CHANGE if changes else Tone.GOOD,
        again=f"configsync diff {old} {new}",
        sections=(Section("Changes", tuple(groups(changes, Fields()))),) if changes else (),
    )


def summary(old: int, new: int, changes: Sequence[Change]) -> str:
    """How many resources were created, updated and deleted, on one line."""
    count = Counter(c.action for c in changes)
    updated = count[Action.UPDATE] + count[Action.SET_DEFAULT]
    return (
        f"From revision {old} to {new}: {count[Action.CREATE]} created, {updated} updated, "
        f"{count[Action.DELETE]} deleted."
    )
