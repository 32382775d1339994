"""``configsync rename``."""

from __future__ import annotations

from pathlib import Path

import click

from configsync.cli import options
from configsync.cli.set import dry_run, find, finish

SECTION = "Write"


@click.command(epilog="Example: configsync rename profile/production live")
@options.document
@click.argument("name", metavar="NAME")
@options.directory
@options.target
@dry_run
def command(
    address: str, name: str, directory: Path, target_name: str | None, dry_run: bool
) -> int:
    """Give a document another name, and keep its history.

    Documents that extend it and overlays that patch it follow. The file keeps
    its name.
    """
    from configsync.usecases.edit import rename

    project, targets = find(directory, target_name)
    return finish(project, rename(project, targets, address, name, dry_run=dry_run), dry_run)
