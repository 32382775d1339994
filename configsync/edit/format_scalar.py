"""The canonical spelling of a scalar. Its characters are its author's; only the outside changes.

Plain text stays plain, and quotes go where nothing needs them: never the other
way round, since an author's quotes may be there for a reader that isn't ours.
"""

from __future__ import annotations

import re

from configsync.edit.format_tree import Scalar
from configsync.edit.plain import is_plain

_SIMPLE_ESCAPES = re.compile(r'(?:[^\\]|\\["\\/])*')
"""The inside of double quotes with no escape but those of quotes, backslashes and slashes."""


def spell(scalar: Scalar, *, flow: bool = False) -> list[str]:
    """The lines of a scalar, all but the first without their indentation.

    ``flow`` tells that it stands within a flow collection, where a block scalar
    can't.
    """
    first, *lines = _spell(scalar, flow=flow)
    return [f"{scalar.anchor} {first}".strip() if scalar.anchor else first, *lines]


def _spell(scalar: Scalar, *, flow: bool) -> list[str]:
    style, source = scalar.style, scalar.source
    if style in ("|", ">"):
        return [style + _indicator(scalar) + _chomping(scalar), *scalar.lines]
    if not source:
        # Nothing is null too, but not between the commas of a list.
        return ["null"] if flow else [""]
    if "\n" not in source and style in ("'", '"'):
        literal = style == "'" or _SIMPLE_ESCAPES.fullmatch(source[1:-1])
        if literal and is_plain(scalar.value, flow=flow):
            return [scalar.value]
    if style == "'":
        source = _double_quoted(source)
    first, *lines = source.split("\n")
    if not lines:
        return [first]
    return [_without_end(first, style), *(_without_end(x.lstrip(" \t"), style) for x in lines)]


def _indicator(block: Scalar) -> str:
    """The indentation, where a reader could not tell it from the first line."""
    first = next((line for line in block.lines if line), "")
    return "2" if first.startswith((" ", "\t")) else ""


def _chomping(block: Scalar) -> str:
    """What is said of the lines' end. The file's last line gets one if it had none."""
    value = block.value
    if not value.endswith("\n"):
        return "-" if value or "-" in block.source.split("\n", 1)[0] else ""
    return "+" if value.endswith("\n\n") or value == "\n" else ""


def _double_quoted(source: str) -> str:
    """Double quotes in place of single ones, unless that needed escapes."""
    inside = source[1:-1]
    if '"' in inside or "\\" in inside:
        return source
    return '"' + inside.replace("''", "'") + '"'


def _without_end(line: str, style: str) -> str:
    """A line of several without the space at its end, which folding drops, unless escaped."""
    kept = line.rstrip(" \t")
    backslashes = len(kept) - len(kept.rstrip("\\"))
    return line[: len(kept) + 1] if style == '"' and backslashes % 2 else kept
