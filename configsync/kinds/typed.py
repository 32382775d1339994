"""Typed values in documents: short as ``timeout: 30``, or in full as ``{value: 30, type: float}``.

What the Settings of a category and those of a project have in common.
"""

from __future__ import annotations

from typing import Annotated, Any

from configsync.core.document import Path
from configsync.core.resource import Column
from configsync.core.sealed import UNKNOWN, SealableText, is_sealed
from configsync.core.typed import TYPES, Misfit, fit, is_long, parse, respell, spell, type_of
from configsync.core.values import Json, Row, Text
from configsync.kinds.describe import schema

COLUMNS = (Column("setting_value", SealableText(), nullable=True), Column("value_type", Text(20)))
"""The columns that keep a typed value."""

VALUE = tuple(column.name for column in COLUMNS)
"""Their names: a text means what its type makes of it."""

Short = Annotated[
    Any,
    schema(
        type=["string", "number", "boolean", "array", "null"],
        description="The value by itself, of the type that it has in YAML. A mapping is written "
        "in full: {value: {…}}.",
    ),
]
"""A value by itself; a list and null are json."""

ValueType = Annotated[str, schema(enum=list(TYPES))]

KEYS = schema(
    propertyNames={
        "description": "A key has 1 to 255 characters, none of them a control character, and "
        "doesn't begin with $.",
        "minLength": 1,
        "maxLength": 255,
        "pattern": r"^[^$\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
    }
)
"""What the keys of settings are."""

_REFERENCES = ("$file", "$var", "$env")


def is_full(node: Any) -> bool:
    """Tell whether a value is written in full: as a mapping that is no reference."""
    return isinstance(node, dict) and not (len(node) == 1 and next(iter(node)) in _REFERENCES)


def is_sensitive(node: Any) -> bool:
    """Tell whether a setting is marked as sensitive."""
    return is_full(node) and node.get("sensitive") is True


def value_path(node: Any, path: Path) -> Path:
    """Where the value itself stands of the setting at a path."""
    return (*path, "value") if is_full(node) else path


def read(node: Any) -> tuple[Any, str]:
    """The value that is written, and its type, stated or else its own. Raises Misfit."""
    if not is_full(node):
        return node, type_of(node)
    value = node.get("value")
    return value, node["type"] if "type" in node else type_of(value)


def typed_value(node: Any) -> Any:
    """The value that is meant; as it is written where it doesn't fit its type."""
    try:
        return fit(*read(node))
    except Misfit:
        return node["value"] if is_full(node) else node


def compile_value(node: Any, path: Path) -> tuple[Row, dict[str, Path]]:
    """The columns of a setting, and where their values stand.

    Of a value that doesn't fit its type, which a rule reports (CS221), there is no text.
    """
    text: Json
    text, value_type = None, "json"
    if is_sensitive(node):
        # Nothing but where it comes from: of a value that stands here, a rule tells (CS224).
        value = node.get("value")
        text = dict(value) if is_sealed(value) else dict(UNKNOWN)
        values: Row = {"setting_value": text, "value_type": node.get("type", "string")}
        return values, {"setting_value": (*path, "value"), "value_type": (*path, "type")}
    try:
        value, value_type = read(node)
        text = spell(value, value_type)
    except Misfit:
        pass
    # The short form has no place for a type.
    paths = {"setting_value": value_path(node, path), "value_type": (*path, "type")}
    return {"setting_value": text, "value_type": value_type}, paths


def decompile_value(values: Row) -> Any:
    """A setting as it is written, as short as gives back its columns.

    A text that means no value of its type stands there as it is, which validate reports.
    """
    value_type, description = values["value_type"], values.get("description")
    if is_sealed(values["setting_value"]):
        sealed: dict[str, Any] = {"value": dict(values["setting_value"])}
        sealed |= {} if value_type == "string" else {"type": value_type}
        sealed |= {} if description is None else {"description": description}
        return {**sealed, "sensitive": True}
    value = _written(values["setting_value"], value_type)
    own = type_of(value) == value_type
    if own and description is None and not isinstance(value, dict):
        return value
    full = {"value": value}
    if not own:
        full["type"] = value_type
    if description is not None:
        full["description"] = description
    return full


def _written(text: Any, value_type: Any) -> Json:
    """The value that a text means; the text itself where it means none, or YAML can't carry it."""
    if value_type == "int" and text is not None and is_long(text):
        return str(text)
    try:
        return parse(text, value_type)
    except Misfit:
        return str(text)


def settle(values: Row) -> Row:
    """The row with its value in the one spelling that it has among those of its type."""
    text, value_type = values["setting_value"], values["value_type"]
    if not isinstance(value_type, str) or not isinstance(text, str | None):
        return values
    return {**values, "setting_value": respell(text, value_type)}
