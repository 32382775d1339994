"""Values as every state holds them, and the column types that define equality.

A value in a state is plain JSON: ``str``, ``int``, ``float``, ``bool``,
``None``, or lists and string-keyed dicts of these. A column type brings what a
YAML file or a database driver gives into that form, so that 0.7, 0.70 and
``Decimal("0.70")`` are one value and two states compare field by field.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Protocol, TypeAlias

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
Row: TypeAlias = "dict[str, Json]"

INT4_MIN, INT4_MAX = -(2**31), 2**31 - 1
"""The range of an ``integer`` column, https://www.postgresql.org/docs/current/datatype-numeric.html."""


class Unstorable(ValueError):
    """A value that a column can't hold unaltered; the text says what it can hold."""


class ColumnType(Protocol):
    """What a column can hold, and the one form in which states keep it."""

    @property
    def sql(self) -> str:
        """The column's type in PostgreSQL, as a record set declares it."""

    def canonical(self, value: object) -> Json:
        """Return ``value`` in the form that states compare.

        ``value`` is never ``None``: whether a column is nullable is the
        column's matter. Raises `Unstorable` if storing would alter it.
        """


@dataclass(frozen=True, slots=True)
class Text:
    """Text, of at most ``length`` characters where a length is given."""

    length: int | None = None

    @property
    def sql(self) -> str:
        return "text"

    def canonical(self, value: object) -> Json:
        if not isinstance(value, str):
            raise Unstorable(f"expected text, got {type_name(value)}")
        if "\0" in value:
            raise Unstorable("it holds NUL, which PostgreSQL can't store")
        if self.length is not None and len(value) > self.length:
            raise Unstorable(
                f"{len(value)} characters long, and the column holds at most {self.length}"
            )
        return value


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number of four bytes."""

    @property
    def sql(self) -> str:
        return "integer"

    def canonical(self, value: object) -> Json:
        if isinstance(value, float | Decimal):
            raise Unstorable("it has decimals, and the column holds whole numbers")
        if isinstance(value, bool) or not isinstance(value, int):
            raise Unstorable(f"expected a whole number, got {type_name(value)}")
        if not INT4_MIN <= value <= INT4_MAX:
            raise Unstorable(f"outside of what the column holds, {INT4_MIN} to {INT4_MAX}")
        return value


@dataclass(frozen=True, slots=True)
class Numeric:
    """A decimal number of ``precision`` digits, ``scale`` of them decimals.

    Up to 15 digits a float carries such a number exactly (IEEE 754 binary64),
    so that is what states hold.
    """

    precision: int
    scale: int

    def __post_init__(self) -> None:
        if not 0 <= self.scale <= self.precision <= 15:
            raise ValueError("numeric columns of up to 15 digits are supported")

    @property
    def sql(self) -> str:
        return f"numeric({self.precision},{self.scale})"

    def canonical(self, value: object) -> Json:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise Unstorable(f"expected a number, got {type_name(value)}")
        if (
            type(value) is float
            and abs(value) < 10 ** (self.precision - self.scale)
            and round(value, self.scale) == value
        ):
            return value + 0.0  # As below, without the arithmetic of decimals.
        exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        if not exact.is_finite():
            raise Unstorable("expected a finite number")
        if abs(exact) >= Decimal(10) ** (self.precision - self.scale):
            raise Unstorable(f"too large for the column, {self.sql}")
        rounded = round(exact, self.scale)
        if rounded != exact:
            raise Unstorable(
                f"the column keeps {_count(self.scale, 'decimal')}, so it would become {rounded}"
            )
        return float(exact) + 0.0  # Not -0.0, which numeric has none of.


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or false; SQLite hands it back as 1 or 0."""

    @property
    def sql(self) -> str:
        return "boolean"

    def canonical(self, value: object) -> Json:
        if isinstance(value, bool):
            return value
        if type(value) is int and value in (0, 1):
            return value == 1
        raise Unstorable(f"expected true or false, got {type_name(value)}")


@dataclass(frozen=True, slots=True)
class JsonColumn:
    """A list or a mapping; a database hands it back as text."""

    @property
    def sql(self) -> str:
        return "jsonb"

    def canonical(self, value: object) -> Json:
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                raise Unstorable("expected a list or a mapping, got text") from None
        if not isinstance(value, list | dict):
            raise Unstorable(f"expected a list or a mapping, got {type_name(value)}")
        if "\\u0000" in json.dumps(value):
            raise Unstorable("it holds NUL, which PostgreSQL can't store")
        # Plain data, without the places that a document's nodes carry.
        plain: Json = json.loads(canonical_json(value))
        return plain


def type_name(value: object) -> str:
    """Name the type of a value as a person writing YAML would."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float() | Decimal():
            return "a number"
        case str():
            return "text"
        case list() | tuple():
            return "a list"
        case dict():
            return "a mapping"
    return type(value).__name__


def equal(left: Json, right: Json) -> bool:
    """Tell whether two values of states are one, types included.

    Unlike ``==``, 1, 1.0 and true are three values: rule 6.11, real changes
    always show.
    """
    if type(left) is not type(right):
        return False
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[k], right[k]) for k in left)
    return left == right


def canonical_json(value: Any) -> str:
    """Spell a JSON value in the one way that digests are taken of."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def digest(value: Any) -> str:
    """Digest a JSON value: BLAKE2b of its canonical spelling, 32 hexadecimal digits."""
    return blake2b(canonical_json(value).encode(), digest_size=16).hexdigest()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
