"""Ignore comments: ``# configsync: ignore CS203 because of …`` silences a rule at one place.

The comment stands on the line of the finding, or alone on the line above; for a
finding within a text of several lines, where the text begins. It names a rule
and a reason. What isn't a rule's (syntax, schema, columns) can't
be silenced: the database would refuse it all the same.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location

MARKER = "configsync: ignore"

# Meant all the same without the colon or its space.
_MARKED = re.compile(r"configsync(?::[ \t]*|[ \t]+)ignore\b")
_COMMENT = re.compile(rf"#\s*{_MARKED.pattern}[ \t]*([^\s]*)[ \t]*(.*)")


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment that silences ``code`` from ``line`` to ``last``; it stands at ``location``."""

    code: str
    line: int
    last: int
    location: Location


def has_ignores(text: str) -> bool:
    """Tell whether a text may have ignore comments."""
    return _MARKED.search(text) is not None


def find_ignores(
    text: str, file: str, rules: Iterable[str]
) -> tuple[list[Ignore], list[Diagnostic]]:
    """The ignore comments of a file, and those that can't be followed."""
    if not has_ignores(text):
        return [], []
    known = set(rules)
    found: list[Ignore] = []
    problems: list[Diagnostic] = []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    scalars = _scalars(text, lines)
    in_text = [(start, end) for _, start, end in scalars]
    ends = {line: end[0] for line, _, end in scalars}
    for number, line in enumerate(lines, 1):
        match = _COMMENT.search(line)
        if match is None or _within(in_text, number, match.start()):
            continue
        where = Location(file, number, match.start() + 1)
        code, reason = match[1], match[2].strip()
        if code not in known:
            problems.append(
                codes.BAD_IGNORE.at(
                    where,
                    f"{code} is no rule that can be ignored"
                    if code
                    else "the comment names no rule",
                    "Only rules can be, and none of those that find what can't be stored.",
                    help="List the rules with: configsync rules",
                )
            )
        elif not reason:
            problems.append(
                codes.BAD_IGNORE.at(
                    where,
                    f"{code} is ignored without a reason",
                    help=f"Write the reason behind it: # {MARKER} {code} REASON",
                )
            )
        else:
            alone = not line[: match.start()].strip()
            silent = number + alone
            found.append(Ignore(code, silent, ends.get(silent, silent), where))
    return found, problems


def apply_ignores(diagnostics: Sequence[Diagnostic], ignores: Sequence[Ignore]) -> list[Diagnostic]:
    """What is left of the diagnostics; an ignore that silences none is one more."""
    places = {
        (i.location.file, line, i.code): i for i in ignores for line in range(i.line, i.last + 1)
    }
    used: set[Ignore] = set()
    left: list[Diagnostic] = []
    for diagnostic in diagnostics:
        where = diagnostic.location
        ignore = where and places.get((where.file, where.line, diagnostic.code))
        if ignore:
            used.add(ignore)
        else:
            left.append(diagnostic)
    unused = (i for i in ignores if i not in used)
    return left + [
        codes.UNUSED_IGNORE.at(
            i.location, f"{i.code} is ignored, but not found here", help="Remove the comment."
        )
        for i in unused
    ]


def _scalars(text: str, lines: Sequence[str]) -> list[tuple[int, tuple[int, int], tuple[int, int]]]:
    """The lines of the file's scalars, and where their text begins and ends.

    Places are (line, column) from (1, 0).
    """
    import yaml
    from yaml.cyaml import CParser  # type: ignore[attr-defined]

    spans = []
    parser = CParser(text)
    try:
        while (event := parser.get_event()) is not None:
            if isinstance(event, yaml.ScalarEvent):
                start, end = event.start_mark, event.end_mark
                assert start is not None
                assert end is not None
                line = start.line + 1
                if event.style in ("|", ">"):
                    # Its sign may have a comment behind it, and its end mark lies behind
                    # comments that follow: they are not its text.
                    spans.append((line, (line + 1, 0), _end_of_block(lines, start.line, end.line)))
                else:
                    spans.append((line, (line, start.column), (end.line + 1, end.column)))
    except yaml.YAMLError:
        # Reported by the reader; what stands behind the fault has no meaning yet.
        pass
    return spans


def _end_of_block(every: Sequence[str], first: int, last: int) -> tuple[int, int]:
    """The end of a block scalar's text: its last line that is indented like its first."""
    lines = every[first + 1 : last + 1]
    indents = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip()]
    if not indents:
        return (first + 1, 0)
    inside = max(i for i, line in enumerate(lines) if _indent(line) >= indents[0])
    return (first + 2 + inside, len(lines[inside]))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" ")) if line.strip() else -1


def _within(spans: list[tuple[tuple[int, int], tuple[int, int]]], line: int, column: int) -> bool:
    """Tell whether a place lies within one of the spans, which follow each other."""
    before = bisect_right(spans, (line, column), key=itemgetter(0))
    return before > 0 and (line, column) < spans[before - 1][1]
