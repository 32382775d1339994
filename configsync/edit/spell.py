"""How a value is spelled in YAML: the way its author would, and nothing can misread.

Text that a reader of YAML 1.1 or 1.2 could take for another type is quoted;
text of several lines is a literal block where one holds it exactly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from configsync.core.values import Json
from configsync.source.scalars import Inexact, NotFinite, resolve

# What some reader of YAML 1.1 or 1.2 takes for a number, time, date or merge key.
_LOOKALIKE = re.compile(
    r"""[-+]?[0-9.][0-9_.,:]*(?:[eE][-+]?[0-9_]*)?
      | [-+]?0[xXoObB][0-9a-fA-F_]*
      | [-+]?\.(?:inf|nan)
      | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?
      | ~ | = | <<""",
    re.VERBOSE | re.IGNORECASE,
)
_WORDS = frozenset(("", "null", "true", "false", "yes", "no", "on", "off", "y", "n"))

# What begins something else than plain text. "?" and "-" may begin it, but seldom do.
_INDICATORS = tuple("-?:,[]{}#&*!|>'\"%@`")

# What YAML forbids outside of double quotes, and what shows as nothing or reorders a line.
# The joiners of emoji and of Indic scripts may stand as they are.
_ESCAPED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069"
    "\ufeff\ufffe\uffff\ud800-\udfff]"
)
_LONGEST_FLOW = 60


class Care(IntEnum):
    """How a value is spelled: if one way doesn't read back, the next is tried."""

    PRETTY = 0
    QUOTED = 1
    ONE_LINE = 2


@dataclass(frozen=True, slots=True)
class Place:
    """What surrounds the value: it decides which spellings are possible.

    ``column`` is that of the innermost block collection, ``item`` tells of a list's
    item; ``style`` and ``flow`` are the old value's, ``inside`` tells of a flow
    collection around it, ``json`` of one whose keys are in double quotes.
    ``text_column`` is where a literal block of the value began.
    """

    column: int = 0
    item: bool = False
    style: str = ""
    flow: bool = False
    inside: bool = False
    json: bool = False
    text_column: int | None = None
    step: int = 2
    list_step: int = 2


@dataclass(frozen=True, slots=True)
class Spelled:
    """What stands in the value's place, and the whole lines that follow."""

    head: str
    lines: tuple[str, ...] = ()


def spellings(value: Json, place: Place) -> Iterator[Spelled]:
    """The spellings of a value, the best first; none of them is certain to read back."""
    for care in Care:
        yield spell(value, place, care)


def spell(value: Json, place: Place, care: Care = Care.PRETTY) -> Spelled:
    """Spell a value for its place."""
    if isinstance(value, str):
        return _text(value, place, care)
    if isinstance(value, dict | list) and value:
        if place.inside or care is Care.ONE_LINE or _fits_flow(value, place):
            return Spelled(_flow(value, place, care))
        if isinstance(value, dict):
            return _block_map(value, place, care)
        return _block_list(value, place, care)
    return Spelled(_other(value))


def spell_key(key: str, place: Place, care: Care = Care.PRETTY) -> str:
    """Spell the key of a mapping."""
    plain = care is Care.PRETTY and not place.json
    return key if plain and is_plain(key, inside=place.inside) else _double(key)


def is_plain(text: str, *, inside: bool = False) -> bool:
    """Tell whether text can stand without quotes and be text for every reader.

    ``inside`` tells of a flow collection around it.
    """
    if text.lower() in _WORDS or _LOOKALIKE.fullmatch(text) or text != text.strip():
        return False
    if text.startswith(_INDICATORS) or text.endswith(":") or ": " in text or " #" in text:
        return False
    if "\n" in text or "\t" in text or _ESCAPED.search(text):
        return False
    if inside and any(c in text for c in ",[]{}:"):
        return False
    try:
        return resolve(text) == text
    except (Inexact, NotFinite):
        return False


