"""Words for what doesn't meet a schema: what was expected, and the nearest right thing.

Imported only when something is wrong: ``jsonschema`` takes longer to load than
a valid file to check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from itertools import chain
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from configsync.core import codes
from configsync.core.diagnostic import Code, Diagnostic, Location
from configsync.core.document import REFERENCES, Document, Path, Seq, show_path
from configsync.core.kind import Subject
from configsync.core.values import canonical_json, type_name

_TYPES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "null",
}


def explain(
    schema: dict[str, Any], document: Document, subject: Subject | None = None
) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each way in which the document misses the schema.

    With a ``subject``, for each in which what that takes from the document does.
    """
    seen: set[tuple[object, ...]] = set()
    found = _validator(schema).iter_errors(document.body if subject is None else subject.data)
    for error in chain.from_iterable(map(_telling, found)):
        path: Path = tuple(error.absolute_path)
        place = path if subject is None else subject.place(path)
        for diagnostic in _diagnose(error, schema, document, place, _name(path or place)):
            # What is wrong with a column is found in each of its rows.
            known = {
                (diagnostic.code, diagnostic.path),
                (diagnostic.code, diagnostic.location, diagnostic.summary),
            }
            if seen.isdisjoint(known):
                yield diagnostic
            seen |= known


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Match in linear time: a schema comes with a pull request, and ``re`` can hang on one."""
    form = {"type": "string", "pattern": pattern}
    if isinstance(instance, str) and not jsonschema_rs.is_valid(form, instance):
        yield ValidationError(f"does not match {pattern}")


def _validator(schema: dict[str, Any]) -> Any:
    """A validator that tells errors, and looks only into items of lists that have some."""
    definitions: dict[str, Any] = {k: schema[k] for k in ("$schema", "$defs") if k in schema}

    def items(validator: Any, rule: Any, instance: Any, whole: Any) -> Iterator[ValidationError]:
        for index in _invalid_items(instance, {**definitions, "allOf": [rule]}):
            if index >= len(whole.get("prefixItems", ())):
                yield from validator.descend(instance[index], rule, path=index)

    keywords = {"pattern": _pattern, "items": items}
    return extend(Draft202012Validator, keywords)(schema)  # type: ignore[no-untyped-call]


def _invalid_items(items: Any, schema: dict[str, Any]) -> list[int]:
    """The indexes of a list's items that don't meet a schema; all where that can't be told."""
    if not isinstance(items, list):
        return []
    try:
        is_valid = jsonschema_rs.Draft202012Validator(schema).is_valid
        return [index for index, item in enumerate(items) if not is_valid(item)]
    except ValueError:
        # The schema refers to another place of its file, or not every value fits the validator.
        return list(range(len(items)))


