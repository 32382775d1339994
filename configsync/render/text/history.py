"""History, newest first, grouped by revision."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from configsync.core.revision import HistoryEntry
from configsync.core.values import Json, canonical_json
from configsync.render.escape import one_line
from configsync.render.text.style import Style

MAX_VALUE = 40
"""Characters of a value."""


def render(entries: Iterable[HistoryEntry], style: Style) -> str:
    """Show history entries."""
    lines: list[str] = []
    for revision, group in groupby(entries, key=lambda e: e.revision):
        members = list(group)
        first = members[0]
        about = [first.timestamp, one_line(first.changed_by), first.source]
        if first.commit:
            about.append(f"commit {one_line(first.commit[:12])}")
        lines.append(f"{style.strong(f'revision {revision}')}  {'  '.join(about)}")
        lines += [_entry(e, style) for e in members]
        lines.append("")
    if not lines:
        return "No history.\n"
    return "\n".join(lines)


def _entry(entry: HistoryEntry, style: Style) -> str:
    paint, sign = {
        "create": (style.added, "+"),
        "delete": (style.removed, "-"),
    }.get(entry.action, (style.changed, "~"))
    line = "  " + paint(f"{sign} {one_line(entry.address)}")
    if entry.action in ("create", "delete"):
        return line
    changes = (f"{k}: {_value(v['old'])} → {_value(v['new'])}" for k, v in entry.changes.items())
    return f"{line}  {', '.join(changes)}"


def _value(value: Json) -> str:
    if isinstance(value, str) and "\n" in value:
        lines = value.count("\n") + (not value.endswith("\n"))
        return f"({lines} lines)"
    text = one_line(canonical_json(value))
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"
