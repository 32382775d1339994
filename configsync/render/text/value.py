"""A value in one line, for lists of many."""

from __future__ import annotations

from configsync.core.values import Json, canonical_json
from configsync.render.escape import one_line


def short(value: Json, most: int = 60) -> str:
    """Show a value as JSON, cut after ``most`` characters; of a text of several lines, how many."""
    lines = value.removesuffix("\n").count("\n") + 1 if isinstance(value, str) else 1
    if lines > 1:
        return f"({lines} lines)"
    text = one_line(canonical_json(value))
    return text if len(text) <= most else text[: most - 1] + "…"
