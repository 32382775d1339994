"""The kinds of document, one file each.

A module here that has a ``KIND`` adds a kind; a package elsewhere adds one
through the entry point group ``configsync.kinds``.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from configsync.core.kind import Kind
from configsync.core.resource import ResourceType
from configsync.plugins import load_entry_points

ENTRY_POINTS = "configsync.kinds"


@cache
def all_kinds() -> dict[str, Kind]:
    """All kinds by name, in sorted order.

    Raises ValueError if two kinds share a name or a domain.
    """
    modules = (import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__))
    found = [m.KIND for m in modules if hasattr(m, "KIND")]
    found += load_entry_points(ENTRY_POINTS)
    return register(found)


def register(kinds: list[Kind]) -> dict[str, Kind]:
    """Order kinds by name; refuse a name or a domain that is taken."""
    registry: dict[str, Kind] = {}
    domains: dict[str, str] = {}
    for kind in sorted(kinds, key=lambda kind: kind.name):
        if kind.name in registry:
            raise ValueError(f"two kinds are named {kind.name}")
        registry[kind.name] = kind
        for type_ in kind.types:
            if type_.domain in domains:
                raise ValueError(
                    f"{kind.name} and {domains[type_.domain]} both define {type_.domain}"
                )
            domains[type_.domain] = kind.name
    return registry


@cache
def resource_types() -> dict[str, ResourceType]:
    """All resource types by domain, parents before their parts."""
    return {t.domain: t for kind in all_kinds().values() for t in kind.types}
