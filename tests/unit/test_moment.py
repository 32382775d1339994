"""Moments as people write and read them, in the time of a zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configsync.core.errors import UsageError
from configsync.core.moment import parse_moment, shown_in
from tests.conftest import EPOCH

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
NAMES = (
    "Europe/Berlin",
    "Asia/Kolkata",
    "America/Havana",
    "America/Santiago",
    "Australia/Lord_Howe",
)


@pytest.fixture(params=["named", "the machine's own"])
def berlin(request: pytest.FixtureRequest, move_to: Callable[[str], None]) -> tzinfo | None:
    """The zone of Berlin, by name and as that of the machine."""
    if request.param == "named":
        return ZoneInfo("Europe/Berlin")
    move_to("Europe/Berlin")
    return None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T10:30", "2026-11-22T09:30:00Z"),
        ("2026-07-01T10:30", "2026-07-01T08:30:00Z"),
        ("2026-11-22 10:30:00.000001", "2026-11-22T09:30:00.000001Z"),
        ("2026-11-22T10:30Z", "2026-11-22T10:30:00Z"),
        ("2026-11-22T10:30-05:00", "2026-11-22T15:30:00Z"),
        ("2026-07-01", "2026-06-30T22:00:00Z"),
        ("90m", "2026-11-22T08:00:00Z"),
        # On both sides of the hour that is skipped, and of that which comes twice.
        ("2026-03-29T01:59:59", "2026-03-29T00:59:59Z"),
        ("2026-03-29T03:00", "2026-03-29T01:00:00Z"),
        ("2026-10-25T01:59:59", "2026-10-24T23:59:59Z"),
        ("2026-10-25T03:00", "2026-10-25T02:00:00Z"),
        ("2026-10-25T02:30+02:00", "2026-10-25T00:30:00Z"),
    ],
)
def test_a_time_without_an_offset_is_local(berlin: tzinfo | None, text: str, moment: str) -> None:
    assert parse_moment(text, NOW, berlin) == datetime.fromisoformat(moment)


def test_a_time_that_comes_twice_or_never_is_not_guessed(berlin: tzinfo | None) -> None:
    for hour in ("02:00", "02:59:59"):
        with pytest.raises(UsageError, match="its clocks skip it"):
            parse_moment(f"2026-03-29T{hour}", NOW, berlin)
    with pytest.raises(
        UsageError,
        match=r"Write 2026-10-25T02:30:00\+02:00 or 2026-10-25T02:30:00\+01:00\.",
    ):
        parse_moment("2026-10-25T02:30", NOW, berlin)


@pytest.mark.parametrize(
    ("zone", "day", "beginning"),
    [
        # Midnight twice: the first. Midnight never: when the day begins, at one.
        ("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"),
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z"),
    ],
)
def test_a_date_is_its_beginning(
    zone: str, day: str, beginning: str, move_to: Callable[[str], None]
) -> None:
    move_to(zone)
    for here in (ZoneInfo(zone), None):
        assert parse_moment(day, NOW, here) == datetime.fromisoformat(beginning)


def test_a_moment_is_shown_with_its_offset(berlin: tzinfo | None) -> None:
    assert shown_in("2026-11-22T09:30:00.000000Z", berlin) == "2026-11-22T10:30:00.000000+01:00"
    assert shown_in("2026-07-01T23:30:00Z", berlin) == "2026-07-02T01:30:00+02:00"


@given(
    at=st.integers(-(10**15), 4 * 10**15).map(lambda n: EPOCH + timedelta(microseconds=n)),
    zone=st.sampled_from(NAMES).map(ZoneInfo) | st.just(UTC),
)
def test_what_is_shown_means_the_same_moment(at: datetime, zone: tzinfo) -> None:
    shown = shown_in(at.isoformat(timespec="microseconds").replace("+00:00", "Z"), zone)
    assert parse_moment(shown, NOW, zone) == at
    assert " " not in shown
    assert shown.endswith("Z") == (not at.astimezone(zone).utcoffset())


@pytest.mark.parametrize(
    "text", ["", "infinity", "soon", "2026-11-22T09:30:00", "0001-01-01T00:00:00Z"]
)
def test_what_is_no_moment_is_shown_as_it_is(text: str) -> None:
    assert shown_in(text, ZoneInfo("America/Havana")) == text
