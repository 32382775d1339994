"""CS241: the pattern of a negate rule is no regular expression."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from configsync.checks.rule import Finding, Rule
from configsync.core.diagnostic import Severity
from configsync.core.document import Document

OPERATORS = ("=~", "!~")
"""Those that take a pattern."""

MOST_REPEATS = 1000

_NUMBERED = r"0[0-7]{0,2}|[1-7][0-7]{1,2}|x(?:[0-9A-Fa-f]{2}|\{[0-9A-Fa-f]{1,6}\})"
_ONE = rf"\\(?:[afnrtv]|{_NUMBERED}|[\x00-/:-@\[-`{{-\x7f])"
"""An escape that stands for one character, in brackets too."""

_SEVERAL = r"\\(?:[dDsSwW]|[pP](?:[A-Za-z]|\{\^?\w+\}))|\[:\^?[a-z]+:\]"
"""What stands for one character of several; the last of these only in brackets."""

# Compiled on first use, so that not every start of configsync takes the time; re keeps it.
_PART = rf"""
      (?P<text>\\Q.*?(?:\\E|\Z) | [^\\\[()|*+?{{] | {_ONE} | \\[AbBz] | (?!\[)(?:{_SEVERAL}))
    | (?P<repeat>(?:[*+?] | \{{(?P<least>\d{{1,9}})(?:,(?P<most>\d{{0,9}}))?\}})\??)
    | (?P<brace>\{{)
    | (?P<class>\[(?P<items>\^?+\]?+(?:{_ONE}|{_SEVERAL}|[^\\\]])*+)\])
    | (?P<flags>\(\?[imsU]*(?:-[imsU]+)?\))
    | (?P<open>\((?:\?P?<\w+>|\?[imsU]*(?:-[imsU]+)?:|(?!\?)))
    | (?P<close>\))
    | (?P<or>\|)
    """
_RANGE = rf"{_SEVERAL}|(?P<low>{_ONE}|[^\\])(?:-(?P<high>{_ONE}|[^\\]))?"
_CONTROLS = dict(zip("afnrtv", "\a\f\n\r\t\v", strict=True))


def check(document: Document) -> Iterator[Finding]:
    rules = document.get(("spec", "rules"))
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        if not isinstance(rule, dict) or rule.get("operator") not in OPERATORS:
            continue
        value: Any = rule.get("value")
        fault = find_fault(value) if isinstance(value, str) else None
        if fault is not None:
            shown = value if len(value) <= 60 else f"{value[:59]}…"
            yield Finding(
                ("spec", "rules", index, "value"),
                f'the pattern "{shown}" is no regular expression: {fault}',
                "It is read as RE2 does (https://github.com/google/re2/wiki/Syntax).",
                help="Write a character that is meant as it stands with a backslash before it.",
            )


def find_fault(pattern: str) -> str | None:
    """Why RE2 doesn't take a pattern, None if it does; in a time in proportion to its length.

    Nothing is compiled: engines take seconds for some short patterns. Names of
    classes of characters, and what a pattern grows to, are not looked at.
    """
    at = depth = 0
    # What a repetition would repeat.
    before = "nothing"
    parts = re.compile(_PART, re.VERBOSE | re.DOTALL | re.ASCII)
    while at < len(pattern):
        part = parts.match(pattern, at)
        if part is None:
            return _unread(pattern[at:])
        at = part.end()
        fault, now = None, "something"
        match part.lastgroup:
            case "repeat":
                fault, now = _repeat_fault(part, before), "a repetition"
            case "class":
                fault = _range_fault(part["items"])
            case "open":
                now = "nothing"
                depth += 1
            case "or":
                now = "nothing"
            case "flags":
                now = before if before == "nothing" else "something"
            case "close":
                depth -= 1
                fault = "a bracket ) closes none" if depth < 0 else None
        if fault is not None:
            return fault
        before = now
    return "a bracket ( isn't closed" if depth else None


def _unread(rest: str) -> str:
    """Why what begins with a character is no part of a pattern."""
    if rest.startswith("(?"):
        return "(? begins no group, and none looks ahead or behind"
    if rest.startswith("\\"):
        return f"{rest[:2]} has no meaning" if len(rest) > 1 else "it ends with a backslash"
    return "a bracket [ isn't closed"


def _repeat_fault(repeat: re.Match[str], before: str) -> str | None:
    """What is wrong with a repetition of what stands before it."""
    if before != "something":
        return f"{repeat[0]} repeats {before}"
    least, most = int(repeat["least"] or 0), int(repeat["most"] or 0)
    if max(least, most) > MOST_REPEATS:
        return f"{repeat[0]} repeats more than {MOST_REPEATS:,} times"
    return f"{repeat[0]} ends before it begins" if repeat["most"] and most < least else None


def _range_fault(items: str) -> str | None:
    """What is wrong with a range of characters between brackets."""
    for found in re.finditer(_RANGE, items.removeprefix("^"), re.DOTALL | re.ASCII):
        if found["high"] and _point(found["high"]) < _point(found["low"]):
            return f"the range {found['low']}-{found['high']} ends before it begins"
    return None


def _point(character: str) -> int:
    """The code point of a character, or of an escape that stands for one."""
    name = character.removeprefix("\\") or character
    if name == character or not name[0].isalnum():
        return ord(name)
    if name[0] == "x":
        return int(name[1:].strip("{}"), 16)
    return int(name, 8) if name.isdigit() else ord(_CONTROLS[name])


RULE = Rule(
    code="CS241",
    severity=Severity.ERROR,
    kind="NegateRules",
    summary="the pattern of a negate rule is no regular expression",
    why="Loki refuses the whole query for it, so that an analysis finds no line at all.",
    bad='spec: {rules: [{label: event, operator: "=~", value: "heartbeat(s"}]}',
    good='spec: {rules: [{label: event, operator: "=~", value: "heartbeats?"}]}',
    check=check,
)
