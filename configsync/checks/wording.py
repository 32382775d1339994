"""Words for what doesn't meet a schema: what was expected, and the nearest right thing.

Imported only when something is wrong: ``jsonschema`` takes longer to load than
a valid file to check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from configsync.core import codes
from configsync.core.diagnostic import Code, Diagnostic
from configsync.core.document import Document, Path, show_path
from configsync.core.values import type_name

_TYPES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "null",
}


def explain(schema: dict[str, Any], document: Document) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each way in which the document misses the schema."""
    seen: set[tuple[str, str]] = set()
    for error in _Validator(schema).iter_errors(document.body):
        for diagnostic in _diagnose(_telling(error), document):
            place = (diagnostic.code, diagnostic.path)
            if place not in seen:
                seen.add(place)
                yield diagnostic


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Match in linear time: a schema comes with a pull request, and ``re`` can hang on one."""
    form = {"type": "string", "pattern": pattern}
    if isinstance(instance, str) and not jsonschema_rs.is_valid(form, instance):
        yield ValidationError(f"does not match {pattern}")


_Validator: Any = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


def _telling(error: Any) -> Any:
    """The error to show for an ``anyOf`` or ``oneOf``: of the branch that was meant.

    That is the first branch whose type the value has, else the first of all.
    """
    while error.validator in ("anyOf", "oneOf") and error.context:
        branches: dict[Any, list[Any]] = {}
        for inner in error.context:
            branches.setdefault(inner.schema_path[0], []).append(inner)
        meant = [b for b in branches.values() if not any(_misses_type(e, error) for e in b)]
        deepest = max(meant or [next(iter(branches.values()))], key=_depth)
        error = max(deepest, key=lambda e: len(e.absolute_path))
    return error


def _misses_type(inner: ValidationError, outer: ValidationError) -> bool:
    same_place = len(inner.absolute_path) == len(outer.absolute_path)
    return same_place and inner.validator in ("type", "required", "additionalProperties")


def _depth(branch: list[ValidationError]) -> int:
    return max(len(e.absolute_path) for e in branch)


def _diagnose(error: Any, document: Document) -> Iterator[Diagnostic]:
    path: Path = tuple(error.absolute_path)
    value, limit = error.instance, error.validator_value
    match error.validator:
        case "required":
            yield from _missing(error, path, document)
        case "additionalProperties" | "unevaluatedProperties":
            yield from _unknown(error, path, document)
        case "type":
            yield _wrong_type(error, path, document)
        case "const":
            yield _make(codes.NOT_ALLOWED, document, path, f"expected {_show(limit)}")
        case "enum":
            near = (
                get_close_matches(value, [v for v in limit if isinstance(v, str)], 1)
                if isinstance(value, str)
                else []
            )
            yield _make(
                codes.NOT_ALLOWED,
                document,
                path,
                f"{_show(value)} is none of the values allowed",
                f"Allowed are: {', '.join(_show(v) for v in limit)}.",
                f"Did you mean {near[0]}?" if near else "",
            )
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf":
            words = _LIMITS[error.validator]
            yield _make(codes.OUT_OF_RANGE, document, path, f"{_show(value)} is {words} {limit}")
        case "minLength" | "maxLength":
            yield _make(codes.BAD_TEXT, document, path, _length(error.validator, value, limit))
        case "pattern":
            yield _make(
                codes.BAD_TEXT,
                document,
                path,
                f"{_show(value)} doesn't have the required form",
                f"Expected text that matches {limit}.",
            )
        case "minItems" | "maxItems" | "minProperties" | "maxProperties":
            bound = "at least" if error.validator.startswith("min") else "at most"
            have = len(value)
            yield _make(
                codes.BAD_LENGTH,
                document,
                path,
                f"expected {bound} {limit} {'entry' if limit == 1 else 'entries'}, got {have}",
            )
        case _:
            yield _make(
                codes.SCHEMA,
                document,
                path,
                f"the value doesn't meet {error.validator} of its schema",
            )


_LIMITS = {
    "minimum": "below the minimum of",
    "maximum": "above the maximum of",
    "exclusiveMinimum": "not above",
    "exclusiveMaximum": "not below",
    "multipleOf": "no multiple of",
}


def _missing(error: Any, path: Path, document: Document) -> Iterator[Diagnostic]:
    properties = error.schema.get("properties", {})
    unknown = [k for k in error.instance if k not in properties]
    for name in error.validator_value:
        # A misspelt key is one mistake: `_unknown` names the right one.
        if name in error.instance or get_close_matches(name, unknown, 1):
            continue
        node = properties.get(name, {})
        yield codes.MISSING_KEY.at(
            document.locate(path, key=True),
            f"{show_path((*path, name))} is missing",
            _described(node),
            path=show_path((*path, name)),
            help=f"Add {name} to {show_path(path) or 'the document'}.",
        )


def _unknown(error: Any, path: Path, document: Document) -> Iterator[Diagnostic]:
    properties = error.schema.get("properties", {})
    patterns = error.schema.get("patternProperties", {})
    for name in error.instance:
        if name in properties or any(re.search(p, name) for p in patterns):
            continue
        absent = [p for p in properties if p not in error.instance]
        near = get_close_matches(name, absent, 1) or get_close_matches(name, properties, 1)
        known = ", ".join(properties) or "none"
        yield codes.UNKNOWN_KEY.at(
            document.locate((*path, name), key=True),
            f"unknown key {name}",
            f"{show_path(path) or 'A document'} has the keys: {known}.",
            path=show_path((*path, name)),
            help=f"Did you mean {near[0]}?" if near else "Remove it.",
        )


def _wrong_type(error: Any, path: Path, document: Document) -> Diagnostic:
    wanted = error.validator_value
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    value = error.instance
    expected = " or ".join(_TYPES.get(n, n) for n in names)
    help = ""
    if isinstance(value, str) and not {"string"} & set(names):
        help = "Remove the quotes." if _reads_as(value, names) else ""
    elif value is None:
        help = "Give it a value, or remove the key."
    elif "string" in names and not isinstance(value, dict | list):
        help = f'Quote it: "{_show(value)}".'
    return _make(
        codes.WRONG_TYPE, document, path, f"expected {expected}, got {_got(value)}", "", help
    )


def _reads_as(value: str, names: list[str]) -> bool:
    numeric = bool(re.fullmatch(r"-?\d+(\.\d+)?", value)) and bool(
        {"number", "integer"} & set(names)
    )
    return numeric or (value in ("true", "false") and "boolean" in names)


def _got(value: Any) -> str:
    return (
        type_name(value)
        if isinstance(value, dict | list | None)
        else (f"{type_name(value)}: {_show(value)}")
    )


def _length(keyword: str, value: str, limit: int) -> str:
    if keyword == "minLength" and limit == 1:
        return "the text is empty"
    bound = (
        "shorter than the minimum of" if keyword == "minLength" else "longer than the maximum of"
    )
    return f"{len(value)} characters, {bound} {limit}"


def _described(node: dict[str, Any]) -> str:
    text = node.get("description", "")
    return text if isinstance(text, str) else ""


def _show(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case str():
            return value if len(value) <= 60 else value[:59] + "…"
        case dict() | list():
            return type_name(value)
    return str(value)


def _make(
    code: Code, document: Document, path: Path, summary: str, detail: str = "", help: str = ""
) -> Diagnostic:
    return code.at(document.locate(path), summary, detail, path=show_path(path), help=help)
