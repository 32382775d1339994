"""What changed between two revisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from configsync.core.plan import Action, Change
from configsync.render.text.plan import changed
from configsync.render.text.style import Style


def render(old: int, new: int, changes: Sequence[Change], style: Style) -> str:
    """Show net changes as a plan shows them, and how many they are."""
    count = Counter(c.action for c in changes)
    updated = count[Action.UPDATE] + count[Action.SET_DEFAULT]
    summary = (
        f"From revision {old} to {new}: {count[Action.CREATE]} created, {updated} updated, "
        f"{count[Action.DELETE]} deleted."
    )
    lines = [line for change in changes for line in (*changed(change, style), "")]
    return "\n".join([*lines, style.strong(summary)]) + "\n"
