"""A plan that reads like a diff: what changes, with texts line by line."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff

from configsync.core.plan import Action, Change, Plan, Reason
from configsync.core.values import Json, canonical_json
from configsync.render.escape import one_line, visible
from configsync.render.text.style import Style

CONTEXT = 3
"""Lines around a changed one."""

PREVIEW = 3
"""Lines of a new or removed text."""

MAX_VALUE = 100
"""Characters of a value on one line."""


def render(plan: Plan, style: Style) -> str:
    """Show a plan, the summary line last."""
    lines: list[str] = []
    for change in plan.changes:
        lines += changed(change, style)
        lines.append("")
    if plan.unmanaged:
        lines.append("Not managed by any source, left as they are:")
        lines += [f"  {one_line(a)}" for a in plan.unmanaged]
        lines.append("")
    if plan.records:
        noun = "resource is" if len(plan.records) == 1 else "resources are"
        lines.append(
            f"{len(plan.records)} unchanged {noun} not on record yet for the source "
            f"{one_line(plan.source.id)}; apply records that."
        )
        lines.append("")
    return "\n".join([*lines, summary(plan, style)])


def summary(plan: Plan, style: Style) -> str:
    """The line that closes a plan."""
    count = plan.summary()
    text = (
        f"Plan: {count['create']} to create, {count['update']} to update, "
        f"{count['delete']} to delete, {count['unchanged']} unchanged.\n"
    )
    return style.strong(text.rstrip("\n")) + "\n"


def changed(change: Change, style: Style) -> Iterator[str]:
    """The lines of one change: what, why, where, and each field."""
    paint, sign = {
        Action.CREATE: (style.added, "+"),
        Action.UPDATE: (style.changed, "~"),
        Action.SET_DEFAULT: (style.changed, "~"),
        Action.DELETE: (style.removed, "-"),
    }[change.action]
    head = paint(f"{sign} {one_line(change.address)}")
    notes = list(_notes(change))
    if notes:
        head += f"  {', '.join(notes)}"
    if change.location is not None:
        where = f"{change.location.file}:{change.location.line}"
        head += "  " + style.faint(one_line(where))
    yield head
    for name, (old, new) in change.fields.items():
        yield from (f"    {line}".rstrip() for line in _field(change, name, old, new, style))


def _notes(change: Change) -> Iterator[str]:
    if change.reason is Reason.RENAME and change.before is not None:
        yield f"renamed from {one_line(change.before.address)}"
    if change.reason is Reason.DRIFT:
        yield "reverts a change made in the database"
    if change.reason is Reason.CONFLICT:
        yield "overwrites a change made in the database"
    if change.action is Action.SET_DEFAULT:
        yield "becomes the default"


def _field(change: Change, name: str, old: Json, new: Json, style: Style) -> Iterator[str]:
    if change.action is Action.CREATE:
        yield from _whole(name, new, "+", style.added)
    elif change.action is Action.DELETE:
        yield from _whole(name, old, "-", style.removed)
    elif _is_long(old) or _is_long(new):
        yield f"{name}:"
        yield from text_diff(_lines(old), _lines(new), style)
    else:
        yield f"{name}: {style.removed(_value(old))} → {style.added(_value(new))}"


def _whole(name: str, value: Json, sign: str, paint: object) -> Iterator[str]:
    assert callable(paint)
    if not _is_long(value):
        yield f"{name}: {_value(value)}"
        return
    lines = _lines(value)
    yield f"{name}:"
    for line in lines[:PREVIEW]:
        yield paint(f"{sign} {_line(line)}".rstrip())
    if len(lines) > PREVIEW:
        yield f"  … {len(lines) - PREVIEW} more lines, {len(str(value))} characters in all"


def text_diff(old: list[str], new: list[str], style: Style) -> Iterator[str]:
    """A unified diff; a last line without its newline says so."""
    for line in list(unified_diff(old, new, n=CONTEXT, lineterm=""))[2:]:
        text = f"{line[:1]} {_line(line[1:])}".rstrip() if line[:1] in "+- " else line
        if line.startswith("+"):
            yield style.added(text)
        elif line.startswith("-"):
            yield style.removed(text)
        elif line.startswith("@@"):
            yield style.faint(text)
        else:
            yield text


def _is_long(value: Json) -> bool:
    return isinstance(value, str) and ("\n" in value or len(value) > MAX_VALUE)


def _lines(value: Json) -> list[str]:
    """The lines of a text, a missing last newline marked, as git does."""
    if value is None:
        return []
    text = value if isinstance(value, str) else canonical_json(value)
    lines = text.split("\n")
    if lines[-1] == "":
        return lines[:-1]
    return [*lines, "\\ no newline at the end"]


def _line(text: str) -> str:
    """A line with its trailing white space made visible."""
    kept = text.rstrip(" \t\r")
    tail = text[len(kept) :].replace(" ", "·").replace("\t", "⇥").replace("\r", "␍")
    return visible(kept) + tail


def _value(value: Json) -> str:
    text = one_line(canonical_json(value))
    return text if len(text) <= MAX_VALUE + 2 else text[:MAX_VALUE] + "…"