def _text(text: str, place: Place, care: Care) -> Spelled:
    if care is not Care.PRETTY or place.json or _ESCAPED.search(text):
        return Spelled(_double(text))
    if not place.inside:
        if ("\n" in text or place.style == "|") and _is_literal(text):
            return _literal(text, place)
        if place.style == ">" and _is_literal(text) and "\n" not in text[:-1]:
            return _literal(text, place, ">")
    if "\n" in text or "\t" in text or place.style == '"':
        return Spelled(_double(text))
    if place.style == "'":
        return Spelled(_single(text))
    return Spelled(text if is_plain(text, inside=place.inside) else _double(text))


def _is_literal(text: str) -> bool:
    """Tell whether a literal block can hold text, and editors will keep it.

    Editors strip spaces before the end of a line; blank lines at the end are
    easily lost; leading ones could be taken for the indentation.
    """
    lines = text.removesuffix("\n").split("\n")
    first = next((line for line in lines if line), " ")
    return (
        not first.startswith((" ", "\t"))
        and lines[-1] != ""
        and not any(line.endswith((" ", "\t")) for line in lines)
    )


def _literal(text: str, place: Place, sign: str = "|") -> Spelled:
    chomp = "" if text.endswith("\n") else "-"
    indent = place.column + (2 if place.item else place.step)
    if place.text_column is not None and place.text_column > place.column:
        indent = place.text_column
    lines = text.removesuffix("\n").split("\n")
    return Spelled(sign + chomp, tuple(" " * indent + line if line else "" for line in lines))


def _double(text: str) -> str:
    """Text in double quotes, as JSON and YAML both read it."""
    quoted = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


def _single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _other(value: Json) -> str:
    """Spell null, true, false, a number or an empty collection."""
    if not isinstance(value, float):
        return json.dumps(value)
    number = repr(value)
    if "e" not in number:
        return number
    # YAML 1.1 takes 1e-07 for text; with a fraction and a sign it is a number for all.
    mantissa, exponent = number.split("e")
    mantissa += "" if "." in mantissa else ".0"
    return f"{mantissa}e{exponent}"


def _fits_flow(value: Json, place: Place) -> bool:
    """Tell whether a collection stays, or becomes, one in brackets."""
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith("$"):
        return True
    if not place.flow:
        return False
    spelled = _flow(value, place, Care.PRETTY)
    return len(spelled) <= _LONGEST_FLOW or "\\n" not in spelled


def _flow(value: Json, place: Place, care: Care) -> str:
    inner = replace(place, inside=True, style="", flow=True)
    if isinstance(value, dict) and value:
        pairs = (f"{spell_key(k, inner, care)}: {_flow(v, inner, care)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list) and value:
        return "[" + ", ".join(_flow(v, inner, care) for v in value) + "]"
    return spell(value, inner, care).head


def _block_map(value: dict[str, Json], place: Place, care: Care) -> Spelled:
    """A mapping in lines of its own; in a list its first line stands behind the dash."""
    column = place.column + (2 if place.item else place.step)
    lines: list[str] = []
    for key, child in value.items():
        lines += entry(key, child, inner_place(place, column), care)
    return (
        Spelled(lines[0].lstrip(" "), tuple(lines[1:])) if place.item else Spelled("", tuple(lines))
    )


def _block_list(value: list[Json], place: Place, care: Care) -> Spelled:
    column = place.column + (2 if place.item else place.list_step)
    lines: list[str] = []
    for child in value:
        lines += entry(None, child, inner_place(place, column), care)
    return (
        Spelled(lines[0].lstrip(" "), tuple(lines[1:])) if place.item else Spelled("", tuple(lines))
    )


def inner_place(place: Place, column: int) -> Place:
    """The place of a new value in a block collection at a column."""
    return Place(column=column, step=place.step, list_step=place.list_step)


def entry(key: str | None, value: Json, place: Place, care: Care) -> list[str]:
    """The lines of a new key with its value, or of a list's item, at the place's column."""
    spelled = spell(value, replace(place, item=key is None), care)
    sign = "-" if key is None else spell_key(key, place, care) + ":"
    head = f"{sign} {spelled.head}" if spelled.head else sign
    return [" " * place.column + head, *spelled.lines]
