"""What an importer is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from configsync.core.diagnostic import Diagnostic


@dataclass(slots=True)
class Imported:
    """What a foreign configuration becomes.

    ``documents`` by name: bodies to be written as YAML, in which a `TextFile`
    stands for text that is written beside them. ``not_taken`` names each key
    of the source that has no place here, as ``config.yaml: api.port``.
    """

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    not_taken: list[str] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text that gets a file of its own, to the byte."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Importer:
    """Reads a foreign configuration.

    ``read`` takes the folder and the name that a single profile is to have;
    what is missing or wrong are diagnostics, never empty values.
    """

    name: str
    summary: str
    read: Callable[[Path, str], Imported]
