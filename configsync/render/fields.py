"""The values of fields, as every format for people shows them: on a line, or as a diff."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import unified_diff

from configsync.core.values import Json, canonical_json
from configsync.render.escape import one_line, visible

CONTEXT = 3
"""Lines around a changed one."""

MAX_VALUE = 100
"""Characters of a value on one line, without its quotes."""

MAX_PAIRS = 2_000_000
"""Equal lines, or words, that are tried against each other: difflib may need them all squared."""

_SPACES = {" ": "·", "\t": "⇥", "\r": "␍"}


def is_long(value: Json) -> bool:
    """Tell whether a value is a text that is shown line by line."""
    return isinstance(value, str) and ("\n" in value or len(value_line(value)) > MAX_VALUE + 2)


def value_line(value: Json) -> str:
    """A value as JSON on one line, safe to show."""
    return one_line(canonical_json(value))


def text_lines(value: Json) -> list[str]:
    """The lines of a text as they are, a missing last newline marked, as git does."""
    if value is None:
        return []
    text = value if isinstance(value, str) else canonical_json(value)
    lines = text.split("\n")
    if lines[-1] == "":
        return lines[:-1]
    return [*lines, "\\ no newline at the end"]


def safe_line(text: str) -> str:
    """A line, safe to show, with its trailing white space made visible."""
    kept = text.rstrip()
    tail = (_SPACES.get(c, f"<U+{ord(c):04X}>") for c in text[len(kept) :])
    return visible(kept) + "".join(tail)


def diff_lines(old: Json, new: Json) -> Iterator[str]:
    """The lines of a unified diff, safe to show: each begins with ``+``, ``-``, a space or ``@@``.

    A last line without its newline says so.
    """
    for line in unified(old, new):
        yield line if line[0] == "@" else f"{line[0]} {safe_line(line[1:])}".rstrip(" ")


def unified(old: Json, new: Json) -> Iterator[str]:
    """The lines of a unified diff as they are, without its header.

    Where that would take too long, all between the first and the last line
    that differ.
    """
    before, after = text_lines(old), text_lines(new)
    counts = Counter(before), Counter(after)
    if sum(n * counts[1][line] for line, n in counts[0].items()) > MAX_PAIRS:
        start, end = common(before, after)
        gone, come = before[start : len(before) - end], after[start : len(after) - end]
        yield f"@@ -{start + 1},{len(gone)} +{start + 1},{len(come)} @@"
        yield from (f"-{line}" for line in gone)
        yield from (f"+{line}" for line in come)
        return
    yield from list(unified_diff(before, after, n=CONTEXT, lineterm=""))[2:]


def common(a: Sequence[str], b: Sequence[str]) -> tuple[int, int]:
    """How many items both begin with, and how many of the rest they end with."""
    least = min(len(a), len(b))
    start = next((i for i in range(least) if a[i] != b[i]), least)
    least -= start
    end = next((i for i in range(least) if a[-1 - i] != b[-1 - i]), least)
    return start, end
