"""Where the fields of resources are written, for the few that something is said about."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from configsync.core.diagnostic import Location
from configsync.core.document import Document, Map, Seq, show_path
from configsync.core.document import Path as NodePath
from configsync.core.kind import Compiled
from configsync.core.plan import Change
from configsync.core.resource import Resource
from configsync.kinds import all_kinds
from configsync.source.files import SUFFIXES, read_text

_Places: TypeAlias = tuple[
    dict[str, tuple[Document, Compiled]], dict[Location, tuple[Document, NodePath]]
]
"""A file's rows by their addresses, and its mappings and lists by where they begin."""


class FieldPlaces:
    """Finds the places of fields in a project's files as they are, reading each once."""

    def __init__(self, root: Path, *, aliases: bool) -> None:
        self._root = root
        self._aliases = aliases
        self._places = lru_cache(maxsize=None)(self._read)

    def of_change(self, change: Change, field: str) -> tuple[Location | None, str]:
        """The place of what a change makes of a field, as `of` gives it; of a delete, its own."""
        if change.after is None or change.after.location is None:
            return change.location, ""
        return self.of(change.after, field)

    def of(self, resource: Resource, field: str) -> tuple[Location | None, str]:
        """The place of a field of a resource of the source, and its path in the document.

        Where that can't be told, such as of a field that nobody wrote, the place of the
        resource and no path.
        """
        start = resource.location
        where = (resource.elsewhere or {}).get(field)
        found = self._path(resource.address, start, field) if start else None
        if found is None:
            return where or start, ""
        document, path = found
        if where is not None:
            return where, show_path(path)
        if not field or document.get(path) is None:
            return start, ""
        return document.locate(path), show_path(path)

    def _path(self, at: str, start: Location, field: str) -> tuple[Document, NodePath] | None:
        """The document that a resource begins in at a place, and the path of a field in it."""
        rows, sections = self._places(start.file)
        if at in rows:
            document, row = rows[at]
            return document, row.paths.get(field, (*row.path, field))
        # What its layers make of it has another name, or can't be compiled by itself.
        if start in sections:
            document, section = sections[start]
            return document, (*section, field)
        return None

    def _read(self, file: str) -> _Places:
        # Loading YAML takes longer than a plan of what is cached, which mostly has no findings.
        from configsync.source.load import parse

        text = read_text(self._root, file)
        if not isinstance(text, str) or not file.lower().endswith(SUFFIXES):
            return {}, {}
        documents, _ = parse(text, file, all_kinds(), aliases=self._aliases)
        rows = {at: (d, row) for d in documents for at, row in _rows(d)}
        sections = {d.locate(s, key=True): (d, s) for d in documents for s in _sections(d.body)}
        return rows, sections


def _sections(node: Map | Seq, above: NodePath = ()) -> Iterator[NodePath]:
    """The paths of all mappings and lists below one."""
    for step, inner in node.items() if isinstance(node, Map) else enumerate(node):
        if isinstance(inner, Map | Seq):
            path = (*above, step)
            yield path
            yield from _sections(inner, path)


def _rows(document: Document) -> Iterator[tuple[str, Compiled]]:
    found: list[str] = []
    try:
        for row in all_kinds()[document.kind].compile(document):
            parent = None if row.parent is None else found[row.parent]
            found.append(row.type.address(row.values, parent))
            yield found[-1], row
    except (KeyError, TypeError, AttributeError):
        # It is a layer, which others complete, or refers to what isn't followed here.
        return
