"""Building blocks of HTML, which escape whatever they are given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NewType

from configsync.render.escape import one_line
from configsync.render.report.model import Name, Phrase, Said
from configsync.render.texts import Line

Html = NewType("Html", str)
"""HTML that is well-formed and has all foreign text escaped; made by the functions below only."""


def text(value: str) -> Html:
    """Any text, on one line."""
    return Html(escape(one_line(value)))


def element(tag: str, *children: Html, **attributes: str) -> Html:
    """An element; an underscore at the end of an attribute's name is left out."""
    given = "".join(f' {k.rstrip("_")}="{text(v)}"' for k, v in attributes.items())
    return Html(f"<{tag}{given}>{''.join(children)}</{tag}>")


def code(value: str) -> Html:
    """Text that means something to a machine, such as an address."""
    return element("code", text(value))


def name(value: str) -> Html:
    """The name of a field, which a narrow column breaks after its underscores."""
    return element("code", Html(text(value).replace("_", "_<wbr>")))


def phrase(said: Phrase) -> Html:
    """Words of configsync's own, and those of others as what they are."""
    return Html("".join(map(_part, said)))


def _part(part: str | Name | Said) -> Html:
    if isinstance(part, str):
        return text(part)
    return code(part.text) if isinstance(part, Name) else element("bdi", text(part.text))


def lines(parts: Iterable[Html]) -> Html:
    """Parts one below the other in the source."""
    return Html("\n".join(parts))


def table(head: Sequence[str], rows: Iterable[Sequence[Html]]) -> Html:
    """A table whose first column names its rows."""
    titles = (element("th", text(title), scope="col") for title in head)
    body = (
        element(
            "tr",
            element("th", first, scope="row"),
            *(element("td", cell) for cell in rest),
        )
        for first, *rest in rows
    )
    return element(
        "table",
        element("thead", element("tr", *titles)),
        element("tbody", lines(body)),
    )


def details(summary: Html, body: Html, *, is_open: bool = False) -> Html:
    """What is shown on demand."""
    attributes = {"open": ""} if is_open else {}
    return element("details", element("summary", summary), body, **attributes)


def diff(lines: Iterable[Line]) -> Html:
    """Two texts line by line, with the words that changed in them made strong."""
    return element("pre", *map(_line, lines))


def _line(line: Line) -> Html:
    if line.sign == "@":
        return element("span", Html(escape(line.text) + "\n"), class_="at")
    tag = {"+": "ins", "-": "del"}.get(line.sign, "span")
    sign = f"{line.sign} "
    mixed = len(line.pieces) > 1
    pieces = (
        element("strong", Html(escape(p.text))) if mixed and p.changed else Html(escape(p.text))
        for p in line.pieces
    )
    return element(tag, Html(sign), *pieces, Html("\n"))
