"""Who set each value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from configsync.render.escape import one_line
from configsync.render.text.actor import actor, commit
from configsync.render.text.style import Style
from configsync.render.text.value import short


def render(found: Iterable[Any], style: Style) -> str:
    """Show the resources of `configsync.store.blame.Blamed`."""
    blocks = []
    for resource in found:
        lines = [style.strong(one_line(resource.address))]
        for field in resource.fields:
            lines.append(f"  {field.name} = {short(field.value)}")
            lines.append(f"    {_origin(field, style)}")
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _origin(field: Any, style: Style) -> str:
    entry = field.entry
    if entry is None:
        return style.changed(
            "no history explains this value: it was written where nothing is recorded"
        )
    who = actor(entry.changed_by, entry.actor_source, entry.source)
    about = [f"revision {entry.revision}", style.time(entry.timestamp), who]
    if entry.source == "external":
        about.append(_writer(entry))
        return style.changed("  ".join(about))
    about.append(entry.source)
    if entry.commit:
        about.append(commit(entry.commit, entry.dirty))
    if field.location is not None:
        about.append(one_line(f"{field.location.file}:{field.location.line}"))
    return "  ".join(about)


def _writer(entry: Any) -> str:
    """What is known of a write past configsync."""
    known = {
        "user": entry.db_user,
        "application": entry.application_name,
        "address": entry.client_address,
    }
    hints = ", ".join(f"{name} {one_line(value)}" for name, value in known.items() if value)
    return f"external ({hints})" if hints else "external"
