"""Where a value comes from: the layers that set it, the winner first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from configsync.core.values import Json, canonical_json
from configsync.render.escape import one_line
from configsync.render.text.style import Style

MAX_VALUE = 60
"""Characters of a value."""


def render(address: str, fields: Iterable[Any], style: Style) -> str:
    """Show the fields of `configsync.usecases.explain.Explanation`."""
    lines = [style.strong(one_line(address))]
    for explained in fields:
        lines.append(f"  {explained.name} = {_value(explained.value)}")
        places = [f"{s.location.file}:{s.location.line}" for s in explained.chain]
        width = max((len(p) for p in places), default=0)
        for index, (place, setting) in enumerate(zip(places, explained.chain, strict=True)):
            text = f"{one_line(place).ljust(width)}  {setting.layer}: {_value(setting.value)}"
            lines.append("    " + (text if index == 0 else style.faint(text)))
        if not explained.chain:
            lines.append("    set by no layer: the default")
        lines += [f"    {line}" for line in _stored(explained, style)]
    return "\n".join(lines) + "\n"


def render_users(address: str, users: Iterable[Any], style: Style) -> str:
    """Show who uses a root: `configsync.usecases.explain.User`."""
    users = list(users)
    if not users:
        return f"Nothing uses {one_line(address)}.\n"
    lines = [style.strong(f"{one_line(address)} is used by")]
    width = max(len(one_line(u.address)) for u in users)
    for user in users:
        where = f"the source {user.owner}"
        if user.location is not None:
            where = f"{user.location.file}:{user.location.line}"
        lines.append(f"  {one_line(user.address).ljust(width)}  {style.faint(one_line(where))}")
    return "\n".join(lines) + "\n"


def _stored(explained: Any, style: Style) -> Iterable[str]:
    stored = explained.stored
    if stored is None:
        return
    text = f"in the database: {_value(stored.value)}"
    entry = stored.entry
    if entry is not None:
        text += (
            f", set by {one_line(entry.changed_by)} at {style.time(entry.timestamp)}"
            f" in revision {entry.revision} ({entry.source})"
        )
    differs = canonical_json(stored.value) != canonical_json(explained.value)
    yield style.changed(text) if differs else text


def _value(value: Json) -> str:
    if isinstance(value, str) and "\n" in value:
        lines = value.count("\n") + (not value.endswith("\n"))
        return f"({lines} line{'' if lines == 1 else 's'})"
    text = one_line(canonical_json(value))
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"
