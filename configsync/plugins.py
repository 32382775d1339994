"""Finds what other packages add through entry points, without paying for it where none do.

Importing ``importlib.metadata`` takes longer than checking a file: so it is
asked only if an installed package declares an entry point of configsync's.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import Any

_PREFIX = b"configsync."


def load_entry_points(group: str) -> list[Any]:
    """What the entry points of a group, which begins with ``configsync.``, refer to."""
    if not declared_plugins():
        return []
    from importlib import metadata

    return [point.load() for point in sorted(metadata.entry_points(group=group))]


@cache
def declared_plugins() -> tuple[str, ...]:
    """The metadata folders, named by package and version, of packages that add something."""
    found: list[str] = []
    for folder in dict.fromkeys(sys.path):
        try:
            with os.scandir(folder or ".") as entries:
                about = [e.path for e in entries if e.name.endswith((".dist-info", ".egg-info"))]
        except NotADirectoryError:
            found.append(folder)  # An archive: let importlib look into it.
        except OSError:
            continue
        else:
            found += (path for path in about if _declares(path))
    return tuple(sorted(found))


def _declares(folder: str) -> bool:
    try:
        with open(os.path.join(folder, "entry_points.txt"), "rb") as file:
            return b"[" + _PREFIX in file.read()
    except OSError:
        return False
