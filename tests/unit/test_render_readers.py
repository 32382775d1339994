"""The fleet as text: whatever an application calls itself, a reader of it has one line."""

from __future__ import annotations

import re

import pytest

from configsync.render.escape import HIDDEN, unobeyed
from configsync.render.text import readers
from configsync.render.text.columns import aligned, width
from configsync.render.text.style import Style
from configsync.store.readers import Reader
from configsync.usecases.fleet import Convergence, Fleet, Status
from tests.payloads import HARMLESS, PAYLOADS

TIME = "2026-11-22T09:30:00.123456Z"


def reader(text: str, revision: int, live: bool = True) -> Reader:
    return Reader("id", text, text, 7, revision, False, TIME, text, live)


def shown(text: str) -> tuple[str, str]:
    """A status and the end of a wait, of readers that call themselves so."""
    fleet = Fleet(3, (reader(text, 3), reader(text, 1), reader(text, 2, live=False)))
    status = Status("sqlite:///x.db", "id", "0006", None, fleet)
    waited = Convergence(fleet, fleet.expired, 1.0)
    return readers.status(status, Style()), readers.convergence(waited)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_name_changes_no_structure(payload: str) -> None:
    for hostile, harmless in zip(shown(PAYLOADS[payload]), shown(HARMLESS), strict=True):
        assert hostile.count("\n") == harmless.count("\n")
        assert not HIDDEN.search(hostile)
        assert not re.search(r"(?m)^\s*::|##\[", unobeyed(hostile))


def test_columns_stand_below_each_other_in_any_script() -> None:
    lines = aligned([("日本", "1", "x"), ("e\u0301té", "10", "x"), ("", "", "x")], frozenset({1}))
    assert {width(line) for line in lines} == {len("日本") * 2 + 2 + 2 + 2 + 1}


@pytest.mark.parametrize(
    ("held", "says"),
    [
        ([], "No live readers."),
        ([3], "1 reader: 1 holds revision 3."),
        ([3, 4], "2 readers: 1 holds revision 3, 1 is ahead."),
        ([3, 3], "2 readers: 2 hold revision 3."),
        ([2], "1 reader: 0 hold revision 3, 1 is behind."),
        ([3, 3, 2, 0], "4 readers: 2 hold revision 3, 2 are behind."),
    ],
)
def test_the_summary_is_a_sentence(held: list[int], says: str) -> None:
    fleet = Fleet(3, tuple(reader("x", revision) for revision in held))
    text = readers.status(Status("sqlite:///x.db", "id", "0006", None, fleet), Style())
    assert text.splitlines()[-1] == says
