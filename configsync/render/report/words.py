"""The words that all formats for people share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from configsync.core.diagnostic import Diagnostic, Location, Severity
from configsync.core.plan import Change
from configsync.core.revision import RevisionSource, Writer
from configsync.core.values import Json, canonical_json
from configsync.render.fields import MAX_VALUE, is_long, value_line
from configsync.render.report.model import Name, Phrase, Said, Text

NO_RECORD = "by a write that left no record"
"""Said of a change whose writer the database doesn't know."""

GONE = "(deleted)"
"""Stands for what a deleted resource has."""

NONE = "(none)"
"""Stands for what a resource had before there was one."""

MAX_NAMED = 5
"""Things that a point names; sections have all of them."""


def count(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listed(names: Iterable[str]) -> Phrase:
    """The first few names, and how many there are besides."""
    names = list(names)
    parts: list[str | Name | Said] = []
    for name in names[:MAX_NAMED]:
        parts += [", "] if parts else []
        parts.append(Name(name))
    if len(names) > MAX_NAMED:
        parts.append(f" and {len(names) - MAX_NAMED} more")
    return tuple(parts)


def facts(writer: Writer) -> Sequence[tuple[str, str]]:
    """What the database knows of a writer, in order; names of facts with texts of strangers."""
    known = (
        ("by", writer.user),
        ("through", "service" if writer.source is RevisionSource.SERVICE else None),
        ("application", writer.application),
        ("client", writer.address),
        ("at", writer.at),
        ("revision", str(writer.revision)),
    )
    return [(name, value) for name, value in known if value]


def written_by(writer: Writer | None) -> Phrase:
    """Who wrote a row past git, as far as that is known."""
    if writer is None:
        return (NO_RECORD,)
    parts: list[str | Name | Said] = []
    for fact, value in facts(writer):
        parts += [f"{', ' if parts else ''}{fact} ", Name(value)]
    return tuple(parts)


def place(where: Location | None) -> Phrase:
    """Where something is written, to stand behind what it is."""
    return () if where is None else (", ", Name(f"{where.file}:{where.line}"))


def findings(found: Iterable[Diagnostic]) -> tuple[Phrase, ...]:
    """A phrase for each diagnostic, errors first."""
    order = list(Severity)
    return tuple(map(_finding, sorted(found, key=lambda d: order.index(d.severity))))


def _finding(found: Diagnostic) -> Phrase:
    where = () if found.location is None else (" at ", Name(str(found.location)))
    said = ". ".join(s.rstrip(".") for s in (found.summary, found.detail, found.help) if s)
    return (f"{found.severity.value} ", Name(found.code), *where, ": ", Said(f"{said}."))


def is_text(value: Json) -> bool:
    """Tell whether a value is read line by line, as texts are and JSON of any length."""
    return is_long(value) or len(value_line(value)) > MAX_VALUE + 2


class Fields:
    """Tells fields of resources apart into short values and texts, and of each text once.

    Profiles share prompts: what changes the same way in many is read in one.
    """

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], str] = {}
        self.rows: list[tuple[Phrase, ...]] = []
        self.texts: list[Text] = []
        self.notes: list[Phrase] = []

    def start(self) -> None:
        """Begin another group."""
        self.rows, self.texts, self.notes = [], [], []

    def add(
        self, change: Change, part: str, *, old: str | None = None, new: str | None = None
    ) -> None:
        """Take in the fields of a resource; ``part`` is its address below the root.

        ``old`` and ``new`` are words for a side that doesn't exist.
        """
        for field, (before, after) in change.fields.items():
            name: Phrase = (Name(part), " ", Name(field)) if part else (Name(field),)
            if not (is_text(before) or is_text(after)):
                sides = ((before, old), (after, new))
                cells = (((w,) if w else (Name(value_line(v)),)) for v, w in sides)
                self.rows.append((name, *cells))
                continue
            key = (canonical_json(before), canonical_json(after))
            first = self._told.setdefault(key, change.address)
            if first == change.address:
                self.texts.append(Text(name, before, after))
            else:
                self.notes.append((*name, ": the same as in ", Name(first), "."))
