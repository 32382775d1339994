"""``configsync explain``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from configsync.cli import options, output

if TYPE_CHECKING:
    from configsync.source.project import Project, Target
    from configsync.store.database import Database

SECTION = "Write"


@click.command(
    epilog="\b\nExample: configsync explain profile/production/ai_infra llm_temperature\n"
    "Who uses a prompt: configsync explain prompt/verify --used-by"
)
@options.address("ADDRESS")
@click.argument("field", metavar="[FIELD]", required=False)
@click.option("--used-by", is_flag=True, help="List what uses it, by metadata.uses, instead.")
@options.directory
@options.database
@options.output("text", "json")
@options.utc
def command(
    address: str,
    field: str | None,
    used_by: bool,
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
    if used_by:
        return _show_users(project, target, address, database, output_format)
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


def _show_users(
    project: Project, target: Target, address: str, database: Database | None, output_format: str
) -> int:
    from configsync.core.errors import UsageError
    from configsync.usecases.explain import find_users
    from configsync.usecases.validate import validate

    validation = validate(project, target)
    if validation.errors:
        raise UsageError("The source has errors; see: configsync validate")
    users = find_users(validation.desired, database, address)
    if output_format == "json":
        from configsync.render import json

        output.data(json.users(address, users))
    else:
        from configsync.render.text import explain as view

        output.text(view.render_users(address, users, output.style()))
    return 0
