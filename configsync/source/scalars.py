"""Plain scalars by the core schema of YAML 1.2 (section 10.3.2).

``no``, ``on``, ``1:30`` and dates are text; ``0o17`` and ``0x1F`` are integers,
``1e3`` and ``.5`` numbers. ``0777`` is text too, though the core schema says 777:
YAML 1.1 reads 511, so only text is safe to pass on. A number that Python would
alter is an error, not a rounding: see `Inexact`.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

MAX_INTEGER_DIGITS = 19
"""An eight-byte integer has at most 19; longer ones fit in no column."""

_NUMBER = re.compile(
    r"""(?P<int>[-+]?(?:0|[1-9][0-9]*))
      | (?P<text>[-+]?[0-9]+)
      | (?P<oct>0o[0-7]+)
      | (?P<hex>0x[0-9a-fA-F]+)
      | (?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)
      | (?P<special>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))""",
    re.VERBOSE,
)

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}


class Inexact(ValueError):
    """A number that would not be kept as written."""


class NotFinite(ValueError):
    """An infinite number or not a number."""


def resolve(text: str) -> str | int | float | bool | None:
    """Give a plain scalar its value.

    Raises `Inexact` or `NotFinite` for numbers that can't be carried on.
    """
    if text in _WORDS:
        return _WORDS[text]
    # Only these characters begin a number; most scalars are words.
    if text[0] not in "0123456789+-.":
        return text
    match = _NUMBER.fullmatch(text)
    match match and match.lastgroup:
        case None | "text":
            return text
        case "int":
            return _integer(text, 10)
        case "oct":
            return _integer(text[2:], 8)
        case "hex":
            return _integer(text[2:], 16)
        case "special":
            raise NotFinite(text)
    return _number(text)


def _integer(digits: str, base: int) -> int:
    if len(digits.lstrip("+-0")) > MAX_INTEGER_DIGITS:
        raise Inexact(digits)
    return int(digits, base)


def _number(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise Inexact(text)
    # A double keeps any 15 significant digits; beyond that its own spelling must agree.
    if len(text) > 15 or "e" in text or "E" in text:
        try:
            if Decimal(text) != Decimal(repr(value)):
                raise Inexact(text)
        except InvalidOperation as error:
            raise Inexact(text) from error
    return value
