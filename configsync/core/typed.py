"""Typed values: the text and type by which a table keeps a value, and the value that they mean.

Every value of a type has one canonical text, so that equal values make equal
rows; on these `spell` and `parse` are each other's inverse. Nothing is altered
on the way: what a type can't hold is a `Misfit`, not a conversion.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from configsync.core.values import Json, canonical_json

TYPES = ("string", "int", "float", "bool", "json")
"""The types of values, as ``value_type`` has them."""

_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_BOOLS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

# YAML carries whole numbers of up to 19 digits (`configsync.source.scalars`).
_LONG_INT = re.compile("-?[1-9][0-9]{19,}")

_WANTED = {
    "string": "must be text",
    "int": "must be a whole number",
    "float": "must be a number",
    "bool": "must be true or false",
    "json": "must be text, a number, true or false, a list, a mapping or null",
}


class Misfit(ValueError):
    """A value or a text that a type doesn't have; the text says what it must be or would become."""


def type_of(value: object) -> str:
    """The type of a value where none is stated. Raises Misfit if it is no JSON value."""
    match value:
        case str():
            return "string"
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case None | list() | dict():
            return "json"
    raise Misfit(_WANTED["json"])


def fit(value: Any, value_type: str) -> Json:
    """The value as one of a type: the same, but for a whole number that is to be a float.

    Null is a value of every type. Text is no number, though digits that YAML
    can't carry as one are a whole number. Raises Misfit.
    """
    if value_type not in TYPES:
        raise Misfit(f"must have one of the types {', '.join(TYPES)}")
    if value is None:
        return None
    match value_type, value:
        case ("string", str()) | ("bool", bool()):
            return value  # type: ignore[no-any-return]
        case (("int" | "float"), bool()):
            pass
        case "int", int():
            return value
        case "int", str() if is_long(value):
            return _int(value)
        case "float", float():
            if not math.isfinite(value):
                raise Misfit("must be a finite number")
            return value
        case "float", int():
            return _widened(value)
        case "json", _:
            _spell_json(value)
            return value  # type: ignore[no-any-return]
    raise Misfit(_WANTED[value_type])


def spell(value: Any, value_type: str) -> str | None:
    """The canonical text of a value; None, the database's NULL, for null that isn't json.

    Raises Misfit if the value is none of the type.
    """
    value = fit(value, value_type)
    match value_type:
        case "json":
            return _spell_json(value)
        case "bool" if value is not None:
            return "true" if value else "false"
        case "float" if value is not None:
            return repr(value)
    return None if value is None else str(value)


def parse(text: str | None, value_type: str) -> Json:
    """The value that a text means, canonical or not. Raises Misfit if it means none."""
    if text is None or value_type not in TYPES:
        return fit(text, value_type)
    match value_type:
        case "string":
            return text
        case "int" if _INT.fullmatch(text):
            return _int(text)
        case "float" if _FLOAT.fullmatch(text):
            return fit(float(text), "float")
        case "bool" if text in _BOOLS:
            return _BOOLS[text]
        case "json":
            try:
                return fit(json.loads(text), "json")
            except (ValueError, RecursionError) as error:
                raise Misfit("must be JSON") from error
    raise Misfit(_WANTED[value_type])


def respell(text: str | None, value_type: str) -> str | None:
    """The canonical text of what a text means; the same text where it means nothing."""
    try:
        return spell(parse(text, value_type), value_type)
    except Misfit:
        return text


def is_long(text: str) -> bool:
    """Tell whether a text is a whole number of more digits than YAML carries."""
    return _LONG_INT.fullmatch(text) is not None


def _int(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        # Python reads no more digits: it would take time in proportion to their square.
        raise Misfit("must have at most 4,300 digits") from error


def _widened(value: int) -> float:
    try:
        widened = float(value)
    except OverflowError as error:
        raise Misfit("is beyond what a float can hold") from error
    if widened != value:
        raise Misfit(f"would become {widened!r}")
    return widened


def _spell_json(value: Any) -> str:
    try:
        text = canonical_json(value)
        # Half a surrogate pair, which JSON can escape, is no character to store.
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise Misfit(_WANTED["json"]) from error
    return text
