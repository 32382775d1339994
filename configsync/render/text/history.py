"""History, newest first, grouped by revision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from configsync.core.revision import HistoryEntry
from configsync.render.escape import one_line
from configsync.render.text.actor import actor, commit
from configsync.render.text.style import Style
from configsync.render.text.value import short

MAX_VALUE = 40
"""Characters of a value: several fields share a line."""


def render(
    entries: Iterable[HistoryEntry], style: Style, limit: int | None = None
) -> Iterator[str]:
    """Show history entries, in pieces of whole lines, as they come.

    Ends after ``limit`` of them; a revision that goes on there says so, lest
    it be taken for a smaller one.
    """
    revision = None
    for count, entry in enumerate(entries):
        goes_on = entry.revision == revision
        if count == limit:
            if goes_on:
                yield f"  … and more of this revision, which --limit {limit} leaves out\n"
            return
        if not goes_on:
            between = "" if revision is None else "\n"
            yield f"{between}{_revision(entry, style)}\n"
        yield f"{_entry(entry, style)}\n"
        revision = entry.revision
    if revision is None:
        yield "No history.\n"


def _revision(entry: HistoryEntry, style: Style) -> str:
    about = [
        style.time(entry.timestamp),
        actor(entry.changed_by, entry.actor_source, entry.source),
        entry.source,
    ]
    if entry.commit:
        about.append(commit(entry.commit, entry.dirty))
    return f"{style.strong(f'revision {entry.revision}')}  {'  '.join(about)}"


def _entry(entry: HistoryEntry, style: Style) -> str:
    paint, sign = {
        "create": (style.added, "+"),
        "delete": (style.removed, "-"),
    }.get(entry.action, (style.changed, "~"))
    line = "  " + paint(f"{sign} {one_line(entry.address)}")
    if entry.action in ("create", "delete"):
        return line
    changes = (
        f"{k}: {short(v['old'], MAX_VALUE)} → {short(v['new'], MAX_VALUE)}"
        for k, v in entry.changes.items()
    )
    return f"{line}  {', '.join(changes)}"
