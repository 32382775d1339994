"""A promotion as a report: the plan of the target, with what is written for it and what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from configsync.core.resource import ResourceType
from configsync.render.fields import value_line
from configsync.render.report import plan as plans
from configsync.render.report.model import Listing, Name, Phrase, Point, Report, Said, Tone
from configsync.render.report.words import count, findings, place

KEPT = "Kept, as a variable or the target's own overlay sets it"
WAITING = "Waiting for an apply only, as the source says it already"
FILES = "Files to change"


def report(found: Any, types: Mapping[str, ResourceType], again: str) -> Report:
    """What `configsync.usecases.promote.Promotion` holds; ``again`` is the command for it."""
    planned = plans.report(found.plan, types, again)
    base = found.base
    origin: Phrase = ("From ", Name(found.origin.name), ", database ", Name(base.database_id))
    whole = replace(
        planned,
        about=((*origin, f" at revision {base.revision}."), *planned.about),
        points=(*planned.points, *_points(found)),
        sections=(*planned.sections, *_listings(found)),
        marker=f"promote {found.origin.name} {found.plan.target}",
    )
    if found.refusal is None and not found.problems:
        return whole
    verdict = "The source can't be changed so, and nothing is written."
    against = (*planned.findings, *_against(found))
    return replace(whole, verdict=verdict, tone=Tone.BAD, findings=against)


def _points(found: Any) -> Iterator[Point]:
    if found.plan.changes and len(found.waiting) == len(found.plan.changes):
        yield Point("Edits", ("none: all of this waits for an apply only",), Tone.GOOD)
    if found.kept:
        yield Point("Kept", (f"{count(len(found.kept), 'difference')} that is meant, below",))


def _against(found: Any) -> Iterator[Phrase]:
    """Why nothing can be written."""
    if found.refusal is not None:
        yield ("to be done by hand: ", Said(found.refusal))
    yield from findings(found.problems)


def _listings(found: Any) -> Iterator[Listing]:
    target = found.plan.target
    if found.kept:
        yield Listing(KEPT, tuple(_kept(k, found.origin.name, target) for k in found.kept))
    if found.files and found.waiting:
        yield Listing(WAITING, tuple((Name(at),) for at in found.waiting))
    if found.files:
        yield Listing(FILES, tuple((Name(change.file),) for change in found.files))
    if found.notes:
        yield Listing("Notes", tuple((Said(note),) for note in found.notes))


def _kept(kept: Any, origin: str, target: str) -> Phrase:
    by = (f", by {kept.by.value}", *place(kept.location), ".")
    if kept.field is None:
        return (Name(kept.address), " as a whole", *by)
    theirs, own = (Name(value_line(value)) for value in kept.values)
    values = (theirs, " in ", Name(origin), ", ", own, " in ", Name(target))
    return (Name(kept.address), " ", Name(kept.field), ": ", *values, *by)
