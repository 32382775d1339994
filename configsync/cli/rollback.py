"""``configsync rollback``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from configsync.cli import options, output
from configsync.cli.apply import carry_out, guarded
from configsync.cli.plan import check, require_place, save, show

if TYPE_CHECKING:
    from configsync.core.plan import Plan
    from configsync.core.revision import Applied
    from configsync.source.project import Project, Target
    from configsync.usecases.editing import Editing

SECTION = "Change"


@click.command(epilog="Example: configsync rollback --to 41 --select profile/production")
@click.option(
    "--to",
    metavar="REVISION|TIME",
    required=True,
    help="A revision's number, a time in ISO 8601, local without an offset, or how long ago: 2h.",
)
@options.planning_back
@options.utc
@click.option("--write", is_flag=True, help="Write it into the YAML too.")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Save the plan for configsync apply FILE, and change nothing.",
)
@click.option("--auto-approve", is_flag=True, help="Roll back without asking.")
@click.option("--actor", metavar="NAME", help="Who rolls back, as history records it.")
@options.lock_timeout
@options.wait
def command(
    asked: options.Planning,
    to: str,
    write: bool,
    out: Path | None,
    auto_approve: bool,
    actor: str | None,
    lock_timeout: float,
    wait: float | None,
) -> int:
    """Lead the database back to what it held at a revision, as a new revision.

    What this source deleted since comes back with its parts. The commit that is
    rolled back is held: it and older ones don't apply until a newer one has, so
    that a late run doesn't undo the rollback. Revert the change in git next.
    """
    from configsync.core.diagnostic import has_errors
    from configsync.usecases.actor import find_actor
    from configsync.usecases.rollback import plan_rollback, roll_back

    if asked.output_format == "json" and not auto_approve and out is None:
        raise click.UsageError("-o json can't ask; give --auto-approve with it.")
    if out is not None and (write or auto_approve or wait is not None):
        raise click.UsageError(
            "--out only saves the plan: give --write, --auto-approve or --wait without."
        )
    if out is not None:
        require_place(asked.directory / out)
    project, target = options.find(asked.directory, asked.target_name)
    database = options.recorded(project, target, asked.database_url)
    plan = plan_rollback(project, target, database, to, asked.plan_options, zone=options.zone())
    if out is not None:
        show(project.root, plan, asked.output_format, asked.quiet)
        if has_errors(plan.diagnostics):
            output.note("Not saved: a policy stands against the plan.")
            return 4
        save(plan, asked.directory / out)
        return 0
    plan = guarded(plan, target)
    edit = _drafted(project, target, plan, asked) if write else None
    by = find_actor(actor, project.root, os.environ)

    def carry() -> Applied:
        applied = roll_back(project, database, plan, by, lock_timeout)
        if edit is not None:
            _write(edit, applied)
        return applied

    return carry_out(project.root, database, plan, asked, auto_approve, carry, wait)


def _write(edit: Editing, applied: Applied) -> None:
    """Write the YAML, once the database is rolled back and whatever its readers hold."""
    from configsync.core.errors import ConfigsyncError

    try:
        edit.draft.write()
    except ConfigsyncError as error:
        raise ConfigsyncError(
            f"The database is rolled back, as revision {applied.revision}; the YAML is not: {error}"
        ) from error
    for change in edit.draft.changes():
        output.note(f"Wrote {change.file}.")


def _drafted(project: Project, target: Target, plan: Plan, asked: options.Planning) -> Editing:
    """The edits that make git agree. Raises UsageError where the source isn't sound."""
    from configsync.core.errors import UsageError
    from configsync.usecases.rollback import write_back

    validation = check(project, target, asked)
    if validation is None:
        raise UsageError("The source has errors, so nothing is written into it.")
    return write_back(project, target, validation, plan)[0]
