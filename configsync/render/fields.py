"""The values of fields, as every format for people shows them: on a line, or as a diff."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff

from configsync.core.values import Json, canonical_json
from configsync.render.escape import one_line, visible

CONTEXT = 3
"""Lines around a changed one."""

MAX_VALUE = 100
"""Characters of a value on one line, without its quotes."""

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
    found = unified_diff(text_lines(old), text_lines(new), n=CONTEXT, lineterm="")
    for line in list(found)[2:]:
        yield line if line[0] == "@" else f"{line[0]} {safe_line(line[1:])}".rstrip(" ")
