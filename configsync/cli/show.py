"""``configsync show``."""

from __future__ import annotations

from pathlib import Path

import click

from configsync.cli import options, output

SECTION = "Review"


@click.command(epilog="Example: configsync show profile/production/prompts -o json")
@click.argument("address", metavar="ADDRESS")
@options.directory
@options.database
@options.output("text", "json")
@click.option("--at", metavar="REVISION|TIME", help="As it was then, by what history records.")
def command(
    address: str,
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    output_format: str,
    at: str | None,
) -> int:
    """Show what the database holds at an address, parts included.

    In ADDRESS, * stands for any text. TIME is ISO 8601, taken as UTC, or how
    long ago, as 2h. What was renamed since has the name that it had then.
    """
    from configsync.usecases.show import find_resources

    project, target = options.find(directory, target_name)
    database = options.connect(project, target, database_url)
    found = find_resources(database, address, at)
    if not found:
        then = "" if at is None else f" at {at}"
        output.note(f"Error: nothing in {database.url} has the address {address}{then}.")
        return 1
    if output_format == "json":
        from configsync.render import json

        output.data(json.resources(found))
    else:
        from configsync.render.text import resource as view

        output.text(view.render(found, output.style()))
    return 0
