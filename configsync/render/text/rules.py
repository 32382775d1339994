"""The rules: all in a list, or one explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from configsync.render.text.style import Style


def listing(entries: Iterable[Mapping[str, str | None]], style: Style) -> str:
    """One line a code."""
    return "".join(f"{e['code']}  {_severity(e, style)}  {e['summary']}\n" for e in entries)


def explained(entries: Iterable[Mapping[str, str | None]], style: Style) -> str:
    """Why a code exists, with its examples."""
    lines: list[str] = []
    for entry in entries:
        lines += [
            f"{style.strong(entry['code'] or '')}  {_severity(entry, style)}  {entry['summary']}"
        ]
        lines += ["", f"  {entry['why']}", ""]
        for name, paint in (("bad", style.removed), ("good", style.added)):
            if entry[name]:
                lines += [f"  {paint(name)}:"]
                lines += [f"    {line}" for line in (entry[name] or "").splitlines()] + [""]
    return "\n".join(lines)


def _severity(entry: Mapping[str, str | None], style: Style) -> str:
    severity = entry["severity"] or ""
    paint = {"error": style.error, "warning": style.warning}.get(severity, style.info)
    return paint(severity.ljust(7))
