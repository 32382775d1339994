"""One whole revision in memory: rows by root, and the values made of them on first use.

Nothing of a `Content` changes once readers have it, but that a lazy one learns
more of the same revision. The next one shares with it all that didn't change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeAlias

from configsync.core import address
from configsync.core.resource import ResourceType
from configsync.core.values import Row
from configsync.runtime.model import Origin, Profile, Source
from configsync.store.read import canonical

Key: TypeAlias = "str | tuple[str, ...]"
"""A root's natural key: the value of its one column, or those of several."""

Cells: TypeAlias = tuple[Any, ...]
"""The cells of a row's columns in their type's order, as a driver or a cache file gives them."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A revision of a database, told from another of the same number by ``seal``.

    That is when it was made and its digest: a database that was restored, or a
    standby that was promoted before it had all, may count on from an older one.
    """

    database_id: str
    revision: int
    seal: str


class Root:
    """A root's row and those of its parts, by domain, with what was made of them."""

    __slots__ = ("cells", "origin", "parts", "view")

    def __init__(self, cells: Cells, origin: Origin) -> None:
        self.cells = cells
        self.origin = origin
        self.parts: dict[str, list[Cells]] = {}
        self.view: Any = None


class Table:
    """The roots of one domain by key. In one that isn't ``whole``, None is one known not to be."""

    __slots__ = ("parts", "roots", "type", "views", "whole")

    def __init__(
        self,
        type_: ResourceType,
        parts: tuple[ResourceType, ...],
        roots: dict[Key, Root | None],
        *,
        whole: bool,
    ) -> None:
        self.type = type_
        self.parts = parts
        self.roots = roots
        self.whole = whole
        self.views: dict[Any, Any] = {}

    def after(self, changed: Mapping[Key, Root | None]) -> Table:
        """The table with some roots changed; None is one that went."""
        roots = self.roots.copy()
        for key, root in changed.items():
            if root is None and self.whole:
                roots.pop(key, None)
            else:
                roots[key] = root
        return Table(self.type, self.parts, roots, whole=self.whole)


class Content:
    """A revision. ``defaults`` has the key of each domain's default root.

    ``learn`` fills in a root, or with None for a key all roots of a domain,
    that a lazy content lacks; it raises DatabaseError.
    """

    __slots__ = ("__weakref__", "defaults", "learn", "mark", "profiles", "source", "tables")

    def __init__(
        self,
        mark: Mark,
        source: Source,
        tables: dict[str, Table],
        defaults: dict[str, Key | None],
        learn: Callable[[Content, str, Key | None], None] | None = None,
    ) -> None:
        self.mark = mark
        self.source = source
        self.tables = tables
        self.defaults = defaults
        self.learn = learn
        # The views that are read the most, one step nearer.
        self.profiles: dict[Key, Profile] = tables["profile"].views

    def root(self, domain: str, key: Key) -> Root | None:
        """A root; None if there is none. Raises KeyError for a domain that isn't known."""
        table = self.tables[domain]
        try:
            return table.roots[key]
        except KeyError:
            if table.whole or self.learn is None:
                return None
            self.learn(self, domain, key)
            return table.roots[key]

    def roots(self, domain: str) -> dict[Key, Root]:
        """All roots of a domain, by key, in order. Raises KeyError for one that isn't known."""
        table = self.tables[domain]
        if not table.whole and self.learn is not None:
            self.learn(self, domain, None)
            table = self.tables[domain]
        # A list at once: a lazy content may learn in another thread.
        known = list(table.roots.items())
        return {key: root for key, root in sorted(known, key=itemgetter(0)) if root is not None}

    def default(self, domain: str) -> Key | None:
        """The key of a domain's default root; None if there is none."""
        return self.defaults.get(domain)


def key_of(type_: ResourceType, cells: Cells) -> Key:
    """The key of the row of a root."""
    if len(type_.key) == 1:
        return str(cells[type_.names.index(type_.key[0])])
    return tuple(str(cells[type_.names.index(name)]) for name in type_.key)


def root_at(type_: ResourceType, key: Key) -> str:
    """The address of a root."""
    steps = (key,) if isinstance(key, str) else key
    return address.join(type_.domain, *steps)


def is_default(type_: ResourceType, root: Root | None) -> bool:
    """Tell whether a root is the default one of its domain."""
    if root is None or type_.default is None:
        return False
    return bool(root.cells[type_.names.index(type_.default)])


def row_of(type_: ResourceType, cells: Cells) -> Row:
    """The values of a row, in the form that states hold."""
    row = {c.name: canonical(c, cell) for c, cell in zip(type_.columns, cells, strict=True)}
    return row if type_.settle is None else type_.settle(row)


def empty_tables(types: Iterable[ResourceType], *, whole: bool) -> dict[str, Table]:
    """A table for each domain of roots."""
    types = list(types)
    return {
        type_.domain: Table(type_, tuple(t for t in types if t.parent == type_), {}, whole=whole)
        for type_ in types
        if type_.parent is None
    }
