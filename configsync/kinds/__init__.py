"""The kinds of document, one file each.

A module here that has a ``KIND`` adds a kind; a package elsewhere adds one
through the entry point group ``configsync.kinds``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from configsync.core.errors import PluginError
from configsync.core.kind import Kind
from configsync.core.resource import ResourceType
from configsync.plugins import load_entry_points

ENTRY_POINTS = "configsync.kinds"

_NAME = re.compile("[a-z][a-z0-9_]{0,49}")
"""What tables, columns and domains are called: statements hold such names as they are."""


@cache
def all_kinds() -> dict[str, Kind]:
    """All kinds by name, in sorted order.

    Raises PluginError if what a package adds can't be used beside the others.
    """
    modules = (import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__))
    own = [m.KIND for m in modules if hasattr(m, "KIND")]
    try:
        return register([*own, *_others()])
    except ValueError as error:
        raise PluginError(f"{error}. Update or uninstall the package at fault.") from error


@cache
def _others() -> tuple[Kind, ...]:
    """The kinds that other packages add."""
    return tuple(load_entry_points(ENTRY_POINTS, Kind))


def register(kinds: list[Kind]) -> dict[str, Kind]:
    """Order kinds by name; raises ValueError for what is taken, or no database could hold."""
    registry: dict[str, Kind] = {}
    taken: dict[tuple[str, str], str] = {}
    for kind in sorted(kinds, key=lambda kind: kind.name):
        for what, name in _names(kind):
            if (what, name) in taken:
                other = taken[what, name]
                raise ValueError(f"the kinds {other} and {kind.name} both have the {what} {name}")
            taken[what, name] = kind.name
        registry[kind.name] = kind
        _require_sound(kind)
    return registry


def _names(kind: Kind) -> Iterator[tuple[str, str]]:
    """What a kind takes for itself."""
    # Files of schemas are called by it, also where file names have no case.
    yield "name", kind.slug
    for type_ in kind.types:
        yield "domain", type_.domain
        yield "table", type_.table


def _require_sound(kind: Kind) -> None:
    """Raise ValueError unless the resource types of a kind can be tables."""
    known: list[ResourceType] = []
    for type_ in kind.types:
        for name in (type_.domain, type_.table, *type_.table_columns):
            if not _NAME.fullmatch(name):
                raise ValueError(
                    f"the kind {kind.name} has the name {name!r}, where tables, columns and "
                    "domains have up to 50 small letters, digits and _"
                )
        if type_.kind != kind.name:
            raise ValueError(f"the kind {kind.name} lists {type_.domain}, of {type_.kind}")
        parent = type_.parent
        if parent is not None and (parent not in known or parent.parent or len(parent.key) != 1):
            raise ValueError(
                f"the kind {kind.name} lists {type_.domain} below {parent.domain}, where a parent "
                "comes first, has a key of one column, and no parent itself"
            )
        known.append(type_)
    if not known or known[0].parent is not None:
        raise ValueError(f"the kind {kind.name} has no resource type that needs no parent")


@cache
def resource_types() -> dict[str, ResourceType]:
    """All resource types by domain, parents before their parts."""
    return {t.domain: t for kind in all_kinds().values() for t in kind.types}


@cache
def plugin_types() -> tuple[ResourceType, ...]:
    """The resource types of kinds that other packages add: their tables follow from them."""
    added = {kind.name for kind in _others()}
    return tuple(t for t in resource_types().values() if t.kind in added)
