"""``configsync duplicate``."""

from __future__ import annotations

from pathlib import Path

import click

from configsync.cli import options
from configsync.cli.set import dry_run, find, finish

SECTION = "Write"


@click.command(epilog="Example: configsync duplicate profile/production staging")
@options.document
@click.argument("name", metavar="NAME")
@options.directory
@options.target
@click.option("--file", metavar="FILE", help="The new file, relative to the project.")
@dry_run
def command(
    address: str,
    name: str,
    directory: Path,
    target_name: str | None,
    file: str | None,
    dry_run: bool,
) -> int:
    """Copy a document, comments included, into a new file.

    The file lies beside the original. The copy is not the default, and
    {$file: …} in it names the same texts.
    """
    from configsync.usecases.edit import duplicate

    project, targets = find(directory, target_name)
    report = duplicate(project, targets, address, name, file=file, dry_run=dry_run)
    return finish(project, report, dry_run)
