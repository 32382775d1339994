"""History, newest first, grouped by revision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby

from configsync.core.revision import HistoryEntry
from configsync.core.values import Json, canonical_json
from configsync.render.escape import one_line
from configsync.render.text.actor import actor
from configsync.render.text.style import Style

MAX_VALUE = 40
"""Characters of a value."""


def render(entries: Iterable[HistoryEntry], style: Style) -> Iterator[str]:
    """Show history entries, in pieces of whole lines, as they come."""
    between = ""
    for revision, group in groupby(entries, key=lambda e: e.revision):
        first = next(group)
        about = [
            style.time(first.timestamp),
            actor(first.changed_by, first.actor_source, first.source),
            first.source,
        ]
        if first.commit:
            about.append(f"commit {one_line(first.commit[:12])}")
        yield f"{between}{style.strong(f'revision {revision}')}  {'  '.join(about)}\n"
        yield from (f"{_entry(e, style)}\n" for e in chain([first], group))
        between = "\n"
    if not between:
        yield "No history.\n"


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
