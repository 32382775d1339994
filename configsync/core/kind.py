"""Kinds: types of document and the resources that they compile to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from configsync.core import address
from configsync.core.document import Document, Path
from configsync.core.resource import Resource, ResourceType
from configsync.core.values import Row

API_VERSION = "configsync/v1"
"""The version of the document format."""

SCHEMA_SUFFIX = ".schema.json"
"""What the names of schema files end with."""


# Not frozen: that would make it slow to make, and every row is one for a moment.
@dataclass(slots=True)
class Compiled:
    """One row that a document compiles to, before its values are held to their columns.

    ``path`` is the node that the row comes from; a column's value stands at
    ``paths[column]``, by default ``path`` and the column's name. ``parent`` is
    the index of the parent's row among those of the document.
    """

    type: ResourceType
    values: Row
    path: Path
    paths: dict[str, Path] = field(default_factory=dict)
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What of a document the team's own schema of it speaks of.

    ``data`` is that as plain data; ``place`` leads from a path in it to where
    the same stands in the document. The values of ``unseen`` keys aren't in it.
    """

    data: dict[str, Any]
    place: Callable[[Path], Path]
    unseen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of document.

    ``spec`` is the class that describes ``spec`` in a document, from which the
    JSON Schema is generated: a dataclass or a pydantic model. ``types`` lists
    the resource types, parents before their parts. ``compile`` may rely on the
    document having passed its schema. ``list_keys`` tells by which key the
    items of a list merge when layers are laid over each other, by the list's
    path. ``decompile`` is the way back: from resources of the kind to each
    document that they make, as the address that all of its resources lie
    within, and its metadata and spec. It doesn't judge: what the resources
    lack is absent from the document, which its schema then says. Where a kind is
    ``named``, the document's name is the first key of all of its resources, so
    that it may be renamed. Where there is a ``subject``, a team may write a
    schema for a single document (`own_schema_file`), which holds for what
    ``subject`` makes of it; it may rely on the document having passed the kind's.
    """

    name: str
    title: str
    spec: Any
    types: tuple[ResourceType, ...]
    compile: Callable[[Document], Iterator[Compiled]]
    list_keys: dict[tuple[str, ...], str] = field(default_factory=dict)
    decompile: Callable[[Iterable[Resource]], Iterator[tuple[str, dict[str, Any]]]] | None = None
    named: bool = True
    subject: Callable[[Document], Subject] | None = None

    @property
    def slug(self) -> str:
        """The kind's name in file names."""
        return self.name.lower()

    @property
    def schema_file(self) -> str:
        """The file of the schema that whole documents meet."""
        return f"{self.slug}{SCHEMA_SUFFIX}"

    @property
    def part_file(self) -> str:
        """The file of the schema for documents that others complete: bases and patches."""
        return f"{self.slug}.partial{SCHEMA_SUFFIX}"

    def own_schema_file(self, name: str) -> str:
        """The file of a team's schema for the document of a name.

        The name is written as in addresses, so that it can't lead out of the folder.
        """
        return f"{self.slug}/{address.join(name)}{SCHEMA_SUFFIX}"
