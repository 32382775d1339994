"""A plan that reads like a diff: what changes, with texts line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from configsync.core.plan import Action, Change, Plan, Reason
from configsync.core.revision import RevisionSource, Writer
from configsync.core.values import Json
from configsync.render.escape import one_line
from configsync.render.fields import diff_lines, is_long, safe_line, text_lines, value_line
from configsync.render.report.plan import LEFT_OUT, PARTS, REFRESHED, UNMANAGED, allowed
from configsync.render.report.plan import summary as counted
from configsync.render.report.words import NO_RECORD
from configsync.render.text.style import Style

PREVIEW = 3
"""Lines of a new or removed text."""


def render(plan: Plan, style: Style) -> str:
    """Show a plan: changes of git, then what it reverts in the database, the summary line last."""
    lines: list[str] = []
    for head, reasons in PARTS:
        part = [c for c in plan.changes if c.reason in reasons]
        lines += [f"{head}:", ""] if part and Reason.GIT not in reasons else []
        for change in part:
            lines += [*changed(change, style), ""]
    if plan.drift:
        lines += [f"{REFRESHED}:", ""]
        lines += drift(plan.drift, style)
    lines += _listed(f"{UNMANAGED}:", plan.unmanaged)
    lines += _listed(f"{LEFT_OUT}:", plan.left_out)
    for owner in sorted({owner for _, owner in plan.taken}):
        taken = tuple(at for at, of in plan.taken if of == owner)
        lines += _listed(f"Taken over from the source {one_line(owner)}:", taken)
    lines += _recorded(plan)
    return "\n".join([*lines, summary(plan, style)])


def drift(changes: Iterable[Change], style: Style) -> Iterator[str]:
    """The lines of what was changed in the database: as applied → as it is."""
    for change in changes:
        verb = "deleted" if change.action is Action.DELETE else "changed"
        yield from _change(change, [f"{verb} {_by(change, style)}"], style)
        yield ""


def _listed(head: str, addresses: tuple[str, ...]) -> list[str]:
    return [head, *(f"  {one_line(a)}" for a in addresses), ""] if addresses else []


def _recorded(plan: Plan) -> Iterator[str]:
    """What apply only notes."""
    if plan.drift:
        return
    if plan.records:
        noun = "resource is" if len(plan.records) == 1 else "resources are"
        yield (
            f"{len(plan.records)} unchanged {noun} not on record as such yet for the source "
            f"{one_line(plan.source.id)}; apply records that."
        )
        yield ""
    if plan.forgotten:
        noun = "resource is" if len(plan.forgotten) == 1 else "resources are"
        them = "it" if len(plan.forgotten) == 1 else "them"
        yield f"{len(plan.forgotten)} {noun} gone already; apply takes {them} from the record."
        yield ""


def header(plan: Plan, style: Style) -> str:
    """What a saved plan was made from, and for which database."""
    source, base = plan.source, plan.base
    commit = f", commit {one_line(source.commit)}" if source.commit else ""
    dirty = " with changes that it doesn't have" if source.dirty else ""
    back = plan.options.to_revision
    allowing = " ".join(allowed(plan.options))
    lines = [
        f"Plan      {one_line(plan.plan_id)}",
        f"Source    {one_line(source.id)}{commit}{dirty}",
        f"Target    {one_line(plan.target)}, database {one_line(base.database_id)} "
        f"at revision {base.revision}",
        *(
            [f"Rollback  to revision {back}; what is applied now is held"]
            if back is not None
            else []
        ),
        *([f"Allowed   {allowing}"] if allowing else []),
    ]
    return "\n".join(style.faint(line) for line in lines) + "\n\n"


def summary(plan: Plan, style: Style) -> str:
    """The line that closes a plan, after the one that says that it is offline."""
    return _offline(plan, style) + style.strong(counted(plan)) + "\n"


def _offline(plan: Plan, style: Style) -> str:
    """A line that tells what a plan doesn't know, if it was made against an export."""
    if plan.offline is None:
        return ""
    moment = f" of {style.time(plan.offline.moment)}" if plan.offline.moment else ""
    base = plan.base
    return (
        f"Offline: against an export of the database {one_line(base.database_id)} at revision "
        f"{base.revision}{moment}; what was changed there since is not in it.\n"
    )


def changed(change: Change, style: Style) -> Iterator[str]:
    """The lines of one change: what, why, where, and each field."""
    return _change(change, _notes(change, style), style)


def _change(change: Change, notes: Iterable[str], style: Style) -> Iterator[str]:
    paint, sign = {
        Action.CREATE: (style.added, "+"),
        Action.UPDATE: (style.changed, "~"),
        Action.SET_DEFAULT: (style.changed, "~"),
        Action.DELETE: (style.removed, "-"),
    }[change.action]
    head = paint(f"{sign} {one_line(change.address)}")
    noted = ", ".join(notes)
    if noted:
        head += f"  {noted}"
    if change.location is not None:
        where = f"{change.location.file}:{change.location.line}"
        head += "  " + style.faint(one_line(where))
    yield head
    for name, (old, new) in change.fields.items():
        yield from (f"    {line}".rstrip() for line in _field(change, name, old, new, style))


def _notes(change: Change, style: Style) -> Iterator[str]:
    if change.previous_address is not None and change.resource.parent is None:
        yield f"renamed from {one_line(change.previous_address)}"
    if change.reason in (Reason.DRIFT, Reason.CONFLICT):
        verb = "deleted" if change.before is None else "changed"
        yield f"{verb} {_by(change, style)}"
    if change.action is Action.SET_DEFAULT:
        yield "becomes the default"
    if change.deactivates:
        yield "deactivated"


def _by(change: Change, style: Style) -> str:
    return by(change.by, style) if change.by is not None else NO_RECORD


def by(writer: Writer, style: Style) -> str:
    """Who wrote a row past git, as far as that is known."""
    through = "service" if writer.source is RevisionSource.SERVICE else writer.application
    application = f" ({one_line(through)})" if through else ""
    client = f" from {one_line(writer.address)}" if writer.address else ""
    return f"by {one_line(writer.user)}{application}{client} at {style.time(writer.at)}"


def _field(change: Change, name: str, old: Json, new: Json, style: Style) -> Iterator[str]:
    if change.action is Action.CREATE:
        yield from _whole(name, new, "+", style.added)
    elif change.action is Action.DELETE:
        yield from _whole(name, old, "-", style.removed)
    elif is_long(old) or is_long(new):
        yield f"{name}:"
        yield from (_painted(line, style) for line in diff_lines(old, new))
    else:
        yield f"{name}: {style.removed(value_line(old))} → {style.added(value_line(new))}"


def _whole(name: str, value: Json, sign: str, paint: object) -> Iterator[str]:
    assert callable(paint)
    if not is_long(value):
        yield f"{name}: {value_line(value)}"
        return
    lines = text_lines(value)
    yield f"{name}:"
    for line in lines[:PREVIEW]:
        yield paint(f"{sign} {safe_line(line)}".rstrip())
    if len(lines) > PREVIEW:
        rest = len(lines) - PREVIEW
        noun = "line" if rest == 1 else "lines"
        yield f"  … {rest} more {noun}, {len(str(value))} characters in all"


def _painted(line: str, style: Style) -> str:
    """A line of a diff in its colour."""
    paint = {"+": style.added, "-": style.removed, "@": style.faint}.get(line[:1])
    return line if paint is None else paint(line)
