"""Column types: what is equal, and what they refuse to alter."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis.strategies import floats, integers

from configsync.core.values import Boolean, Integer, Numeric, Text, Unstorable, equal


@pytest.mark.parametrize("spelling", [0.7, Decimal("0.7"), Decimal("0.70")])
def test_equal_numbers_are_one_value(spelling: object) -> None:
    assert Numeric(3, 2).canonical(spelling) == 0.7


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        (Numeric(3, 2), 0.755, "would become 0.76"),
        (Numeric(3, 2), 10, "too large"),
        (Numeric(3, 2), True, "true or false"),
        (Numeric(3, 2), "0.7", "got text"),
        (Numeric(3, 2), float("inf"), "finite"),
        (Integer(), 2**31, "outside"),
        (Integer(), -(2**31) - 1, "outside"),
        (Integer(), 1.0, "has decimals"),
        (Integer(), True, "got true or false"),
        (Text(3), "four", "4 characters"),
        (Text(), 1, "got a whole number"),
        (Boolean(), 2, "got a whole number"),
        (Boolean(), "true", "got text"),
    ],
)
def test_what_a_column_would_alter_is_refused(column: object, value: object, says: str) -> None:
    with pytest.raises(Unstorable, match=says):
        column.canonical(value)  # type: ignore[attr-defined]


@given(floats() | integers(-(10**5), 10**5).map(lambda n: n / 1000), integers(0, 4))
def test_a_double_is_held_to_its_spelling(value: float, scale: int) -> None:
    column = Numeric(scale + 2, scale)

    def held(given: object) -> str:
        try:
            return repr(column.canonical(given))
        except Unstorable as refused:
            return str(refused)

    assert held(value) == held(Decimal(repr(value)))


def test_length_counts_characters_not_bytes() -> None:
    assert Text(3).canonical("≤≥é") == "≤≥é"


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, True), (1, 1.0), (0, False), ("1", 1), (None, ""), ([1], [True]), ({"a": 1}, {"a": 1.0})],
)
def test_values_of_different_types_differ(left: object, right: object) -> None:
    assert not equal(left, right)  # type: ignore[arg-type]


def test_key_order_is_no_difference_and_list_order_is() -> None:
    assert equal({"a": 1, "b": [1, 2]}, {"b": [1, 2], "a": 1})
    assert not equal([1, 2], [2, 1])
