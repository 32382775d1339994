"""``configsync show``."""

from __future__ import annotations

from pathlib import Path

import click

from configsync.cli import options, output

SECTION = "Review"


@click.command(epilog="Example: configsync show profile/production/prompts -o json")
@options.address("ADDRESS|FILE")
@options.directory
@options.database
@options.output("text", "json")
@options.utc
@click.option("--at", metavar="REVISION|TIME", help="As it was then, by what history records.")
def command(
    address: str,
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    output_format: str,
    at: str | None,
) -> int:
    """Show what the database holds at an address, parts included; or a saved plan.

    In ADDRESS, * stands for any text. FILE is a plan that configsync plan --out
    saved, and is shown also when it doesn't apply any more. TIME is ISO 8601,
    local without an offset, or how long ago, as 2h; what was renamed since has the name
    that it had then.
    """
    if at is None and (directory / address).is_file():
        return _saved(directory / address, output_format)
    from configsync.usecases.show import find_resources

    project, target = options.find(directory, target_name)
    database = options.recorded(project, target, database_url)
    found = find_resources(database, address, at, options.zone())
    if not found:
        then = "" if at is None else f" at {at}"
        output.note(f"Error: Nothing in {database.url} has the address {address}{then}.")
        return 1
    if output_format == "json":
        from configsync.render import json

        output.data(json.resources(found))
    else:
        from configsync.render.text import resource as view

        output.text(view.render(found, output.style()))
    return 0


def _saved(file: Path, output_format: str) -> int:
    from configsync.cli.plan import show
    from configsync.render.text import plan as view
    from configsync.usecases.saved import read_plan

    plan = read_plan(file)
    if output_format == "text":
        output.text(view.header(plan, output.style()))
    show(file.parent, plan, output_format, quiet=False)
    return 0
