"""What a workspace says of values: which can't be used and why, and which it says nothing of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from configsync.databricks.errors import Unanswered, Unreachable


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a value can't be used, as a sentence without its full stop, and what helps."""

    summary: str
    help: str = ""


@dataclass(slots=True)
class Answers:
    """By value: its fault, or why it is unknown whether it has one. All other values are good."""

    faults: dict[str, Fault] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)


def ask_each(values: Iterable[str], check: Callable[[str], Fault | None]) -> Answers:
    """Ask of each value by itself; after the first that isn't answered in time, of no more."""
    answers = Answers()
    away = ""
    for value in values:
        if away:
            answers.unknown[value] = away
            continue
        try:
            fault = check(value)
        except (Unreachable, Unanswered) as error:
            answers.unknown[value] = str(error)
            away = str(error) if isinstance(error, Unreachable) else ""
            continue
        if fault is not None:
            answers.faults[value] = fault
    return answers


def ask_listed(
    values: Iterable[str],
    listing: Callable[[], Iterable[str]],
    check: Callable[[str], Fault | None],
) -> Answers:
    """List once, then ask of each value that isn't listed by itself.

    A listing shows what the one who asks may see; that something isn't in it
    doesn't say that it isn't there.
    """
    values = list(values)
    try:
        there = set(listing())
    except (Unreachable, Unanswered) as error:
        return Answers(unknown=dict.fromkeys(values, str(error)))
    return ask_each([v for v in values if v not in there], check)
