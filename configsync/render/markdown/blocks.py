"""Building blocks of Markdown, which escape whatever they are given.

What others wrote stands in code only, in a line or in a fence: nothing in it is
markup there, no mention notifies, no reference or link is live.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NewType
from urllib.parse import quote

from configsync.core.values import digest
from configsync.render.escape import one_line, unobeyed
from configsync.render.html.blocks import Html
from configsync.render.report.model import Phrase
from configsync.render.texts import Line

Inline = NewType("Inline", str)
"""Markdown on one line that holds foreign text in code only; made by `words` and `code`."""

Block = NewType("Block", str)
"""Lines of Markdown that stand by themselves; made by the functions below only."""

MIN_FENCE = 3

MAX_TICKS = 30
"""Backticks in a row that code in a line may hold; GitHub's parser ends none with more than 80."""

MAX_MARKED = 100
"""Characters of what a marker names; of more, the marker has a digest."""

_TOO_MANY_TICKS = re.compile(f"`{{{MAX_TICKS + 1},}}")


def words(text: str) -> Inline:
    """Words of configsync's own, which may hold markup."""
    return Inline(text)


def code(text: str, most: int | None = None) -> Inline:
    """Any text, as code within a line; only so many characters of it, where they are given."""
    text = one_line(text) or "(empty)"
    if most is not None and len(text) > most:
        text = f"{text[:most]}…"
    text = _TOO_MANY_TICKS.sub(lambda run: "<U+0060>" * len(run[0]), text)
    ticks = _longer_than_any(text, 1)
    # One space on each side is taken away again, where both are there.
    pad = " " if text[0] in " `" or text[-1] in " `" else ""
    return Inline(f"{ticks}{pad}{text}{pad}{ticks}")


def phrase(said: Phrase, most: int | None = None) -> Inline:
    """Words of configsync's own, and those of others as code."""
    parts = (words(p) if isinstance(p, str) else code(p.text, most) for p in said)
    return Inline("".join(parts))


def strong(text: str) -> Inline:
    """Words of configsync's own that stand out."""
    return Inline(f"**{text}**")


def marker(name: str) -> Block:
    """What nobody sees and a program finds: one text for each name."""
    # Two hyphens would end it where a parser is strict.
    spelled = quote(name, safe="").replace("--", "-%2D")
    if len(spelled) > MAX_MARKED:
        spelled = digest(name)
    return Block(f"<!-- configsync:{spelled} -->")


def joined(*parts: Inline) -> Inline:
    """Parts of one line."""
    return Inline("".join(parts))


def line(*parts: Inline) -> Block:
    """A paragraph of one line."""
    return Block("".join(parts))


def heading(level: int, *parts: Inline) -> Block:
    """A heading, of level 1 to 6."""
    return Block(f"{'#' * level} {''.join(parts)}")


def bullets(items: Iterable[Inline]) -> Block:
    """A list."""
    return Block("\n".join(f"- {item}" for item in items))


def table(head: Sequence[str], rows: Iterable[Sequence[Inline]]) -> Block:
    """A table, with words of configsync's own for its head."""
    every = [head, ["---"] * len(head), *([_cell(c) for c in row] for row in rows)]
    return Block("\n".join(f"| {' | '.join(row)} |" for row in every))


def diff(lines: Iterable[Line]) -> Block:
    """Two texts line by line, in a fence that nothing in them ends.

    Words that changed stand in ``[-…-]`` and ``{+…+}``, as git writes them.
    """
    text = "\n".join(map(_diff_line, lines))
    fence = _longer_than_any(text, MIN_FENCE)
    return Block(f"{fence}diff\n{text}\n{fence}")


def _diff_line(line: Line) -> str:
    if line.sign == "@":
        return line.text
    opening, closing = _CHANGED.get(line.sign, ("", ""))
    mixed = len(line.pieces) > 1
    pieces = (f"{opening}{p.text}{closing}" if mixed and p.changed else p.text for p in line.pieces)
    return f"{line.sign} {''.join(pieces)}".rstrip(" ")


_CHANGED = {"-": ("[-", "-]"), "+": ("{+", "+}")}


def details(summary: Html, *body: Block, is_open: bool = False) -> Block:
    """What is shown on demand; the summary is HTML, in which there is no Markdown."""
    opening = f"<details{' open' if is_open else ''}>\n<summary>{summary}</summary>"
    return Block("\n\n".join((opening, *body, "</details>")))


def document(blocks: Iterable[Block]) -> str:
    """A whole text, in which a CI runner finds nothing to obey."""
    return unobeyed("\n\n".join(blocks)) + "\n"


def size(blocks: Iterable[Block]) -> int:
    """Bytes that blocks add to a document, which are at least as many as its characters.

    So it is in UTF-16 too, by which some count.
    """
    return sum(len(unobeyed(block).encode()) + 2 for block in blocks)


def _cell(content: Inline) -> str:
    """A table is cut at its pipes before anything else is read, code included."""
    return content.replace("|", "\\|")


def _longer_than_any(text: str, least: int) -> str:
    longest = max(map(len, re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)
