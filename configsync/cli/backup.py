"""``configsync backup``."""

from __future__ import annotations

from pathlib import Path

import click

from configsync.cli import options, output

SECTION = "Operate"


@click.command(epilog="Example: configsync backup prod-2026-11-22.jsonl.gz --target prod")
@click.argument("file", type=click.Path(path_type=Path))
@options.directory
@options.database
@options.output("text", "json")
@click.option("--force", is_flag=True, help="Replace FILE if it is there already.")
@options.quiet
def command(
    file: Path,
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    output_format: str,
    force: bool,
    quiet: bool,
) -> int:
    """Write all that a database holds to FILE, history and revisions included.

    What is written is of one moment; others may go on writing to PostgreSQL
    meanwhile, and on SQLite they wait. FILE appears when it is whole, readable
    by you only, and is compressed if its name ends in .gz. configsync restore
    writes it into any empty database, SQLite or PostgreSQL.
    """
    import os

    from configsync.store.url import parse_url
    from configsync.usecases.backup import backup

    project, target = options.find(directory, target_name)
    url = parse_url(project.database(database_url, target, os.environ), project.root)
    with output.progress("Backing up", quiet) as advance:
        done = backup(url, directory / file, force=force, advance=advance)
    if output_format == "json":
        from configsync.render import json

        output.data(json.record(done.as_dict()))
    else:
        from configsync.render.text import backup as view

        output.text(view.backed_up(done))
    return 0
