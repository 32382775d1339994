"""``configsync restore``."""

from __future__ import annotations

from pathlib import Path

import click

from configsync.cli import options, output

SECTION = "Operate"


@click.command(epilog="Example: configsync restore prod-2026-11-22.jsonl.gz --database URL")
@click.argument("file", type=click.Path(path_type=Path))
@options.directory
@options.database
@options.output("text", "json")
@options.lock_timeout
@options.quiet
def command(
    file: Path,
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    output_format: str,
    lock_timeout: float,
    quiet: bool,
) -> int:
    """Write what configsync backup wrote into an empty database.

    All of it or nothing: FILE is checked to its end first, and what was
    written is read back and compared before it is committed. The database may
    be another kind than the one that was backed up. It keeps its own identity,
    so plans that were saved for the other don't apply. On PostgreSQL, run
    configsync db upgrade first, and restore as the owner of the tables.
    """
    import os

    from configsync.store.url import parse_url
    from configsync.usecases.backup import restore

    project, target = options.find(directory, target_name)
    url = parse_url(project.database(database_url, target, os.environ), project.root)
    with output.progress("Restoring", quiet) as advance:
        done = restore(url, directory / file, lock_timeout=lock_timeout, advance=advance)
    if output_format == "json":
        from configsync.render import json

        output.data(json.record(done.as_dict()))
    else:
        from configsync.render.text import backup as view

        output.text(view.restored(done))
    return 0
