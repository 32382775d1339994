"""``configsync db``."""

from __future__ import annotations

from pathlib import Path

import click

from configsync.cli import options, output

SECTION = "Operate"


@click.group()
def command() -> None:
    """Create and migrate the tables."""


@command.command(epilog="Example: configsync db upgrade --database postgresql://owner@host/app")
@options.directory
@options.database
def upgrade(directory: Path, target_name: str | None, database_url: str | None) -> int:
    """Create the tables, or bring them up to this version of configsync."""
    import os

    from configsync.store.migrate import upgrade as migrate
    from configsync.store.url import parse_url

    project, target = options.find(directory, target_name)
    url = parse_url(project.database(database_url, target, os.environ), project.root)
    migrate(url)
    from configsync.store.database import SCHEMA_VERSION

    output.data(f"{url} is at schema version {SCHEMA_VERSION}.\n")
    return 0


@command.command(epilog="Example: configsync db status -o json")
@options.directory
@options.database
@options.output("text", "json")
def status(
    directory: Path, target_name: str | None, database_url: str | None, output_format: str
) -> int:
    """Show the schema version and the newest revision. Exits with 1 if an upgrade is needed."""
    import os

    from configsync.store.url import parse_url
    from configsync.usecases.database import database_status

    project, target = options.find(directory, target_name)
    url = parse_url(project.database(database_url, target, os.environ), project.root)
    found = database_status(url)
    if output_format == "json":
        from configsync.render import json

        output.data(json.table("database", [found.as_dict()]))
    else:
        output.data(found.as_text())
    return 0 if found.current else 1
