"""Columns of text that stand below each other, whatever characters are in them."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import combining, east_asian_width


def width(text: str) -> int:
    """How many columns a terminal gives the text."""
    return sum(2 if east_asian_width(c) in "WF" else 0 if combining(c) else 1 for c in text)


def aligned(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> list[str]:
    """Each row as one line, its cells two spaces apart; the columns in ``right`` end together."""
    widths = [max(map(width, cells)) for cells in zip(*rows, strict=True)]
    return ["  ".join(_padded(row, widths, right)).rstrip() for row in rows]


def _padded(row: Sequence[str], widths: Sequence[int], right: frozenset[int]) -> list[str]:
    spaces = [" " * (w - width(cell)) for cell, w in zip(row, widths, strict=True)]
    return [
        space + cell if n in right else cell + space
        for n, (cell, space) in enumerate(zip(row, spaces, strict=True))
    ]
