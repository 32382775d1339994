"""Where a character of a text stands in the file that the text is written in."""

from __future__ import annotations

from collections.abc import Sequence

from configsync.core.diagnostic import Location


def place_within(lines: Sequence[str], start: Location, text: str, offset: int) -> Location | None:
    """The place of a character of a text that begins at ``start`` of a file with these lines.

    None where the file doesn't show the text as it is: folded, with escapes, or
    in a file of its own. What is compared is the file itself, so that a place
    is right whatever reader found where the text begins.
    """
    if start.line > len(lines):
        return None
    head = lines[start.line - 1][start.column - 1 :]
    if head.startswith("|"):
        begin = text.rfind("\n", 0, offset) + 1
        end = text.find("\n", offset)
        shown = text[begin : len(text) if end < 0 else end]
        number = start.line + 1 + text.count("\n", 0, offset)
        line = lines[number - 1].rstrip("\r") if number <= len(lines) else ""
        if not line.endswith(shown):
            return None
        return Location(start.file, number, len(line) - len(shown) + offset - begin + 1)
    quote = head[:1] if head[:1] in ("'", '"') else ""
    if not head.startswith(f"{quote}{text}{quote}"):
        return None
    return Location(start.file, start.line, start.column + len(quote) + offset)
