"""The rows that a document compiles to, where nothing but a document is at hand."""

from __future__ import annotations

from configsync.core.document import Document
from configsync.core.kind import Compiled, Kind


def rows_of(kind: Kind, document: Document) -> dict[str, Compiled]:
    """The rows that a document compiles to, by address. It must meet its schema."""
    rows: dict[str, Compiled] = {}
    made: list[str] = []
    for row in kind.compile(document):
        parent = None if row.parent is None else made[row.parent]
        made.append(row.type.address(row.values, parent))
        rows[made[-1]] = row
    return rows
