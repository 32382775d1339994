"""Schema: the JSON Schemas of kinds, generated and written."""

from __future__ import annotations

import os
from collections.abc import Iterable

from configsync.checks.generate import generate, spell
from configsync.core.errors import ConfigsyncError
from configsync.core.kind import Kind
from configsync.edit.files import replace_file
from configsync.source.project import Project


def schema_text(kind: Kind, *, partial: bool = False) -> str:
    """The schema of a kind as its file holds it."""
    return spell(generate(kind, partial=partial))


def schema_files(kinds: Iterable[Kind]) -> dict[str, str]:
    """The schema files of kinds, by name: for whole documents and for layers."""
    files = {}
    for kind in kinds:
        files[kind.schema_file] = schema_text(kind)
        files[kind.part_file] = schema_text(kind, partial=True)
    return files


def missing_schemas(project: Project, kinds: Iterable[Kind]) -> dict[str, str]:
    """The schema files of kinds that the project doesn't have, by name relative to its root.

    Those that it has may be tightened, and stay as they are.
    """
    files = {f"{project.schemas}/{name}": text for name, text in schema_files(kinds).items()}
    return {n: text for n, text in files.items() if not os.path.lexists(project.root / n)}


def kinds_with_schemas(project: Project, kinds: Iterable[Kind]) -> list[Kind]:
    """The kinds of which the project has a schema file; all of them where it has none."""
    kinds = list(kinds)
    folder = project.root / project.schemas
    kept = [
        k for k in kinds if any((folder / name).is_file() for name in (k.schema_file, k.part_file))
    ]
    return kept or kinds


def write_schemas(project: Project, kinds: Iterable[Kind]) -> list[str]:
    """Write the schemas into the project's folder of them; returns their names."""
    folder = project.root / project.schemas
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in schema_files(kinds).items():
            replace_file(folder / name, text.encode())
            written.append(f"{project.schemas}/{name}")
    except OSError as error:
        raise ConfigsyncError(f"{folder} can't be written: {error.strerror}.") from error
    return written


def differing_schemas(project: Project, kinds: Iterable[Kind]) -> list[str]:
    """The names of schema files that are missing or differ from what would be written."""
    folder = project.root / project.schemas
    return [
        f"{project.schemas}/{name}"
        for name, text in schema_files(kinds).items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    ]
