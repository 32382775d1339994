"""``configsync diff``."""

from __future__ import annotations

from pathlib import Path

import click

from configsync.cli import options, output

SECTION = "Review"


@click.command(epilog="Example: configsync diff 12 15 'profile/production*'")
@click.argument("old", metavar="REV1")
@click.argument("new", metavar="REV2")
@options.address("[ADDRESS-GLOB]")
@options.directory
@options.database
@options.output("text", "json", "markdown", "html")
@options.utc
def command(
    old: str,
    new: str,
    address: str | None,
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    output_format: str,
) -> int:
    """Show what changed from one revision, or time, to another.

    A time is ISO 8601, local without an offset, or how long ago, as 2h; 0 is the database
    before its first revision. Each resource is shown with its net change.
    """
    from configsync.kinds import resource_types
    from configsync.store.between import changes_between
    from configsync.store.history import revision_at

    project, target = options.find(directory, target_name)
    database = options.recorded(project, target, database_url)
    types = resource_types()
    with database.reading() as transaction:
        first, last = (revision_at(transaction, r, options.zone()) for r in (old, new))
        changes = changes_between(transaction, types, first, last, address)
    if output_format == "json":
        from configsync.render import json

        output.data(json.difference(first, last, changes))
    elif output_format in output.REPORTS:
        from configsync.render.report import difference

        output.report(difference.report(first, last, changes), output_format)
    else:
        from configsync.render.text import difference as view

        output.text(view.render(first, last, changes, output.style()))
    return 0
