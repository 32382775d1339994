"""CS221: a setting's value is none of its stated type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from configsync.checks.rule import Finding, Rule
from configsync.core.diagnostic import Severity
from configsync.core.document import Document, Path
from configsync.core.typed import TYPES, Misfit, fit
from configsync.kinds.typed import is_sensitive, read, value_path

_PLACES = {"Settings": ("spec",), "Project": ("spec", "settings")}
_JSON_TYPES = {"string": "string", "int": "integer", "float": "number", "bool": "boolean"}


def settings_of(document: Document) -> Iterator[tuple[Path, Any]]:
    """The settings of a document as they are written, with their paths."""
    place = _PLACES.get(document.kind)
    settings = None if place is None else document.get(place)
    if place is not None and isinstance(settings, dict):
        yield from (((*place, key), node) for key, node in settings.items())


def check(document: Document) -> Iterator[Finding]:
    for path, node in settings_of(document):
        if is_sensitive(node):
            continue  # Its value isn't known here, and is never shown.
        try:
            value, value_type = read(node)
            if value_type in TYPES:
                fit(value, value_type)
        except Misfit as misfit:
            yield _finding(path, node, str(misfit))


def _finding(path: Path, node: Any, why: str) -> Finding:
    from configsync.checks.wording import retyped, show

    key, where = path[-1], value_path(node, path)
    if where == path or "type" not in node:
        # Only a variable can bring what is of no type at all.
        value = node["value"] if where != path else node
        return Finding(where, f"{key} {why}, and is {show(value)}", help="Write another value.")
    value, stated = node.get("value"), node["type"]
    return Finding(
        where,
        f"{key} {why}, by its type {stated}, and is {show(value)}",
        "A value is kept unaltered: to state a type converts nothing.",
        help=retyped(value, {_JSON_TYPES.get(stated, "")})
        or "Leave the type out, or write a value of it.",
    )


RULE = Rule(
    code="CS221",
    severity=Severity.ERROR,
    summary="a setting's value is none of its stated type",
    why="The application reads the value as the stated type: it would fail on it, or be given "
    "another value than the one that was reviewed.",
    bad='kind: Settings\nspec: {timeout: {value: "30", type: int}}',
    good="kind: Settings\nspec: {timeout: {value: 30, type: float}}",
    check=check,
    enforced=True,
)
