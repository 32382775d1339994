"""What an importer is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.document import Path as KeyPath
from configsync.core.document import show_path


@dataclass(frozen=True, slots=True)
class Origin:
    """Where in a foreign file a value stands, and its path there."""

    location: Location
    path: str


@dataclass(slots=True)
class Draft:
    """A document in the making: its metadata and spec, and where each value comes from.

    ``origins`` are by the path in the document. ``whole`` is where the document
    itself comes from.
    """

    kind: str
    name: str
    whole: Origin
    body: dict[str, Any] = field(default_factory=lambda: {"metadata": {}, "spec": {}})
    origins: dict[str, Origin] = field(default_factory=dict)

    def put(self, path: KeyPath, value: Any, origin: Origin) -> None:
        """Set a value, with the mappings and lists above it that aren't there yet."""
        node: Any = self.body
        for step, following in pairwise(path):
            if isinstance(step, int):
                node += [{} for _ in range(step + 1 - len(node))]
                node = node[step]
            else:
                node = node.setdefault(step, [] if isinstance(following, int) else {})
        node[path[-1]] = value
        self.origins[show_path(path)] = origin

    def origin(self, path: str) -> Origin:
        """Where the value at a path comes from, or the nearest above it that is known."""
        while path:
            if path in self.origins:
                return self.origins[path]
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.whole


@dataclass(slots=True)
class Imported:
    """What a foreign configuration becomes.

    ``not_taken`` names each key of the source that has no place here, as
    ``config.yaml: api.port``. What is missing or wrong are diagnostics.
    """

    drafts: list[Draft] = field(default_factory=list)
    not_taken: list[str] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Importer:
    """Reads a foreign configuration: a folder, or else one file.

    A ``named`` one makes one document, called as the command says. ``read``
    takes the path and that name, which the others ignore. It never raises for
    what a file holds: what is missing or wrong are diagnostics, never empty
    values.
    """

    name: str
    summary: str
    read: Callable[[Path, str], Imported]
    folder: bool = True
    named: bool = False
