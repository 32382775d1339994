"""Where the fields of resources are written, for the few that something is said about."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from configsync.core.diagnostic import Location
from configsync.core.document import Document, show_path
from configsync.core.kind import Compiled
from configsync.core.plan import Change
from configsync.kinds import all_kinds
from configsync.source.files import read_text


class FieldPlaces:
    """Finds the places of fields in a project's files as they are, reading each once."""

    def __init__(self, root: Path, *, aliases: bool) -> None:
        self._root = root
        self._aliases = aliases
        self._rows = lru_cache(maxsize=None)(self._read_rows)

    def __call__(self, change: Change, field: str) -> tuple[Location | None, str]:
        """The place of what a change makes of a field, and its path in the document.

        Where that can't be told, such as of a field that nobody wrote, the place of the
        resource and no path.
        """
        resource = change.after
        if resource is None or resource.location is None:
            return change.location, ""
        where = (resource.elsewhere or {}).get(field)
        found = self._rows(resource.location.file).get(change.address)
        if found is None:
            return where or change.location, ""
        document, compiled = found
        path = compiled.paths.get(field, (*compiled.path, field))
        if where is not None:
            return where, show_path(path)
        if not field or document.get(path) is None:
            return resource.location, ""
        return document.locate(path), show_path(path)

    def _read_rows(self, file: str) -> dict[str, tuple[Document, Compiled]]:
        """The rows of a file's documents as they stand there, by address."""
        # Loading YAML takes longer than a plan of what is cached, which mostly has no findings.
        from configsync.source.load import parse

        text = read_text(self._root, file)
        if not isinstance(text, str):
            return {}
        documents, _ = parse(text, file, all_kinds(), aliases=self._aliases)
        return {at: (d, row) for d in documents for at, row in _rows(d)}


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
