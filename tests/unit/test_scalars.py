"""Plain scalars by the core schema of YAML 1.2."""

from __future__ import annotations

import pytest

from configsync.source.scalars import Inexact, NotFinite, resolve


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "on",
        "y",
        "1:30",
        "0777",
        "-007",
        "2024-01-01",
        "1_000",
        "0b1",
        "0x",
        "0x_",
        "0o8",
        "1e",
        ".",
        "-",
        "+",
        "e3",
        "1.2.3",
        "nan",
        "inf",
        "Infinity",
        "nULL",
        "tRUE",
        "=",
        "<<",
    ],
)
def test_text(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("FALSE", False),
        ("0", 0),
        ("-0", 0),
        ("+12", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-1.25E-2", -0.0125),
        ("0.70", 0.7),
        ("9223372036854775807", 9223372036854775807),
        ("1000000000000000000000.0", 1e21),
    ],
)
def test_values(text: str, value: object) -> None:
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text", ["1e999", "0.12345678901234567890", "9" * 5000, "0x" + "f" * 5000, "1e-999"]
)
def test_a_number_that_would_be_altered(text: str) -> None:
    with pytest.raises(Inexact):
        resolve(text)


@pytest.mark.parametrize("text", [".inf", "-.INF", "+.Inf", ".nan", ".NaN"])
def test_a_number_that_is_not_finite(text: str) -> None:
    with pytest.raises(NotFinite):
        resolve(text)
