"""Drift as a report, and the words about it that text and JUnit share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from configsync.core.drift import DriftReport
from configsync.core.plan import Action, Change
from configsync.render.report.model import Group, Listing, Name, Phrase, Report, Section, Tone
from configsync.render.report.words import GONE, Fields, written_by


def report(found: DriftReport, again: str) -> Report:
    """All of what was found; ``again`` is the command that finds it."""
    return Report(
        title=verdict(found),
        verdict="Changed past git." if found.drift else "What is live is what was applied.",
        tone=Tone.BAD if found.drift else Tone.GOOD,
        again=again,
        about=(_about(found),),
        sections=tuple(_sections(found)),
    )


def _about(found: DriftReport) -> Phrase:
    source: Phrase = ("every source",) if found.owner is None else ("source ", Name(found.owner))
    return ("Database ", Name(found.database), f" at revision {found.revision}, ", *source, ".")


def _sections(found: DriftReport) -> Iterator[Section | Listing]:
    fields = Fields()
    groups = tuple(_group(root, changes, fields) for root, changes in found.by_root().items())
    if groups:
        yield Section("Changed in the database", groups)
    for title, addresses in (
        ("Not managed by any source", found.unmanaged),
        ("Of kinds that aren't installed, not looked at", found.not_installed),
    ):
        if addresses:
            yield Listing(title, tuple((Name(at),) for at in addresses))
    if found.pending:
        yield Listing("Git would change", tuple(map(_pending, found.pending)))


def _group(root: str, changes: Sequence[Change], fields: Fields) -> Group:
    fields.start()
    for change in changes:
        part = change.address.removeprefix(root).removeprefix("/")
        gone = GONE if change.after is None else None
        fields.add(change, part, new=gone)
    notes = (*map(_note, changes), *fields.notes)
    head = ("Field", "Applied", "Live")
    rows, texts = tuple(fields.rows), tuple(fields.texts)
    return Group(root, notes, head, rows, texts, resources=len(changes))


def _note(change: Change) -> Phrase:
    now = new_name(change)
    to: Phrase = () if now is None else (" to ", Name(now))
    return (Name(change.address), f" {verb(change)}", *to, " ", *written_by(change.by), ".")


def _pending(change: Change) -> Phrase:
    fields: Phrase = ()
    for name in change.fields:
        fields = (*fields, ", " if fields else "", Name(name))
    return (Name(change.address), f": {change.action.value}, {change.reason.value}: ", *fields)


def verdict(found: DriftReport) -> str:
    """One sentence that tells whether there is anything to do."""
    pending = f"{len(found.pending)} pending" if found.compared else "pending unknown"
    rest = f"{len(found.unmanaged)} unmanaged, {pending}."
    if found.not_installed:
        rest += f" {len(found.not_installed)} of kinds that aren't installed, not looked at."
    if not found.drift:
        return f"No drift. {rest}"
    return f"Drift: {len(found.drift)} changed in the database, {rest}"


def verb(change: Change) -> str:
    """What somebody did to a resource."""
    if change.action is Action.DELETE:
        return "deleted"
    if new_name(change) is not None:
        return "renamed"
    return "made the default" if change.action is Action.SET_DEFAULT else "changed"


def new_name(change: Change) -> str | None:
    """The live address of a resource that somebody renamed, not only what it is a part of."""
    after = change.after
    if after is None or after.parent is not None or after.address == change.address:
        return None
    return after.address
