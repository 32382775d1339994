"""Two texts line by line, with the words that changed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

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


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a diff, safe to show; ``sign`` is ``+``, ``-``, a space, or ``@`` for a place."""

    sign: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "".join(p.text for p in self.pieces)


def compare(old: Json, new: Json) -> list[Line]:
    """The lines of a unified diff; what long lines have in common is left out of them."""
    room = MAX_PAIRS
    lines: list[Line] = []
    removed: list[str] = []
    added: list[str] = []

    def flush() -> None:
        nonlocal room
        befores, afters = [], []
        for i in range(max(len(removed), len(added))):
            if i < min(len(removed), len(added)):
                before, after, cost = _words(removed[i], added[i], room)
                room -= cost
            else:
                before, after = ((Piece(s[i]),) if i < len(s) else () for s in (removed, added))
            befores += [Line("-", _folded(before))] if i < len(removed) else []
            afters += [Line("+", _folded(after))] if i < len(added) else []
        lines.extend((*befores, *afters))
        removed.clear()
        added.clear()

    for line in unified(old, new):
        sign, text = line[0], safe_line(line[1:])
        if sign == "-" and not added:
            removed.append(text)
        elif sign == "+":
            added.append(text)
        else:
            flush()
            if sign == "-":
                removed.append(text)
            elif sign == "@":
                lines.append(Line("@", (Piece(line),)))
            else:
                lines.append(Line(" ", _folded((Piece(text),), always=True)))
    flush()
    return lines


def _words(old: str, new: str, room: int) -> tuple[tuple[Piece, ...], tuple[Piece, ...], int]:
    """Both lines with what changed in them told apart, and how much work that was."""
    a, b = _WORD.findall(old), _WORD.findall(new)
    start, end = common(a, b)
    left, right = a[start : len(a) - end], b[start : len(b) - end]
    cost = len(left) * len(right)
    head, tail = "".join(a[:start]), "".join(a[len(a) - end :])
    if cost > room:
        blocks, cost = [], 0
    else:
        blocks = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    kept = len(head) + len(tail)
    kept += sum(len("".join(left[i:j])) for tag, i, j, _, _ in blocks if tag == "equal")
    if kept < ALIKE * max(len(old), len(new)):
        return (Piece(old),), (Piece(new),), cost
    if not blocks:
        blocks = [("replace", 0, len(left), 0, len(right))]
    before = [("".join(left[i:j]), tag != "equal") for tag, i, j, _, _ in blocks]
    after = [("".join(right[i:j]), tag != "equal") for tag, _, _, i, j in blocks]
    ends = ((head, False), (tail, False))
    return _pieces((ends[0], *before, ends[1])), _pieces((ends[0], *after, ends[1])), cost


def _pieces(parts: Iterable[tuple[str, bool]]) -> tuple[Piece, ...]:
    """Pieces, with neighbours of one sort made one, also across a space."""
    parts = [(text, changed) for text, changed in parts if text]
    found: list[Piece] = []
    for i, (text, changed) in enumerate(parts):
        between = 0 < i < len(parts) - 1 and parts[i - 1][1] and parts[i + 1][1]
        changed = changed or (between and text.isspace())
        if found and found[-1].changed == changed:
            found[-1] = Piece(found[-1].text + text, changed)
        else:
            found.append(Piece(text, changed))
    return tuple(found)


def _folded(pieces: tuple[Piece, ...], *, always: bool = False) -> tuple[Piece, ...]:
    """A line with the long parts that stay left out; a line of which all changed is whole."""
    if not always and not any(p.changed for p in pieces):
        return pieces
    return tuple(p if p.changed else Piece(_shortened(p.text)) for p in pieces)


def _shortened(text: str) -> str:
    if len(text) <= 3 * EDGE:
        return text
    return f"{text[:EDGE]} … {len(text) - 2 * EDGE} characters … {text[-EDGE:]}"
