"""The order of keys: that in which a kind's spec class declares them.

It is read from the JSON Schema that is generated from the class: the one thing
that every kind has, a plug-in's included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from configsync.checks.schema import packaged
from configsync.core.document import Path
from configsync.core.kind import Kind

_ENVELOPE: dict[str, Any] = {
    "properties": {"apiVersion": {}, "kind": {}, "metadata": {}, "spec": {}}
}
"""What is known of a document of an unknown kind."""


class KeyOrder:
    """The order of keys at one place of a document; ``ranks`` has the place of each known one."""

    def __init__(self, definitions: Mapping[str, Any], schemas: list[Any]) -> None:
        self._definitions = definitions
        self._schemas = list(_alternatives(definitions, schemas))
        self._inner: dict[tuple[str, ...], KeyOrder] = {}
        names = (name for schema in self._schemas for name in schema.get("properties", ()))
        self.ranks = {name: rank for rank, name in enumerate(dict.fromkeys(names))}

    def below(self, key: str) -> KeyOrder:
        """The order within the value of a key."""
        return (
            self._at("properties", key) if key in self.ranks else self._at("additionalProperties")
        )

    def items(self) -> KeyOrder:
        """The order within the items of a list."""
        return self._at("items")

    def place_of(self, root: object, path: Path) -> int | None:
        """Behind how many of its siblings the first missing key of a path belongs.

        None at the end, and where nothing of the path is missing.
        """
        node, order = root, self
        for step in path:
            if isinstance(node, list) and isinstance(step, int) and step < len(node):
                node, order = node[step], order.items()
            elif not isinstance(node, dict) or isinstance(step, int):
                return None
            elif step in node:
                node, order = node[step], order.below(step)
            else:
                last = len(order.ranks)
                rank = order.ranks.get(step, last)
                later = (i for i, key in enumerate(node) if order.ranks.get(key, last) > rank)
                return next(later, None)
        return None

    def _at(self, *steps: str) -> KeyOrder:
        if steps not in self._inner:
            found: list[Any] = self._schemas
            for step in steps:
                found = [s.get(step) for s in found if isinstance(s, dict)]
            self._inner[steps] = KeyOrder(self._definitions, found)
        return self._inner[steps]


class KeyOrders:
    """The orders of kinds, each read when a document needs it."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds
        self._orders: dict[str, KeyOrder] = {}

    def of(self, kind: str) -> KeyOrder:
        """The order in documents of a kind; of an unknown one, that of a document's four keys."""
        kind = kind if kind in self._kinds else ""
        if kind not in self._orders:
            schema = packaged(self._kinds[kind]).content if kind else _ENVELOPE
            self._orders[kind] = KeyOrder(schema.get("$defs", {}), [schema])
        return self._orders[kind]


def _alternatives(definitions: Mapping[str, Any], schemas: list[Any]) -> Iterator[dict[str, Any]]:
    """Schemas and those that they refer to or combine, each once."""
    pending, seen = list(schemas), set()
    while pending:
        schema = pending.pop(0)
        if not isinstance(schema, dict) or id(schema) in seen:
            continue
        seen.add(id(schema))
        yield schema
        for keyword in ("allOf", "anyOf", "oneOf"):
            pending += schema.get(keyword, ())
        if "$ref" in schema:
            pending.append(definitions.get(schema["$ref"].removeprefix("#/$defs/")))


UNORDERED = KeyOrder({}, [])
"""Where every key stays where it is."""
