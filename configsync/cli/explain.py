"""``configsync explain``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from configsync.cli import options, output

if TYPE_CHECKING:
    from configsync.source.project import Project, Target
    from configsync.store.database import Database

SECTION = "Write"


@click.command(epilog="Example: configsync explain profile/production/ai_infra llm_temperature")
@click.argument("address", metavar="ADDRESS")
@click.argument("field", metavar="[FIELD]", required=False)
@options.directory
@options.database
@options.output("text", "json")
def command(
    address: str,
    field: str | None,
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    output_format: str,
) -> int:
    """Show which files and lines set a value, the winner first, and what the database has."""
    from configsync.core.errors import DatabaseError
    from configsync.usecases.explain import explain

    project, target = options.find(directory, target_name)
    database = _configured(project, target, database_url)
    try:
        fields = explain(project, target, address, field, database)
    except DatabaseError as error:
        output.note(f"Warning: {error}")
        fields = explain(project, target, address, field)
    if output_format == "json":
        from configsync.render import json

        output.data(json.explanation(address, fields))
    else:
        from configsync.render.text import explain as view

        output.text(view.render(address, fields, output.style()))
    return 0


def _configured(project: Project, target: Target, url: str | None) -> Database | None:
    """The database, if there is one already: an explanation creates none."""
    from configsync.store.database import open_database
    from configsync.store.url import parse_url

    found = parse_url(project.database(url, target, os.environ), project.root)
    if found.dialect == "sqlite" and not os.path.exists(found.connect):
        return None
    return open_database(found, create=False)
