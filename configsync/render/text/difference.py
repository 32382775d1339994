"""What changed between two revisions."""

from __future__ import annotations

from collections.abc import Sequence

from configsync.core.plan import Change
from configsync.render.report.difference import summary
from configsync.render.text.plan import changed
from configsync.render.text.style import Style


def render(old: int, new: int, changes: Sequence[Change], style: Style) -> str:
    """Show net changes as a plan shows them, and how many they are."""
    lines = [line for change in changes for line in (*changed(change, style), "")]
    return "\n".join([*lines, style.strong(summary(old, new, changes))]) + "\n"
