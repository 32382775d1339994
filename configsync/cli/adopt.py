"""``configsync adopt``."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from configsync.cli import options, output
from configsync.cli.set import finish

SECTION = "Change"


@click.command(epilog="Example: configsync adopt profile/production")
@options.address("[ADDRESS]")
@click.option("--all", "everything", is_flag=True, help="Adopt whatever this source manages.")
@options.directory
@options.database
@options.output("text", "json")
@click.option("--dry-run", "--diff", is_flag=True, help="Show what would be written, and stop.")
def command(
    address: str | None,
    everything: bool,
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    output_format: str,
    dry_run: bool,
) -> int:
    """Write what was changed in the database into the YAML that defines it.

    Values that differ from what was last applied are taken over where they are
    defined, also where git has changed them too; other changes of git stay. What
    was added or deleted in the database is added to the documents, or removed.
    Comments and all other lines stay as they are. The database is only read;
    afterwards a plan has nothing to revert.

    ADDRESS means a resource with its parts; * stands for any text. A profile
    that no source manages is written to a new file if ADDRESS names it. Nothing
    is written unless all of it can be, and the project stays valid.
    """
    from configsync.render.escape import one_line
    from configsync.usecases.adopt import adopt
    from configsync.usecases.editing import EditReport
    from configsync.usecases.validate import validate

    if (address is None) is not everything:
        raise click.UsageError("Name what to adopt: ADDRESS, or --all.")
    project, target = options.find(directory, target_name)
    validation = validate(project, target)
    if not validation.ok:
        output.validation(project.root, validation, output_format)
        return 1
    database = options.recorded(project, target, database_url)
    found = adopt(project, target, database, validation.desired, address, dry_run=dry_run)
    if output_format == "json":
        from configsync.render import json

        output.data(json.adoption(found))
        return 1 if found.diagnostics else 0
    if found.diagnostics or (dry_run and found.changes):
        report = EditReport(found.changes, found.diagnostics, found.notes)
        return finish(project, report, dry_run)
    from configsync.render.text import adopt as view

    if found.adopted:
        output.text(view.render(found.adopted, len(found.changes), output.style()))
    else:
        output.note("Nothing to adopt.")
    for text in found.notes:
        output.note(f"Note: {text}")
    if found.changes:
        new = [change.file for change in found.changes if change.old is None]
        added = f", new files included: git add {one_line(shlex.join(new))}" if new else ""
        output.note(f"Have that reviewed and merged{added}. Next: configsync apply")
    return 0
