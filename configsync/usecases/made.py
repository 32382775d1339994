"""Documents made of resources, as new ones would be written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from configsync.core.document import Document, Map
from configsync.core.kind import Compiled, Kind
from configsync.core.resource import Resource
from configsync.core.values import Json
from configsync.edit.emit import emit
from configsync.edit.splice import CannotEdit
from configsync.source.reader import read
from configsync.usecases.rows import rows_of


@dataclass
class Made:
    """A document of a kind, made of resources, which all lie within ``place``."""

    place: str
    kind: Kind
    body: dict[str, Any]

    @cached_property
    def rows(self) -> dict[str, Compiled]:
        """The rows that it gives, by address. Raises CannotEdit if it misses its schema."""
        try:
            node = read(emit(self.body), self.place).roots[0]
            assert isinstance(node, Map)
            return rows_of(self.kind, Document(self.kind.name, node))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CannotEdit(f"{self.place} can't be written as a valid document.") from error

    def cells(self, resource: Resource) -> dict[str, Json]:
        """The values of a row by the keys that they have in the document."""
        row = self.rows[resource.address]
        names = {name: row.paths.get(name, (name,))[-1] for name in resource.values}
        return {str(names[name]): value for name, value in resource.values.items()}
