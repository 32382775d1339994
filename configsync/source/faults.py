"""Words for what the parser says: its faults in our terms, at the place where they begin."""

from __future__ import annotations

import re
from typing import Any

import yaml

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location, Related

LINE_SEPARATOR = re.compile("[\x85\u2028\u2029\ufeff]")
"""The C parser reads YAML 1.1, where three of these end a line: it would count lines as no
editor does, and turn NEL into a newline within a text. The last is a byte order mark."""


def syntax_fault(error: yaml.MarkedYAMLError, file: str, text: str) -> Diagnostic:
    problem = error.problem or "it can't be parsed"
    mark, start = error.problem_mark, error.context_mark
    ended = mark is not None and mark.index >= len(text)
    if start is not None and (ended or problem in _BEGINS_WRONG):
        mark, start = start, None
    location = _place(mark or start, file, text)
    related: tuple[Related, ...] = ()
    if start is not None and _place(start, file, text) != location:
        related = (Related(error.context or "it begins here", _place(start, file, text)),)
    if _CONFLICT.search(text):
        summary, help = _UNRESOLVED
    else:
        summary, help = _PROBLEMS.get(problem, (problem, ""))
        # A key without a space behind its colon is text, to which the next line belongs too.
        lines = _LINE_END.split(text)[max(0, location.line - 2) : location.line]
        help = next(filter(None, map(_meant, reversed(lines))), help)
    return codes.SYNTAX.at(location, f"not YAML: {summary}", help=help, related=related)


def _meant(line: str) -> str:
    """How to mend a line that looks as if a certain form was meant."""
    if reference := re.search(r":\s+(\$(?:csv|env|file|var):\s+[^\s{}#]{1,200})", line):
        return f"Put a reference in braces: {{{reference[1]}}}."
    if tight := re.fullmatch(r"\s*(?:-\s+)?([A-Za-z_]\w*):([^\s:/'\"]\S{0,79})\s*", line):
        return f"Write a space behind the colon: {tight[1]}: {tight[2]}."
    return ""


def _place(mark: Any, file: str, text: str) -> Location:
    """Where a mark points; behind the end of the text, its last character."""
    lines = _LINE_END.split(text)
    while len(lines) > 1 and not lines[-1]:
        lines.pop()
    if mark is None:
        return Location(file, 1, 1)
    if mark.line >= len(lines):
        return Location(file, len(lines), max(1, len(lines[-1])))
    return Location(file, mark.line + 1, mark.column + 1)


# Where the parser gave up says little here: what it was reading begins at the fault.
_BEGINS_WRONG = (
    "found unexpected end of stream",
    "could not find expected ':'",
    "did not find expected alphabetic or numeric character",
)
_LINE_END = re.compile("\r\n|\r|\n")
_CONFLICT = re.compile("^(<<<<<<< |>>>>>>> )", re.MULTILINE)
_UNRESOLVED = (
    "a merge conflict is not resolved",
    "Keep one of the two sides, and remove the lines that begin with <<<<<<<, ======= and >>>>>>>.",
)
_LAYOUT = "Look for a line that is indented differently, and for an unclosed quote or bracket."

# The parser's words for what is wrong, in ours, with what to do.
_PROBLEMS = {
    "mapping values are not allowed in this context": (
        "a colon stands where no key can be",
        "Quote text that contains a colon followed by a space; check the line's indentation.",
    ),
    "found a tab character that violates indentation": (
        "a tab stands in the indentation",
        "Indent with spaces.",
    ),
    "found character that cannot start any token": (
        "a value can't begin with this character",
        "Quote text that begins with @, ` or %; indent with spaces, not tabs.",
    ),
    "found unexpected end of stream": (
        "a quote isn't closed",
        'Close it, or write a quote within the text twice (single) or as \\" (double).',
    ),
    "could not find expected ':'": ("a colon is missing after a key", _LAYOUT),
    "did not find expected ',' or ']'": ("a list in brackets isn't closed", "Add , or ] there."),
    "did not find expected ',' or '}'": ("a mapping in braces isn't closed", "Add , or } there."),
    "did not find expected key": ("no key where one is expected", _LAYOUT),
    "did not find expected '-' indicator": ("no list entry where one is expected", _LAYOUT),
    "did not find expected node content": ("no value where one is expected", _LAYOUT),
    "did not find expected <document start>": (
        "something follows the document's end",
        "Put --- between two documents; check the line's indentation.",
    ),
    "block sequence entries are not allowed in this context": (
        "a list entry can't stand here",
        "Put the first - on a line of its own, below its key.",
    ),
    "found unknown escape character": (
        "an unknown escape in double quotes",
        "Write a backslash as \\\\, or use single quotes.",
    ),
    "found invalid Unicode character escape code": (
        "an escape names no character",
        "Write the character itself.",
    ),
    "did not find expected alphabetic or numeric character": (
        "* and & begin an alias or anchor",
        "Quote text that begins with * or &.",
    ),
    "found undefined tag handle": ("a tag is used", "Remove the tag."),
    "did not find expected hexdecimal number": (
        "an escape in double quotes is incomplete",
        "Write a backslash as \\\\, or use single quotes.",
    ),
}


def character_fault(error: yaml.reader.ReaderError, text: str, file: str) -> Diagnostic:
    """The C parser reports a byte offset into UTF-8; turn it into a line and a column."""
    data = text.encode(errors="surrogatepass")
    at = len(data[: max(error.position or 0, 0)].decode(errors="ignore"))
    return bad_character(file, text, at)


def bad_character(file: str, text: str, at: int) -> Diagnostic:
    before = _LINE_END.split(text[:at])
    line, column = len(before), len(before[-1]) + 1
    separator = at < len(text) and LINE_SEPARATOR.match(text[at])
    shown = f"U+{ord(text[at]):04X}" if at < len(text) else "at the end of the file"
    return codes.BAD_CHARACTER.at(
        Location(file, line, column),
        f"the character {shown} is not allowed",
        "YAML readers disagree what it means there." if separator else "",
        help="Remove it."
        if at < len(text) and text[at] == "\0"
        else "Remove it, or write it as an escape in double quotes.",
    )
