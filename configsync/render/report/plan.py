"""What a plan would do, as a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from configsync.core.diagnostic import Severity
from configsync.core.plan import Action, Change, Plan, PlanOptions, Reason
from configsync.core.resource import ResourceType
from configsync.core.revision import UNKNOWN
from configsync.plan.order import losing_default
from configsync.render.report.model import (
    Group,
    Listing,
    Name,
    Phrase,
    Point,
    Report,
    Section,
    Tone,
)
from configsync.render.report.words import (
    GONE,
    MAX_NAMED,
    NONE,
    Fields,
    count,
    findings,
    listed,
    place,
    written_by,
)

RISKY = "Deletes and other defaults"

PARTS = (
    ("Changes", (Reason.GIT, Reason.RENAME)),
    ("Changed in the database since it was last applied; apply reverts it", (Reason.DRIFT,)),
    ("Changed both in git and in the database; apply takes git's", (Reason.CONFLICT,)),
)
"""Changes by why they are made, in the order in which they are shown."""

REFRESHED = "Changed in the database, and now to be taken for applied"
UNMANAGED = "Not managed by any source, left as they are"
LEFT_OUT = "Left out by --select, though they would change"

ALLOWED = ("accept_conflicts", "take_ownership", "force", "refresh_only", "purge")
"""Options of a plan that allow more than usual."""


def report(plan: Plan, types: Mapping[str, ResourceType], again: str) -> Report:
    """All of a plan; ``again`` is the command that makes it."""
    switching = _switching(plan.changes, types)
    verdict, tone = _verdict(plan)
    return Report(
        title=summary(plan),
        verdict=verdict,
        tone=tone,
        again=again,
        about=tuple(_about(plan)),
        points=tuple(_points(plan, switching)),
        findings=findings(plan.diagnostics),
        sections=tuple(_sections(plan, switching)),
        marker=plan.target,
    )


def _verdict(plan: Plan) -> tuple[str, Tone]:
    """What there is to decide, in a sentence."""
    refused = sum(d.severity is Severity.ERROR for d in plan.diagnostics)
    if refused:
        return f"Refused: {count(refused, 'finding')} against it.", Tone.BAD
    if plan.changes:
        return f"Changes {_touched(plan.changes)}.", Tone.CHANGE
    if plan.drift:
        return f"Takes what is live for applied, of {_touched(plan.drift)}.", Tone.CHANGE
    if plan.taken:
        return f"Changes the owner of {count(len(plan.taken), 'resource')}.", Tone.CHANGE
    return ("Nothing to do." if plan.is_empty else "Changes the record only."), Tone.GOOD


def _touched(changes: Iterable[Change]) -> str:
    """How many roots of each sort."""
    roots = sorted({c.resource.root for c in changes})
    number = Counter(root.split("/")[0].replace("_", " ") for root in roots)
    *first, last = (count(n, noun) for noun, n in number.items())
    return f"{', '.join(first)} and {last}" if first else last


def summary(plan: Plan) -> str:
    """How many resources are created, updated and so on, on one line."""
    number = plan.summary()
    return (
        f"Plan: {number['create']} to create, {number['update']} to update, "
        f"{number['delete']} to delete, {number['unchanged']} unchanged."
    )


def allowed(options: PlanOptions) -> list[str]:
    """The options that allow a plan more than usual, as they are written."""
    return [f"--{name.replace('_', '-')}" for name in ALLOWED if getattr(options, name)]


def _about(plan: Plan) -> Iterator[Phrase]:
    source, base = plan.source, plan.base
    at = f" at revision {base.revision}."
    yield ("Target ", Name(plan.target), ", database ", Name(base.database_id), at)
    commit: Phrase = (", commit ", Name(source.commit)) if source.commit else ()
    dirty = " with changes that it doesn't have." if source.dirty else "."
    yield ("Source ", Name(source.id), *commit, dirty)


def _points(plan: Plan, switching: Mapping[str, Phrase]) -> Iterator[Point]:
    """What is to be known first: dangers, then what was allowed and left out."""
    severities = Counter(d.severity for d in plan.diagnostics)
    gone = {c.address: c for c in plan.changes if c.action is Action.DELETE}
    if gone:
        whole = (at for at, c in gone.items() if c.resource.parent not in gone)
        in_all = f", {count(len(gone), 'resource')} in all"
        yield Point("Deletes", (*listed(whole), in_all), Tone.BAD)
    if switching:
        yield Point("Another default", _in_turn(switching.values()), Tone.BAD)
    for label, reason, where in (
        ("Reverts", Reason.DRIFT, "in the database"),
        ("Conflicts", Reason.CONFLICT, "both in git and in the database"),
    ):
        found = [c for c in plan.changes if c.reason is reason]
        if found:
            number = count(len(found), "resource")
            yield Point(label, (f"{number} changed {where}", *_by(found)), Tone.BAD)
    if plan.changes and not gone and not switching:
        calm = not any(c.reason in (Reason.DRIFT, Reason.CONFLICT) for c in plan.changes)
        if calm and not severities[Severity.ERROR]:
            yield Point("Risk", ("nothing is deleted or reverted, every default stays",), Tone.GOOD)
    if plan.offline is not None:
        moment: Phrase = (" of ", Name(plan.offline.moment)) if plan.offline.moment else ()
        since = ("; what was changed in the database since is not in it",)
        said = (f"against an export of revision {plan.base.revision}", *moment, *since)
        yield Point("Offline", said)
    if plan.options.to_revision is not None:
        to = f"to revision {plan.options.to_revision}; what is applied now is held"
        yield Point("Rollback", (to,))
    if allowing := " ".join(allowed(plan.options)):
        yield Point("Allowed", (Name(allowing),))
    if plan.taken:
        number = count(len(plan.taken), "resource")
        owners = listed(sorted({owner for _, owner in plan.taken}))
        yield Point("Takes over", (f"{number} from ", *owners), Tone.BAD)
    if plan.left_out:
        number = count(len(plan.left_out), "resource")
        yield Point("Left out", (f"{number} that would change, by --select",))
    if severities[Severity.WARNING]:
        yield Point("Warnings", (f"{severities[Severity.WARNING]}, below",))


def _by(found: Iterable[Change]) -> Phrase:
    """Who changed them, each named once."""
    users = dict.fromkeys(c.by.user for c in found if c.by is not None)
    named = listed(user for user in users if user != UNKNOWN)
    return (", by ", *named) if named else ()


def _in_turn(phrases: Iterable[Phrase]) -> Phrase:
    """The first few phrases, each once, and how many there are besides."""
    joined: Phrase = ()
    each = list(dict.fromkeys(phrases))
    for phrase in each[:MAX_NAMED]:
        joined = (*joined, "; ", *phrase) if joined else phrase
    return joined if len(each) <= MAX_NAMED else (*joined, f" and {len(each) - MAX_NAMED} more")


def _switching(changes: Iterable[Change], types: Mapping[str, ResourceType]) -> dict[str, Phrase]:
    """The changes by which one resource becomes the default in place of another, in words."""
    changes = [c for c in changes if c.domain in types]
    losers = {_rivals(c, types): c for c in losing_default(changes, types)}
    found: dict[str, Phrase] = {}
    for change in changes:
        default = types[change.domain].default
        loser = losers.get(_rivals(change, types))
        if default is None or loser is None or change.after is None:
            continue
        had = change.before is not None and change.before.values[default] is True
        if change.after.values[default] is True and not had:
            words = (Name(change.address), " in place of ", Name(loser.address))
            found |= {change.address: words, loser.address: words}
    return found


def _rivals(change: Change, types: Mapping[str, ResourceType]) -> tuple[str, str | None]:
    """What a default is one of: the resources of a domain, below one parent."""
    return change.domain, types[change.domain].parent_address(change.address)


def _sections(plan: Plan, switching: Mapping[str, Phrase]) -> Iterator[Section | Listing]:
    fields = Fields()
    risky: list[Change] = []
    others: list[Change] = []
    for change in plan.changes:
        danger = change.action is Action.DELETE or change.address in switching
        (risky if danger else others).append(change)
    if risky:
        yield Section(RISKY, tuple(groups(risky, fields)))
    for title, reasons in PARTS:
        part = [c for c in others if c.reason in reasons]
        if part:
            yield Section(title, tuple(groups(part, fields)))
    if plan.drift:
        yield Section(REFRESHED, tuple(groups(plan.drift, fields, planned=False)))
    for title, addresses in ((UNMANAGED, plan.unmanaged), (LEFT_OUT, plan.left_out)):
        if addresses:
            yield Listing(title, tuple((Name(at),) for at in addresses))
    if plan.taken:
        taken = tuple((Name(at), " from ", Name(owner)) for at, owner in plan.taken)
        yield Listing("Taken over from another source", taken)
    if recorded := tuple(_recorded(plan)):
        yield Listing("On record", recorded)


def _recorded(plan: Plan) -> Iterator[Phrase]:
    """What apply only notes."""
    if plan.drift:
        return
    if plan.records:
        number = count(len(plan.records), "unchanged resource")
        yield (f"{number} to be noted for the source ", Name(plan.source.id), ".")
    if plan.forgotten:
        yield (f"{count(len(plan.forgotten), 'resource')} gone already, to be taken off.",)


def groups(changes: Iterable[Change], fields: Fields, *, planned: bool = True) -> Iterator[Group]:
    """Changes by root, in their order; each with its parts."""
    roots: dict[str, list[Change]] = {}
    for change in changes:
        roots.setdefault(change.resource.root, []).append(change)
    for root, found in roots.items():
        yield _group(root, found, fields, planned=planned)


def _group(root: str, changes: list[Change], fields: Fields, *, planned: bool) -> Group:
    action = changes[0].action
    whole = (
        len({c.action for c in changes}) == 1
        and action in (Action.CREATE, Action.DELETE)
        and any(c.address == root for c in changes)
    )
    fields.start()
    for change in changes:
        part = change.resource.address.removeprefix(root).removeprefix("/")
        old = NONE if change.before is None else None
        new = GONE if change.after is None else None
        fields.add(change, part, old=old, new=new)
    rows = fields.rows
    head: tuple[str, ...] = ("Field", "Old", "New") if planned else ("Field", "Applied", "Live")
    if {c.action for c in changes} <= {Action.CREATE}:
        head, rows = ("Field", "New"), [(name, new) for name, _, new in rows]
    elif {c.action for c in changes} <= {Action.DELETE}:
        head, rows = ("Field", "Until now"), [(name, old) for name, old, _ in rows]
    alike = whole and len({_why(c) for c in changes}) == 1
    notes = [_note(changes[0], parts=len(changes) - 1)] if alike else [*map(_note, changes)]
    notes += fields.notes
    return Group(root, tuple(notes), head, tuple(rows), tuple(fields.texts), whole, len(changes))


def _why(change: Change) -> Phrase:
    """What else there is to say of a change."""
    said: Phrase = ()
    if change.previous_address is not None and change.resource.parent is None:
        said += (", renamed from ", Name(change.previous_address))
    if change.reason in (Reason.DRIFT, Reason.CONFLICT):
        verb = "deleted" if change.before is None else "changed"
        said += (f", {verb} in the database ", *written_by(change.by))
    return said


def _note(change: Change, parts: int = 0) -> Phrase:
    verb = {
        Action.CREATE: "Create ",
        Action.UPDATE: "Update ",
        Action.DELETE: "Deactivate " if change.deactivates else "Delete ",
        Action.SET_DEFAULT: "Make the default ",
    }[change.action]
    with_parts: Phrase = (f" with {count(parts, 'part')}",) if parts else ()
    return (verb, Name(change.address), *with_parts, *_why(change), *place(change.location), ".")
