"""``configsync status``."""

from __future__ import annotations

from pathlib import Path

import click

from configsync.cli import options, output

SECTION = "Watch"


@click.command(epilog="Example: configsync status --target prod --detailed-exitcode")
@options.directory
@options.database
@options.output("text", "json")
@options.utc
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 2 if a live reader is behind, else with 0."
)
def command(
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    output_format: str,
    detailed_exitcode: bool,
) -> int:
    """Show the newest revision, and which revision each running application holds.

    A reader is live while it goes on to report; what expired is shown for a
    day. Applications report if their client was asked to: report=True.
    """
    from configsync.usecases.fleet import read_status

    project, target = options.find(directory, target_name)
    database = options.recorded(project, target, database_url)
    found = read_status(database)
    if output_format == "json":
        from configsync.render import json

        output.data(json.status(found))
    else:
        from configsync.render.text import readers as view

        output.text(view.status(found, output.style()))
    return 2 if detailed_exitcode and found.fleet.stragglers else 0
