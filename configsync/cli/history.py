"""``configsync history``."""

from __future__ import annotations

from pathlib import Path

import click

from configsync.cli import options, output

SECTION = "Watch"


@click.command(epilog="Example: configsync history 'profile/production*' --limit 20")
@click.argument("address", required=False, metavar="[ADDRESS]")
@options.directory
@options.database
@options.output("text", "json")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N entries.")
def command(
    address: str | None,
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    output_format: str,
    limit: int | None,
) -> int:
    """Show who changed what and when, newest first.

    ADDRESS selects a resource and its parts; * stands for any text.
    """
    from configsync.store.read import read_history

    project, target = options.find(directory, target_name)
    database = options.connect(project, target, database_url)
    with database.reading() as transaction:
        entries = read_history(transaction, pattern=address, limit=limit)
    if output_format == "json":
        from configsync.render import json

        output.data(json.history(entries))
    else:
        from configsync.render.text import history as view

        output.text(view.render(entries, output.style()))
    return 0
