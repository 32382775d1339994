"""Aliases and merge keys, where the settings allow them: every use is a copy with the same marks.

An alias to what is still open would be a circle; the nodes that copies make
count towards the file's limit, so that a few aliases can't expand without end.
"""

from __future__ import annotations

from typing import Any

from configsync.core.document import Map, Seq


class Anchors:
    """What the anchors of a document name, so far."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.open: set[str] = set()

    def copy(self, name: str) -> tuple[Any, int]:
        """A copy of what an anchor names, and how many nodes it has.

        Raises KeyError where nothing whole has that name.
        """
        if name in self.open:
            raise KeyError(name)
        return _copy(self.values[name])


def merge_into(node: Map, merged: Any) -> bool:
    """Add what a mapping, or each of a list of mappings, has and ``node`` hasn't.

    The first of several counts (https://yaml.org/type/merge.html). False where
    ``merged`` is nothing to merge.
    """
    sources = list(merged) if isinstance(merged, Seq) else [merged]
    if not all(isinstance(source, Map) for source in sources):
        return False
    for source in sources:
        for key, value in source.items():
            if key not in node:
                node.put(key, value, source.key_marks[key], source.marks[key])
    return True


def _copy(value: Any) -> tuple[Any, int]:
    """The depth of what is read is limited, so this recursion is."""
    if isinstance(value, Map):
        node, count = Map(value.mark), 1
        for key, item in value.items():
            copied, more = _copy(item)
            node.put(key, copied, value.key_marks[key], value.marks[key])
            count += more + 1
        return node, count
    if isinstance(value, Seq):
        items, count = Seq(value.mark), 1
        for item, mark in zip(value, value.marks, strict=True):
            copied, more = _copy(item)
            items.put(copied, mark)
            count += more
        return items, count
    return value, 1
