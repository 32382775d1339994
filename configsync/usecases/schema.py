"""Schema: the JSON Schemas of kinds, generated and written."""

from __future__ import annotations

from collections.abc import Iterable

from configsync.checks.generate import generate, spell
from configsync.core.errors import ConfigsyncError
from configsync.core.kind import Kind
from configsync.source.project import Project


def schema_text(kind: Kind) -> str:
    """The schema of a kind as its file holds it."""
    return spell(generate(kind))


def write_schemas(project: Project, kinds: Iterable[Kind]) -> list[str]:
    """Write the schemas into the project's folder of them; returns their names."""
    folder = project.root / project.schemas
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for kind in kinds:
            file = folder / f"{kind.slug}.schema.json"
            file.write_text(schema_text(kind), encoding="utf-8")
            written.append(f"{project.schemas}/{file.name}")
    except OSError as error:
        raise ConfigsyncError(f"{folder} can't be written: {error.strerror}.") from error
    return written


def differing_schemas(project: Project, kinds: Iterable[Kind]) -> list[str]:
    """The names of schema files that are missing or differ from what would be written."""
    differing = []
    for kind in kinds:
        file = project.root / project.schemas / f"{kind.slug}.schema.json"
        if not file.is_file() or file.read_text(encoding="utf-8") != schema_text(kind):
            differing.append(f"{project.schemas}/{file.name}")
    return differing
