"""A report: a verdict, what it rests on, what is risky, then everything by root.

Renderers decide how each of these looks, and nothing about what is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from configsync.core.values import Json


@dataclass(frozen=True, slots=True)
class Name:
    """Text that others wrote and that means something to a machine, such as an address."""

    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence with text that others wrote in it."""

    text: str


Phrase: TypeAlias = "tuple[str | Name | Said, ...]"
"""Words of configsync's own, which hold no markup of any format, and text of others."""


class Tone(StrEnum):
    """How a verdict is to be taken."""

    GOOD = "good"
    CHANGE = "change"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Point:
    """Something to know before all else; ``label`` is a word or two."""

    label: str
    said: Phrase
    tone: Tone = Tone.CHANGE


@dataclass(frozen=True, slots=True)
class Text:
    """A value that is read line by line; None on the side where there is none."""

    name: Phrase
    old: Json
    new: Json


@dataclass(frozen=True, slots=True)
class Group:
    """What happens to one root and its parts.

    ``notes`` has a phrase for each resource, ``rows`` the short values under
    ``head``, the first cell of a row naming it. What is ``folded`` is shown on
    demand: all of a root that comes or goes.
    """

    root: str
    notes: tuple[Phrase, ...]
    head: tuple[str, ...] = ()
    rows: tuple[tuple[Phrase, ...], ...] = ()
    texts: tuple[Text, ...] = ()
    folded: bool = False
    resources: int = 1


@dataclass(frozen=True, slots=True)
class Section:
    """Changes of one sort."""

    title: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Things that need no more than a line each."""

    title: str
    items: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that is said.

    ``marker`` names what the report is about, so that a later one takes its
    place. ``again`` is the command that tells all of it.
    """

    title: str
    verdict: str
    tone: Tone
    again: str
    about: tuple[Phrase, ...] = ()
    points: tuple[Point, ...] = ()
    findings: tuple[Phrase, ...] = ()
    sections: tuple[Section | Listing, ...] = ()
    marker: str | None = None

    @property
    def parts(self) -> tuple[Section | Listing, ...]:
        """What comes after the head: findings, then the sections."""
        found = (Listing("Findings", self.findings),) if self.findings else ()
        return (*found, *self.sections)
