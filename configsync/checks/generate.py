"""Generates the JSON Schema of a kind from its spec class.

The only part of the checks that needs pydantic. The schema takes a document as
people write it, references included, and as it is once they are followed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter

from configsync.core.kind import API_VERSION, Kind
from configsync.kinds.describe import NAME

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_FILE_REFERENCE = {
    "type": "object",
    "description": "The text of a file, to the byte.",
    "properties": {
        "$file": {
            "type": "string",
            "description": "Path of the file, relative to this document's folder.",
            "minLength": 1,
        }
    },
    "required": ["$file"],
    "additionalProperties": False,
}

_TABLE_REFERENCE = {
    "type": "object",
    "description": "The rows of a CSV file, whose first line names the keys; empty cells are "
    "absent, and a first column id is left out.",
    "properties": {
        "$csv": {
            "type": "string",
            "description": "Path of the file, relative to this document's folder.",
            "minLength": 1,
        }
    },
    "required": ["$csv"],
    "additionalProperties": False,
}

_VARIABLE_REFERENCE = {
    "type": "object",
    "description": "A variable of the target.",
    "properties": {
        "$var": {
            "type": "string",
            "description": "Name of the variable, from targets.NAME.vars in the settings.",
            "minLength": 1,
        }
    },
    "required": ["$var"],
    "additionalProperties": False,
}

_UNSET = {
    "type": "object",
    "description": "Takes away what the layer below has set.",
    "properties": {"$unset": {"const": True, "description": "Always true."}},
    "required": ["$unset"],
    "additionalProperties": False,
}

_METADATA: dict[str, Any] = {
    "type": "object",
    "description": "What the document is called, and how it is treated.",
    "properties": {
        "name": {
            "type": "string",
            "description": "The name, unique among the documents of its kind; no blank at an end.",
            "minLength": 1,
            "maxLength": 100,
            "pattern": NAME,
        },
        "description": {"type": "string", "description": "What it is for."},
        "labels": {
            "type": "object",
            "description": "Free labels, for --select label=value.",
            "additionalProperties": {"type": "string"},
        },
        "uses": {
            "type": "array",
            "description": "Addresses of what this relies on, as prompt/verify: none of them can "
            "be deleted before.",
            "items": {"type": "string", "minLength": 1},
            "uniqueItems": True,
        },
        "extends": {
            "type": "string",
            "description": "The name of a document of this kind that this one is laid over.",
            "minLength": 1,
        },
        "abstract": {
            "type": "boolean",
            "description": "Only a base for others: not applied itself.",
            "default": False,
        },
        "renamed_from": {
            "type": "string",
            "description": "The former name: identity and history move to the new one.",
            "minLength": 1,
            "maxLength": 100,
        },
        "prevent_destroy": {
            "type": "boolean",
            "description": "Refuse to delete this, also once its document is gone.",
            "default": False,
        },
    },
    "required": ["name"],
    "additionalProperties": False,
}


def generate(kind: Kind, *, partial: bool = False) -> dict[str, Any]:
    """Generate the schema of one kind's documents.

    A ``partial`` one requires nothing but the name, and allows ``$unset``: for
    bases, documents that extend one, and overlays.
    """
    spec = TypeAdapter(kind.spec).json_schema(ref_template="#/$defs/{model}")
    definitions = spec.pop("$defs", {})
    for node in _nodes([spec, definitions]):
        node.pop("title", None)
        if "description" in node:
            node["description"] = " ".join(node["description"].split())
        if node.get("default") == "":
            # Absent text is null in its column, not an empty string.
            del node["default"]
        if "default" in node and node["default"] is None:
            _require_value(node)
        if node.get("type") == "object" and "properties" in node:
            node["additionalProperties"] = False
    for values, name in _values([spec, definitions]):
        values[name] = _or_reference(values[name])
    references = {"file": _FILE_REFERENCE, "variable": _VARIABLE_REFERENCE}
    if any(node.get("$ref") == "#/$defs/table" for node in _nodes([spec, definitions])):
        references["table"] = _TABLE_REFERENCE
    if partial:
        _loosen([spec, definitions], kind)
        references["unset"] = _UNSET
    return {
        "$schema": DIALECT,
        "$id": f"configsync/v1/{kind.part_file if partial else kind.schema_file}",
        "title": f"{kind.title}, as a layer" if partial else kind.title,
        "description": spec.get("description", ""),
        "type": "object",
        "properties": {
            "apiVersion": {"const": API_VERSION, "description": "The version of this format."},
            "kind": {"const": kind.name, "description": "The kind of document."},
            "metadata": _metadata(kind),
            "spec": spec,
        },
        "required": ["apiVersion", "kind", "metadata", *([] if partial else ["spec"])],
        "additionalProperties": False,
        "$defs": {**definitions, **references},
    }


def spell(schema: dict[str, Any]) -> str:
    """Spell a schema as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping within a schema that is itself a schema."""
    if isinstance(value, list):
        for item in value:
            yield from _nodes(item)
    elif isinstance(value, dict):
        yield value
        for key, item in value.items():
            if key in ("properties", "$defs"):
                for sub in item.values():
                    yield from _nodes(sub)
            elif isinstance(item, dict | list):
                yield from _nodes(item)


def _require_value(node: dict[str, Any]) -> None:
    """Let a field whose default is None be absent, but not null."""
    del node["default"]
    branches = [b for b in node.pop("anyOf", []) if b != {"type": "null"}]
    if len(branches) == 1:
        node.update(branches[0])
    elif branches:
        node["anyOf"] = branches


def _values(nodes: Any) -> list[tuple[dict[str, Any], str]]:
    """Where the schemas of values of mappings stand, of named keys and of free ones."""
    found = []
    for node in _nodes(nodes):
        found += [(node["properties"], name) for name in node.get("properties", ())]
        if isinstance(node.get("additionalProperties"), dict):
            found.append((node, "additionalProperties"))
    return found


def _loosen(nodes: list[dict[str, Any]], kind: Kind) -> None:
    """Require nothing, and let ``$unset`` stand for any value; a list's items keep their key."""
    kept = set(kind.list_keys.values())
    for node in list(_nodes(nodes)):
        node["required"] = [k for k in node.get("required", []) if k in kept]
        node.pop("default", None)
        node.pop("minItems", None)
        if not node["required"]:
            del node["required"]
        elif "properties" in node:
            node["properties"]["$unset"] = {
                "const": True,
                "description": "Take this item away from the layer below.",
            }
    for values, name in _values(nodes):
        if name not in kept and name != "$unset":
            values[name] = _or(values[name], "unset")
    for node in _nodes(nodes):
        if "anyOf" in node and not any(node["anyOf"]):
            # All that they did was to require one key or another.
            del node["anyOf"]


