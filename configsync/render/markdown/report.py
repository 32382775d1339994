"""A report as Markdown that fits into a comment: what doesn't is shortened, then counted.

It is cut between resources only, so that no fence and no table is cut in two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from configsync.render.html import blocks as html
from configsync.render.markdown.blocks import (
    Block,
    bullets,
    code,
    details,
    diff,
    document,
    heading,
    joined,
    line,
    marker,
    phrase,
    size,
    strong,
    table,
    words,
)
from configsync.render.report.model import Group, Listing, Report, Section, Text
from configsync.render.report.words import count
from configsync.render.texts import MAX_OPEN, compare

MAX_BYTES = 64_000
"""GitHub takes comments of 65,536 characters; what a CI adds has room too."""

MAX_HEAD = 100
"""Characters of each name among the points: they are shown whatever else is cut."""

FEW = 10
"""Lines of a listing that is shortened."""

MANY = 10**9
"""As many resources as no plan has: room is kept for what is said of what was cut."""

_LINK = re.compile(r"https?://[A-Za-z0-9._~:/?#@%&=+,;-]{1,500}")

Form: TypeAlias = "Callable[[], Sequence[Block]]"


@dataclass(frozen=True, slots=True)
class Unit:
    """What is shown whole, shortened or not at all; ``forms`` has the longest first."""

    forms: tuple[Form, ...]
    resources: int = 1


@dataclass(slots=True)
class Cut:
    """Resources that are not shown whole."""

    shortened: int = 0
    left_out: int = 0


def render(report: Report, *, limit: int = MAX_BYTES, elsewhere: str | None = None) -> str:
    """A text of at most ``limit`` bytes, and never more characters.

    ``elsewhere`` is the address of a place that has all of it; without one,
    what is cut is told with the command that shows it. A limit below 16,000
    may not be kept: the verdict and the points are never cut.
    """
    cut = Cut()
    titles = [heading(3, words(s.title)) for s in report.parts]
    head = list(_head(report))
    most = [_notice(report, Cut(MANY, MANY), elsewhere), *(_left(MANY) for _ in titles)]
    room = limit - size([*head, *titles, *most])
    units = [list(_units(section)) for section in report.parts]
    shown = iter(_fitted([u for part in units for u in part], room, cut))
    body: list[Block] = []
    for title, part in zip(titles, units, strict=True):
        found = [next(shown) for _ in part]
        left = sum(u.resources for u, blocks in zip(part, found, strict=True) if blocks is None)
        body.append(title)
        body += [block for blocks in found for block in blocks or ()]
        body += [_left(left)] if left else []
    notice = [_notice(report, cut, elsewhere)] if cut.shortened or cut.left_out else []
    return document([*head, *notice, *body])


def _head(report: Report) -> Iterator[Block]:
    if report.marker is not None:
        yield marker(report.marker)
    yield heading(2, words(report.title))
    about = (phrase((" ", *said), MAX_HEAD) for said in report.about)
    yield line(strong(report.verdict), *about)
    if report.points:
        yield bullets(
            joined(strong(f"{p.label}:"), words(" "), phrase(p.said, MAX_HEAD), words("."))
            for p in report.points
        )


def _notice(report: Report, cut: Cut, elsewhere: str | None) -> Block:
    told = []
    if cut.shortened:
        told.append(f"{cut.shortened} shown without all of it")
    if cut.left_out:
        told.append(f"{cut.left_out} left out")
    where = joined(words("run "), code(report.again, MAX_HEAD))
    if elsewhere is not None:
        where = words(f"<{elsewhere}>") if _LINK.fullmatch(elsewhere) else code(elsewhere, MAX_HEAD)
    said = f" to fit into a comment: {', '.join(told)}. For all of it: "
    return line(strong("Cut"), words(said), where)


def _left(number: int) -> Block:
    return line(words(f"… and {number} more, left out here."))


def _fitted(units: Sequence[Unit], room: int, cut: Cut) -> list[Sequence[Block] | None]:
    """Each unit in a form such that all of them fit; None for what doesn't.

    First as many as possible are shown at all, then as much of each as there
    is room for, in order.
    """
    chosen: list[Sequence[Block] | None] = []
    for unit in units:
        least = unit.forms[-1]() if room > 0 else ()
        needed = size(least)
        chosen.append(least if least and needed <= room else None)
        room -= needed if chosen[-1] is not None else 0
    for i, unit in enumerate(units):
        present = chosen[i]
        if present is None:
            cut.left_out += unit.resources
            continue
        for number, form in enumerate(unit.forms[:-1]):
            blocks = form() if room > 0 else present
            more = size(blocks) - size(present)
            if blocks is not present and more <= room:
                chosen[i], room = blocks, room - more
                cut.shortened += unit.resources if number else 0
                break
        else:
            cut.shortened += unit.resources if len(unit.forms) > 1 else 0
    return chosen


def _units(section: Section | Listing) -> Iterator[Unit]:
    if isinstance(section, Section):
        yield from map(_group, section.groups)
        return
    items = section.items
    if len(items) <= FEW:
        yield Unit((lambda: [bullets(map(phrase, items))],), len(items))
        return
    few = [*map(phrase, items[:FEW]), words(f"and {len(items) - FEW} more")]
    yield Unit((lambda: [bullets(map(phrase, items))], lambda: [bullets(few)]), len(items))


def _group(group: Group) -> Unit:
    title = heading(4, code(group.root))

    def whole() -> Sequence[Block]:
        return _shown(group, title, [_text(t, folded=group.folded) for t in group.texts])

    def without_texts() -> Sequence[Block]:
        left = count(len(group.texts), "long text")
        return _shown(group, title, [line(words(f"Left out here: {left}."))])

    def notes() -> Sequence[Block]:
        few = [phrase(note, MAX_HEAD) for note in group.notes[:FEW]]
        more = len(group.notes) - FEW
        few += [words(f"and {more} more")] if more > 0 else []
        left = count(len(group.rows) + len(group.texts), "value")
        return [title, bullets(few), line(words(f"Left out here: {left}."))]

    forms = (whole, without_texts, notes) if group.texts else (whole, notes)
    return Unit(forms, group.resources)


def _shown(group: Group, title: Block, texts: Sequence[Block]) -> Sequence[Block]:
    values = [table(group.head, ([*map(phrase, row)] for row in group.rows))] if group.rows else []
    if not group.folded:
        return [title, bullets(map(phrase, group.notes)), *values, *texts]
    number = len(group.rows) + len(group.texts)
    summary = html.text(count(number, "value"))
    notes = bullets(map(phrase, group.notes))
    return [title, notes, details(summary, *values, *texts)]


def _text(text: Text, *, folded: bool) -> Block:
    lines = compare(text.old, text.new)
    is_open = not folded and len(lines) <= MAX_OPEN
    return details(html.phrase(text.name), diff(lines), is_open=is_open)
