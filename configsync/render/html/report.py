"""A report as a page: the verdict, what is risky, then everything by root."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from configsync.render.html import page
from configsync.render.html.blocks import (
    Html,
    code,
    details,
    diff,
    element,
    lines,
    name,
    phrase,
    table,
    text,
)
from configsync.render.report.model import Group, Listing, Name, Phrase, Point, Report, Section
from configsync.render.report.model import Text as LongText
from configsync.render.report.words import count
from configsync.render.texts import MAX_OPEN, compare


def render(report: Report) -> str:
    """A whole page."""
    title = element("h1", text(report.title))
    verdict = element("p", element("strong", text(report.verdict)))
    about = element("p", lines(map(phrase, report.about)), class_="about")
    about = about if report.about else Html("")
    points = element("dl", lines(map(_point, report.points))) if report.points else Html("")
    header = element("header", title, verdict, points, about, class_=report.tone.value)
    main = element("main", lines((header, *map(_section, report.parts))))
    return page.render(f"configsync: {report.title}", (main,))


def _point(point: Point) -> Html:
    label = element("dt", text(point.label))
    return element("div", label, element("dd", phrase(point.said)), class_=point.tone.value)


def _section(section: Section | Listing) -> Html:
    title = element("h2", text(section.title))
    if isinstance(section, Section):
        return element("section", title, lines(map(_group, section.groups)))
    return element("section", title, _list(section.items))


def _list(items: Sequence[Phrase]) -> Html:
    return element("ul", lines(element("li", phrase(item)) for item in items))


def _group(group: Group) -> Html:
    values = lines(_values(group))
    if group.folded:
        number = len(group.rows) + len(group.texts)
        values = details(text(count(number, "value")), values)
    title = element("h3", code(group.root))
    return element("article", title, _list(group.notes), values)


def _values(group: Group) -> Iterator[Html]:
    """A table of the short values, then each text as a diff."""
    if group.rows:
        rows = ((_field(first), *map(phrase, rest)) for first, *rest in group.rows)
        yield table(group.head, rows)
    for long in group.texts:
        yield _text(long, folded=group.folded)


def _field(said: Phrase) -> Html:
    """The name of a field, which a narrow column breaks after its underscores."""
    *part, field = said
    last = name(field.text) if isinstance(field, Name) else phrase((field,))
    return Html(f"{phrase(tuple(part))}{last}")


def _text(long: LongText, *, folded: bool) -> Html:
    found = compare(long.old, long.new)
    is_open = not folded and len(found) <= MAX_OPEN
    return details(phrase(long.name), diff(found), is_open=is_open)