def _or_reference(node: dict[str, Any]) -> dict[str, Any]:
    """Let a value be given by a reference too: a scalar by ``$var``, text by ``$file``.

    A table is one of ``$csv``. One of a closed list of words isn't kept in a file.
    """
    types: set[str] = set()
    for branch in node.get("anyOf", [node]):
        stated = branch.get("type", [])
        types |= {stated} if isinstance(stated, str) else set(stated)
    ways = ["table"] if node.pop("table", False) else []
    ways += ["variable"] if types & {"string", "number", "integer", "boolean"} else []
    ways += ["file"] if "string" in types and "enum" not in node else []
    return _or(node, *ways) if ways else node


def _or(node: dict[str, Any], *definitions: str) -> dict[str, Any]:
    """A schema that allows what each of some definitions does, too."""
    outer: dict[str, Any] = {k: node[k] for k in ("description", "default") if k in node}
    inner = {k: v for k, v in node.items() if k not in outer}
    branches = inner.get("anyOf", [inner])
    return {**outer, "anyOf": [*branches, *({"$ref": f"#/$defs/{d}"} for d in definitions)]}


def _metadata(kind: Kind) -> dict[str, Any]:
    """What metadata may hold; only what has its name from the document can be renamed with it."""
    properties: dict[str, Any] = dict(_METADATA["properties"])
    if not kind.named:
        del properties["renamed_from"]
    return {**_METADATA, "properties": properties}
