"""What was adopted: each value with the line that it is written in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from configsync.core.diagnostic import Location
from configsync.render.escape import one_line
from configsync.render.text.style import Style
from configsync.render.text.value import short


def render(adopted: Iterable[Any], files: int, style: Style) -> str:
    """Show what `configsync.usecases.adopt.Adopted` holds, the summary last."""
    every = list(adopted)
    # Of a profile that came or went as a whole, the parts are not listed.
    whole = {a.drift.address for a in every if a.drift.before is None or a.drift.after is None}
    lines: list[str] = []
    for one in every:
        resource = one.drift.after or one.drift.before
        if resource.parent not in whole:
            lines += [*_adopted(one, style), ""]
    noun = "resource" if len(every) == 1 else "resources"
    written = "1 file" if files == 1 else f"{files} files"
    lines.append(style.strong(f"Adopted: {len(every)} {noun}, {written} written."))
    return "\n".join(lines) + "\n"


def _adopted(one: Any, style: Style) -> Iterator[str]:
    drift = one.drift
    if drift.before is None:
        head = style.added(f"+ {one_line(drift.address)}")
    elif drift.after is None:
        head = style.removed(f"- {one_line(drift.address)}")
    else:
        head = style.changed(f"~ {one_line(drift.address)}")
    changed = drift.before is not None and drift.after is not None
    yield head if changed else f"{head}{_place(one.location, style)}"
    for name, (old, new) in drift.values.items() if changed else ():
        value = f"{style.removed(short(old))} → {style.added(short(new))}"
        place = _place(one.places.get(name, one.location), style)
        note = "  replaces a change made in git" if name in drift.replaced else ""
        yield f"    {name}: {value}{place}{note}"


def _place(where: Location | None, style: Style) -> str:
    return "" if where is None else "  " + style.faint(one_line(f"{where.file}:{where.line}"))
