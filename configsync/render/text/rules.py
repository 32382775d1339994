"""The rules: all in a list, or one explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from configsync.render.escape import one_line
from configsync.render.text.style import Style


def listing(entries: Sequence[Mapping[str, str | None]], style: Style) -> str:
    """One line a code."""
    widest = max(len(e["code"] or "") for e in entries)
    return "".join(
        f"{(e['code'] or '').ljust(widest)}  {_severity(e, style)}  {_text(e, 'summary')}\n"
        for e in entries
    )


def explained(entries: Iterable[Mapping[str, str | None]], style: Style) -> str:
    """Why a code exists, with its examples, and where it comes from if it isn't ours."""
    lines: list[str] = []
    for entry in entries:
        code = style.strong(entry["code"] or "")
        lines += [f"{code}  {_severity(entry, style)}  {_text(entry, 'summary')}"]
        lines += ["", f"  {_text(entry, 'why')}", ""]
        for name, paint in (("bad", style.removed), ("good", style.added)):
            if entry[name]:
                lines += [f"  {paint(name)}:"]
                lines += [f"    {one_line(line)}" for line in (entry[name] or "").splitlines()]
                lines += [""]
        if entry["origin"]:
            lines += [f"  It comes from {_text(entry, 'origin')}.", ""]
    return "\n".join(lines)


def _text(entry: Mapping[str, str | None], name: str) -> str:
    """A part of an entry; those of policies are others' words."""
    return one_line(entry[name] or "")


def _severity(entry: Mapping[str, str | None], style: Style) -> str:
    severity = entry["severity"] or ""
    paint = {"error": style.error, "warning": style.warning}.get(severity, style.info)
    return paint(severity.ljust(7))
