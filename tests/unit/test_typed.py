"""Typed values: a value and its text are each other's, and a type converts nothing."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configsync.core.typed import TYPES, Misfit, fit, parse, respell, spell, type_of
from configsync.core.values import canonical_json, equal
from tests.settings import SCALARS, VALUES, json_values

TEXTS = st.text() | st.from_regex(r"[-+]?[0-9.]{0,6}(e[-+]?[0-9]{1,3})?", fullmatch=True)


@given(typed=VALUES)
def test_a_value_comes_back_from_its_text(typed: tuple[Any, str]) -> None:
    value, value_type = typed
    text = spell(value, value_type)
    again = parse(text, value_type)
    assert equal(again, value)
    assert canonical_json(again) == canonical_json(value), "the sign of -0.0, too"
    assert respell(text, value_type) == text


@given(value=json_values())
def test_every_value_has_a_type_of_its_own(value: Any) -> None:
    assert fit(value, type_of(value)) is value


@given(text=TEXTS | json_values().map(json.dumps), value_type=st.sampled_from(TYPES))
def test_a_text_that_means_a_value_is_respelled_to_the_one_that_does(
    text: str, value_type: str
) -> None:
    try:
        value = parse(text, value_type)
    except Misfit:
        assert respell(text, value_type) == text
        return
    canonical = respell(text, value_type)
    assert canonical == spell(value, value_type)
    assert equal(parse(canonical, value_type), value)


@pytest.mark.parametrize(
    ("text", "value_type", "canonical"),
    [
        ("0.70", "float", "0.7"),
        ("1e3", "float", "1000.0"),
        ("1000", "float", "1000.0"),
        (".5", "float", "0.5"),
        ("-0", "float", "-0.0"),
        ("007", "int", "7"),
        ("+5", "int", "5"),
        ("TRUE", "bool", "true"),
        ('{"b": [1, 2.50], "a": "\\u00e9"}', "json", '{"a":"é","b":[1,2.5]}'),
        (None, "json", "null"),
        # What means nothing, or another thing to some reader, stays.
        (None, "int", None),
        ("", "int", ""),
        ("5 ", "int", "5 "),
        ("1_000", "int", "1_000"),
        ("٣", "int", "٣"),
        ("1.0", "int", "1.0"),
        ("nan", "float", "nan"),
        ("1e999", "float", "1e999"),
        ("yes", "bool", "yes"),
        ("1", "bool", "1"),
        ("{", "json", "{"),
        ("NaN", "json", "NaN"),
        ("[1e999]", "json", "[1e999]"),
        ('"\\ud800"', "json", '"\\ud800"'),
        ("[" * 100_000, "json", "[" * 100_000),
        ("9" * 5_000, "int", "9" * 5_000),
        ("0.70", "decimal", "0.70"),
        (" as it is ", "string", " as it is "),
    ],
)
def test_how_a_text_is_respelled(text: str | None, value_type: str, canonical: str | None) -> None:
    assert respell(text, value_type) == canonical


@pytest.mark.parametrize(
    ("value", "value_type", "fitted"),
    [
        (30, "float", 30.0),
        (2**53, "float", 2.0**53),
        (30, "json", 30),
        ("text", "json", "text"),
        ("123456789012345678901234567890", "int", 123456789012345678901234567890),
        *[(None, value_type, None) for value_type in TYPES],
    ],
)
def test_what_a_stated_type_takes(value: Any, value_type: str, fitted: Any) -> None:
    assert equal(fit(value, value_type), fitted)


@pytest.mark.parametrize(
    ("value", "value_type", "why"),
    [
        (30, "string", "must be text"),
        (True, "string", "must be text"),
        ("30", "int", "must be a whole number"),
        (30.0, "int", "must be a whole number"),
        (True, "int", "must be a whole number"),
        ("0.7", "float", "must be a number"),
        (True, "float", "must be a number"),
        (2**53 + 1, "float", "would become 9007199254740992.0"),
        (10**400, "float", "beyond"),
        (math.nan, "float", "finite"),
        (math.inf, "json", "must be text, a number"),
        ("true", "bool", "must be true or false"),
        (1, "bool", "must be true or false"),
        ("9" * 5_000, "int", "at most 4,300 digits"),
        ("text", "decimal", "one of the types"),
    ],
)
def test_what_a_stated_type_does_not_take(value: Any, value_type: str, why: str) -> None:
    with pytest.raises(Misfit, match=why):
        fit(value, value_type)


@given(value=SCALARS, value_type=st.sampled_from(TYPES))
def test_a_type_takes_a_value_unaltered_or_not_at_all(value: Any, value_type: str) -> None:
    try:
        fitted = fit(value, value_type)
    except Misfit:
        return
    assert fitted == value or str(fitted) == value
