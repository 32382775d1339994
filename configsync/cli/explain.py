"""``configsync explain``."""

from __future__ import annotations

from pathlib import Path

import click

from configsync.cli import options, output

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
    database = options.existing(project, target, database_url)
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
