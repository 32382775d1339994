"""``configsync blame``."""

from __future__ import annotations

from pathlib import Path

import click

from configsync.cli import options, output

SECTION = "Watch"


@click.command(epilog="Example: configsync blame profile/production/ai_infra")
@options.address("ADDRESS")
@options.directory
@options.database
@options.output("text", "json")
@options.utc
def command(
    address: str,
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    output_format: str,
) -> int:
    """Show who set each value that the database holds at an address, parts included.

    With revision, time, commit, file and line; a value that was written past
    configsync with what the database knows of its writer.
    """
    from configsync.kinds import resource_types
    from configsync.store.blame import blame

    project, target = options.find(directory, target_name)
    database = options.recorded(project, target, database_url)
    with database.reading() as transaction:
        found = blame(transaction, resource_types(), address)
    if not found:
        output.note(
            f"Error: Nothing in {database.url} has the address {address}. "
            f"What there was: configsync history {address}"
        )
        return 1
    if output_format == "json":
        from configsync.render import json

        output.data(json.blame(found))
    else:
        from configsync.render.text import blame as view

        output.text(view.render(found, output.style()))
    return 0
