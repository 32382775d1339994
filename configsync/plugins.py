"""Finds what other packages add through entry points, without paying for it where none do.

Importing ``importlib.metadata`` takes longer than checking a file: so it is
asked only if an installed package declares an entry point of configsync's.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import TypeVar

T = TypeVar("T")

_PREFIX = b"configsync."


class Unusable(ValueError):
    """What a package adds can't be loaded, or is something else; the text says which, and why."""


def load_entry_points(group: str, expected: type[T]) -> list[T]:
    """What the entry points of a group, which begins with ``configsync.``, refer to.

    Raises Unusable unless each is there, and of the type that is expected.
    """
    if not declared_plugins():
        return []
    from importlib import metadata

    return [_load(point, expected) for point in sorted(metadata.entry_points(group=group))]


def _load(point: object, expected: type[T]) -> T:
    from importlib import metadata

    assert isinstance(point, metadata.EntryPoint)
    package = "a package" if point.dist is None else f"the package {point.dist.name}"
    what = f"{package} adds {point.value} to {point.group}, "
    try:
        found = point.load()
    except (Exception, SystemExit) as error:
        # Whatever the package's own code raises, as it is imported.
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise Unusable(f"{what}which can't be loaded: {why}") from error
    if not isinstance(found, expected):
        raise Unusable(f"{what}which is no {expected.__name__} but of type {type(found).__name__}")
    return found


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