def _telling(error: Any) -> Iterator[Any]:
    """The errors to show for an ``anyOf`` or ``oneOf``: those of the branch that was meant.

    That is the first branch whose type the value has, or some key of which a
    mapping has. If there is none, that the value isn't of the first one's type.
    """
    if error.validator not in ("anyOf", "oneOf") or not error.context:
        yield error
        return
    branches: dict[Any, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    meant = [b for b in branches.values() if _is_meant(b, error)]
    first = next(iter(branches.values()))
    chosen = max(meant, key=_depth) if meant else [min(first, key=_is_of_no_type)]
    for inner in chosen:
        yield from _telling(inner)


def _is_meant(branch: list[Any], outer: Any) -> bool:
    missed = [e for e in branch if _misses_type(e, outer)]
    if not missed or not isinstance(outer.instance, dict):
        return not missed
    keys = missed[0].schema.get("properties", ())
    return any(get_close_matches(key, keys, 1) for key in outer.instance)


def _misses_type(inner: ValidationError, outer: ValidationError) -> bool:
    same_place = len(inner.absolute_path) == len(outer.absolute_path)
    return same_place and inner.validator in ("type", "required", "additionalProperties")


def _is_of_no_type(error: ValidationError) -> bool:
    return bool(error.validator != "type")


def _depth(branch: list[ValidationError]) -> int:
    return max(len(e.absolute_path) for e in branch)


def _diagnose(
    error: Any, schema: dict[str, Any], document: Document, path: Path, name: str
) -> Iterator[Diagnostic]:
    """Say what an error means for the node at a path, which is called by a name."""
    value, limit, keyword = error.instance, error.validator_value, error.validator
    if "propertyNames" in list(error.absolute_schema_path)[-2:-1]:
        yield _bad_key(error, path, document)
        return
    match keyword:
        case "required":
            yield from _missing(error, path, document)
        case "additionalProperties" | "unevaluatedProperties" if limit is False:
            yield from _unknown(error, schema, path, document)
        case "type":
            yield _wrong_type(error, path, document, name)
        case "const":
            summary = f"{name} must be {show(limit)}, and is {show(value)}"
            yield _make(codes.NOT_ALLOWED, document, path, summary)
        case "enum":
            yield _not_listed(error, path, document, name)
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf":
            summary = f"{name} is {show(value)}, {_LIMITS[keyword]} {limit}"
            yield _make(codes.OUT_OF_RANGE, document, path, summary, _described(error.schema))
        case "minLength" | "maxLength":
            summary = f"{name} {_length(keyword, value, limit)}"
            yield _make(codes.BAD_TEXT, document, path, summary)
        case "pattern":
            summary = f"{name} is {show(value)}, which doesn't have the required form"
            detail = _described(error.schema) or f"It must match {limit}."
            yield _make(codes.BAD_TEXT, document, path, summary, detail)
        case "minItems" | "maxItems" | "minProperties" | "maxProperties":
            bound = "at least" if keyword.startswith("min") else "at most"
            have = _entries(len(value)) if value else "no entries"
            summary = f"{name} has {have}, and needs {bound} {limit}"
            yield _make(codes.BAD_LENGTH, document, path, summary)
        case "uniqueItems":
            index = _second(value)
            summary = f"{name} has {show(value[index])} twice"
            yield _make(codes.SCHEMA, document, (*path, index), summary, help="Remove one of them.")
        case None:
            yield _make(codes.SCHEMA, document, path, f"{name} can't stand here, by its schema")
        case _:
            summary = f"{name} doesn't meet {keyword} of its schema"
            yield _make(codes.SCHEMA, document, path, summary, f"{keyword}: {show(limit)}")


_LIMITS = {
    "minimum": "below the minimum of",
    "maximum": "above the maximum of",
    "exclusiveMinimum": "and must be above",
    "exclusiveMaximum": "and must be below",
    "multipleOf": "not a multiple of",
}


def _missing(error: Any, path: Path, document: Document) -> Iterator[Diagnostic]:
    properties = error.schema.get("properties", {})
    unknown = _unknown_keys(error)
    for name in error.validator_value:
        # A misspelt key is one mistake: `_unknown` names the right one.
        if name in error.instance or get_close_matches(name, unknown, 1):
            continue
        missing, help = show_path((*path, name)), f"Add {name} to {show_path(path)}."
        where = document.locate(path, key=True)
        rows = document.get(path[:-1])
        columns = rows.columns if isinstance(rows, Seq) else None
        if columns is not None and name in columns:
            where, help = document.locate((*path, name)), "Write it into the empty cell."
        elif columns is not None:
            where = Location(*rows.mark)
            missing, help = f"the column {name}", f"Add {name} to the first line, and its values."
        yield codes.MISSING_KEY.at(
            where,
            f"{missing} is missing",
            _described(properties.get(name, {})),
            path=show_path((*path, name)),
            help=help if path else f"Add {name} to the document.",
        )


def _unknown_keys(error: Any) -> list[str]:
    """The keys of a mapping that its schema refuses."""
    schema = error.schema
    if False not in (schema.get("additionalProperties"), schema.get("unevaluatedProperties")):
        return []
    patterns = schema.get("patternProperties", {})
    return [
        name
        for name in error.instance
        if name not in schema.get("properties", {})
        and not any(re.search(p, name) for p in patterns)
    ]


def _unknown(
    error: Any, schema: dict[str, Any], path: Path, document: Document
) -> Iterator[Diagnostic]:
    properties = error.schema.get("properties", {})
    for name in _unknown_keys(error):
        # The reader has reported merge keys, and lists and mappings as keys.
        if name in ("<<", "?"):
            continue
        if name in (*REFERENCES, "$unset"):
            summary, help = f"{name} can't stand here", "Write the value itself."
        else:
            absent = [p for p in properties if p not in error.instance]
            near = get_close_matches(name, absent, 1)
            shown = name if re.fullmatch(r"[\w.-]+", name) else f'"{name}"'
            summary = f"unknown key {shown}"
            home = None if near else _home(schema, name)
            help = f"Did you mean {near[0]}?" if near else "Remove it."
            help = f"It belongs in {show_path(home)}." if home else help
        known = ", ".join(properties) or "none"
        yield codes.UNKNOWN_KEY.at(
            document.locate((*path, name), key=True),
            summary,
            f"{show_path(path) or 'A document'} has the keys: {known}.",
            path=show_path((*path, name)),
            help=help,
        )


def _home(schema: dict[str, Any], name: str) -> Path | None:
    """The mapping that has a key of a name, if just one has; none within a list."""
    definitions = schema.get("$defs")
    found: list[Path] = []
    pending: list[tuple[Any, Path]] = [(schema, ())]
    # Each part once, and not too many: a team's schema may be of any size, and refer to itself.
    seen: set[int] = set()
    while pending and len(seen) < 1000:
        node, path = pending.pop()
        if isinstance(node, dict) and isinstance(node.get("$ref"), str):
            name_of = node["$ref"].removeprefix("#/$defs/")
            node = definitions.get(name_of) if isinstance(definitions, dict) else None
        inner = node.get("properties") if isinstance(node, dict) else None
        if isinstance(inner, dict) and id(node) not in seen:
            seen.add(id(node))
            found += [path] if path and name in inner else []
            pending += [(child, (*path, key)) for key, child in inner.items()]
    return found[0] if len(found) == 1 else None


def _bad_key(error: Any, path: Path, document: Document) -> Diagnostic:
    """What is wrong with a key itself of the mapping at a path."""
    key, limit = error.instance, error.validator_value
    says = f"It must match {limit}." if error.validator == "pattern" else ""
    return codes.BAD_TEXT.at(
        document.locate((*path, key), key=True),
        f"the key {show(key)} doesn't have the required form",
        _described(error.schema) or says or f"{error.validator}: {show(limit)}",
        path=show_path((*path, key)),
        help="Write another key.",
    )


def _not_listed(error: Any, path: Path, document: Document, name: str) -> Diagnostic:
    value, allowed = error.instance, error.validator_value
    texts = [v for v in allowed if isinstance(v, str)]
    near = get_close_matches(value, texts, 1) if isinstance(value, str) else []
    return _make(
        codes.NOT_ALLOWED,
        document,
        path,
        f"{name} is {show(value)}, which is none of the values allowed",
        f"Allowed are: {', '.join(show(v) for v in allowed)}.",
        f"Did you mean {near[0]}?" if near else "",
    )


def _wrong_type(error: Any, path: Path, document: Document, name: str) -> Diagnostic:
    wanted = error.validator_value
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    value = error.instance
    *others, last = (_TYPES.get(n, n) for n in names)
    expected = f"{', '.join(others)} or {last}" if others else last
    return _make(
        codes.WRONG_TYPE,
        document,
        path,
        f"{name} must be {expected}, and is {show(value)}",
        _described(error.schema),
        retyped(value, set(names)),
    )


def retyped(value: Any, names: set[str]) -> str:
    """How to write a value so that it has one of JSON's types, where one can guess it."""
    if isinstance(value, str):
        if "boolean" in names and value.lower() in _TRUTHS:
            return f"Write {_TRUTHS[value.lower()]}."
        if names & {"number", "integer"}:
            if re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", value):
                return f"Write {value}, without quotes."
            if re.fullmatch(r"-?\d+,\d+", value):
                whole = "number" not in names
                return f"Write {value.replace(',', '' if whole else '.')}."
            if re.fullmatch(r"\d+(_\d+)+", value):
                return f"Write {value.replace('_', '')}."
            if re.fullmatch(r"0\d+", value):
                octal = f", or 0o{value.lstrip('0')} for octal" if max(value) < "8" else ""
                return f"Write {value.lstrip('0') or '0'}{octal}."
    elif value is None:
        return "Give it a value, or remove the key if it is optional."
    elif "string" in names and not isinstance(value, dict | list):
        return "Put it in quotes."
    elif "string" in names and isinstance(value, dict) and [*value.values()] == [None]:
        # {question} without quotes is a mapping with that key.
        return f"Put it in quotes: '{{{next(iter(value))}}}'."
    elif "integer" in names and isinstance(value, float):
        return f"Write {int(value)}." if value == int(value) else "Write a whole number."
    return ""


_TRUTHS = {
    **dict.fromkeys(("true", "yes", "on", "y"), "true"),
    **dict.fromkeys(("false", "no", "off", "n"), "false"),
}


def _length(keyword: str, value: str, limit: int) -> str:
    if keyword == "minLength" and limit == 1:
        return "is empty"
    have = len(value)
    if keyword == "minLength":
        return f"has {have} characters, {limit - have} fewer than needed"
    return f"has {have} characters, {have - limit} more than allowed"


def _second(items: list[Any]) -> int:
    """The index of the first item that is there before; of the last one if none is."""
    seen: set[str] = set()
    for index, item in enumerate(items):
        spelled = canonical_json(item)
        if spelled in seen:
            return index
        seen.add(spelled)
    return len(items) - 1


def _described(node: Any) -> str:
    text = node.get("description", "") if isinstance(node, dict) else ""
    return text if isinstance(text, str) else ""


def _name(path: Path) -> str:
    """What to call the node at a path in a summary: its last key."""
    if not path:
        return "the document"
    if isinstance(path[-1], int):
        return f"entry {path[-1] + 1} of {_name(path[:-1])}"
    return path[-1]


def _entries(number: int) -> str:
    return f"{number} {'entry' if number == 1 else 'entries'}"


def show(value: Any) -> str:
    """A value as a summary names it."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case str():
            return f'"{value}"' if len(value) <= 60 else f'"{value[:59]}…"'
        case dict() | list():
            return type_name(value)
    return str(value)


def _make(
    code: Code, document: Document, path: Path, summary: str, detail: str = "", help: str = ""
) -> Diagnostic:
    return code.at(document.locate(path), summary, detail, path=show_path(path), help=help)
