"""Documents: plain data in which every node still knows its file, line and column.

A mapping is a `Map`, a list a `Seq`: subclasses of ``dict`` and ``list`` whose
``marks`` stand beside the values, so that a JSON Schema validator or a rule
reads plain data and a diagnostic can still point at the character.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from configsync.core.diagnostic import Location

Mark: TypeAlias = tuple[str, int, int]
"""File, line and column of a node, from 1; a bare tuple, since a file has thousands."""

Path: TypeAlias = tuple[str | int, ...]
"""The way to a node within its document, as ``("spec", "genie_spaces", 0)``."""


REFERENCES = ("$csv", "$file", "$var")
"""The keys by which a mapping of one key stands for what it names."""


class Map(dict[str, Any]):
    """A mapping with the places of its keys and values.

    A key without a value has places too where it is an empty cell of a table.
    """

    __slots__ = ("key_marks", "mark", "marks")

    def __init__(self, mark: Mark) -> None:
        self.mark = mark
        self.key_marks: dict[str, Mark] = {}
        self.marks: dict[str, Mark] = {}

    def put(self, key: str, value: Any, key_mark: Mark, mark: Mark) -> None:
        """Set a value together with where it stands."""
        self[key] = value
        self.key_marks[key] = key_mark
        self.marks[key] = mark


class Seq(list[Any]):
    """A list with the places of its items.

    ``columns`` are the places of a table's columns by their names, where the
    items are its rows.
    """

    __slots__ = ("columns", "mark", "marks")

    def __init__(self, mark: Mark, columns: dict[str, Mark] | None = None) -> None:
        self.mark = mark
        self.marks: list[Mark] = []
        self.columns = columns

    def put(self, value: Any, mark: Mark) -> None:
        """Append a value together with where it stands."""
        self.append(value)
        self.marks.append(mark)


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document of a known kind."""

    kind: str
    body: Map

    @property
    def file(self) -> str:
        return self.body.mark[0]

    @property
    def name(self) -> str | None:
        """``metadata.name`` if it is text, else None."""
        name = self.get(("metadata", "name"))
        return name if isinstance(name, str) else None

    def get(self, path: Path) -> Any:
        """The value at ``path``, or None where there is none."""
        node: Any = self.body
        for step in path:
            # Mostly a mapping, and asked for often.
            if node.__class__ is Map:
                if step not in node:
                    return None
            elif not _has(node, step):
                return None
            node = node[step]
        return node

    def locate(self, path: Path = (), *, key: bool = False) -> Location:
        """The place of the node at ``path``, or of the nearest one above that exists.

        With ``key``, the place of its key where it stands in a mapping.
        """
        node: Any = self.body
        marks: Any = None
        last: str | int = ""
        for step in path:
            if not _has(node, step):
                if node.__class__ is Map and step in node.marks:
                    marks, last = node.key_marks if key else node.marks, step
                break
            marks = node.key_marks if key and node.__class__ is Map else node.marks
            last, node = step, node[step]
        return Location(*(self.body.mark if marks is None else marks[last]))

    def texts(self, *path: str) -> Iterator[tuple[Path, str]]:
        """The text at ``path``, with its path, if there is text."""
        value = self.get(path)
        if isinstance(value, str):
            yield path, value


def reference_of(node: object) -> tuple[str, str] | None:
    """What a node refers to, as ``("$file", "a.md")``; None if it is no reference."""
    if isinstance(node, dict) and len(node) == 1:
        ((key, name),) = node.items()
        if key in REFERENCES and isinstance(name, str):
            return key, name
    return None


def _has(node: Any, step: str | int) -> bool:
    """Tell whether a node has a child at a step."""
    if node.__class__ is Map:
        return step in node
    return isinstance(node, Seq) and isinstance(step, int) and 0 <= step < len(node)


def show_path(path: Path) -> str:
    """Write a path as people do: ``spec.genie_spaces[0].space_id``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
