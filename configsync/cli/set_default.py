"""``configsync set-default``."""

from __future__ import annotations

from pathlib import Path

import click

from configsync.cli import options
from configsync.cli.set import dry_run, find, finish

SECTION = "Write"


@click.command("set-default", epilog="Example: configsync set-default profile/production")
@options.document
@options.directory
@options.target
@dry_run
def command(address: str, directory: Path, target_name: str | None, dry_run: bool) -> int:
    """Make a document the default one of its kind, as a profile.

    The line default: true moves to it from where it was; what a base or an
    overlay says is overruled where it must be.
    """
    from configsync.usecases.edit import set_default

    project, targets = find(directory, target_name)
    return finish(project, set_default(project, targets, address, dry_run=dry_run), dry_run)
