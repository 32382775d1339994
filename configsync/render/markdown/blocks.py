"""Building blocks of Markdown, which escape whatever they are given.

What others wrote stands in code only, in a line or in a fence: nothing in it is
markup there, no mention notifies, no reference or link is live.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NewType

from configsync.core.values import Json
from configsync.render.escape import one_line
from configsync.render.fields import diff_lines
from configsync.render.html.blocks import Html

Inline = NewType("Inline", str)
"""Markdown on one line that holds foreign text in code only; made by `words` and `code`."""

Block = NewType("Block", str)
"""Lines of Markdown that stand by themselves; made by the functions below only."""

MIN_FENCE = 3

MAX_TICKS = 30
"""Backticks in a row that code in a line may hold; GitHub's parser ends none with more than 80."""

_TOO_MANY_TICKS = re.compile(f"`{{{MAX_TICKS + 1},}}")


def words(text: str) -> Inline:
    """Words of configsync's own, which may hold markup."""
    return Inline(text)


def code(text: str) -> Inline:
    """Any text, as code within a line."""
    text = one_line(text) or "(empty)"
    text = _TOO_MANY_TICKS.sub(lambda run: "<U+0060>" * len(run[0]), text)
    ticks = _longer_than_any(text, 1)
    # One space on each side is taken away again, where both are there.
    pad = " " if text[0] in " `" or text[-1] in " `" else ""
    return Inline(f"{ticks}{pad}{text}{pad}{ticks}")


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


def diff(old: Json, new: Json) -> Block:
    """Two texts line by line, in a fence that nothing in them ends."""
    text = "\n".join(diff_lines(old, new))
    fence = _longer_than_any(text, MIN_FENCE)
    return Block(f"{fence}diff\n{text}\n{fence}")


def details(summary: Html, *body: Block) -> Block:
    """What is shown on demand; the summary is HTML, in which there is no Markdown."""
    return Block("\n\n".join((f"<details>\n<summary>{summary}</summary>", *body, "</details>")))


def document(blocks: Iterable[Block]) -> str:
    """A whole text."""
    return "\n\n".join(blocks) + "\n"


def _cell(content: Inline) -> str:
    """A table is cut at its pipes before anything else is read, code included."""
    return content.replace("|", "\\|")


def _longer_than_any(text: str, least: int) -> str:
    longest = max(map(len, re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)
