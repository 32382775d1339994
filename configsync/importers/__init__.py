"""Importers, one file an application's way of keeping its configuration.

A module here that has an ``IMPORTER`` adds one; its name on the command line
is the file's, with ``-`` for ``_``.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from configsync.importers.importer import Importer


@cache
def all_importers() -> dict[str, Importer]:
    """All importers by their names on the command line, in sorted order."""
    modules = (import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__))
    found: list[Importer] = [m.IMPORTER for m in modules if hasattr(m, "IMPORTER")]
    return {importer.name: importer for importer in sorted(found, key=lambda i: i.name)}
