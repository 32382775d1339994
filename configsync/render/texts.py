"""Two texts line by line, with the words that changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import TypeAlias

from configsync.core.values import Json
from configsync.render.fields import MAX_PAIRS, common, safe_line, unified

ALIKE = 0.4
"""The share of a line's characters that stay, from which on it is taken to have changed."""

EDGE = 80
"""Characters that stay to be seen on each side of a change within a long line."""

MAX_OPEN = 40
"""Lines of a diff that is seen without being asked for, where there is a choice."""

_WORD = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line; one of the words that changed, or not."""

    text: str
    changed: bool = False


Pieces: TypeAlias = "tuple[Piece, ...]"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a diff, safe to show; ``sign`` is ``+``, ``-``, a space, or ``@`` for a place."""

    sign: str
    pieces: Pieces

    @property
    def text(self) -> str:
        return "".join(p.text for p in self.pieces)


def compare(old: Json, new: Json) -> list[Line]:
    """The lines of a unified diff; what long lines have in common is left out of them."""
    lines: list[Line] = []
    room = MAX_PAIRS
    for changed, run in groupby(unified(old, new), lambda line: line[0] in "+-"):
        if changed:
            found, cost = _compared(list(run), room)
            lines += found
            room -= cost
        else:
            lines += map(_unchanged, run)
    return lines


def _unchanged(line: str) -> Line:
    if line[0] == "@":
        return Line("@", (Piece(line),))
    return Line(" ", (Piece(_shortened(safe_line(line[1:]))),))


def _compared(run: list[str], room: int) -> tuple[list[Line], int]:
    """Lines that went and those that came for them, one for one; and how much work that was."""
    removed, added = ([safe_line(s[1:]) for s in run if s[0] == sign] for sign in "-+")
    before: list[Pieces] = [(Piece(text),) for text in removed]
    after: list[Pieces] = [(Piece(text),) for text in added]
    cost = 0
    for i, (old, new) in enumerate(zip(removed, added, strict=False)):
        before[i], after[i], more = _words(old, new, room - cost)
        cost += more
    return [*(Line("-", p) for p in before), *(Line("+", p) for p in after)], cost


def _words(old: str, new: str, room: int) -> tuple[Pieces, Pieces, int]:
    """Both lines with what changed in them told apart, and how much work that was."""
    a, b = _WORD.findall(old), _WORD.findall(new)
    start, end = common(a, b)
    left, right = a[start : len(a) - end], b[start : len(b) - end]
    head, tail = "".join(a[:start]), "".join(a[len(a) - end :])
    cost = len(left) * len(right)
    if cost > room:
        cost, steps = 0, [("replace", 0, len(left), 0, len(right))]
    else:
        steps = list(SequenceMatcher(None, left, right, autojunk=False).get_opcodes())
    kept = sum(len("".join(left[i:j])) for tag, i, j, _, _ in steps if tag == "equal")
    if kept + len(head) + len(tail) < ALIKE * max(len(old), len(new)):
        return (Piece(old),), (Piece(new),), cost
    before = [("".join(left[i:j]), tag != "equal") for tag, i, j, _, _ in steps]
    after = [("".join(right[i:j]), tag != "equal") for tag, _, _, i, j in steps]
    first, last = (head, False), (tail, False)
    return _pieces([first, *before, last]), _pieces([first, *after, last]), cost


def _pieces(parts: list[tuple[str, bool]]) -> Pieces:
    """Pieces, with neighbours of one sort made one, also across a space; long ones shortened."""
    parts = [(text, changed) for text, changed in parts if text]
    found: list[Piece] = []
    for i, (text, changed) in enumerate(parts):
        between = 0 < i < len(parts) - 1 and parts[i - 1][1] and parts[i + 1][1]
        changed = changed or (between and text.isspace())
        if found and found[-1].changed == changed:
            found[-1] = Piece(found[-1].text + text, changed)
        else:
            found.append(Piece(text, changed))
    return tuple(p if p.changed else Piece(_shortened(p.text)) for p in found)


def _shortened(text: str) -> str:
    if len(text) <= 3 * EDGE:
        return text
    return f"{text[:EDGE]} … {len(text) - 2 * EDGE} characters … {text[-EDGE:]}"
