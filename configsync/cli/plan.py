"""``configsync plan``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from configsync.cli import options, output

if TYPE_CHECKING:
    from configsync.core.plan import Plan
    from configsync.store.database import Database

SECTION = "Review"


@click.command(epilog="Example: configsync plan --target prod --detailed-exitcode")
@options.planning
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 2 if there are changes, with 0 if none."
)
def command(asked: options.Planning, detailed_exitcode: bool) -> int:
    """Show what apply would change, and change nothing."""
    from configsync.core.diagnostic import has_errors

    found = make(asked)
    if found is None:
        return 1
    root, _, plan = found
    show(root, plan, asked)
    if has_errors(plan.diagnostics):
        return 4
    return 2 if detailed_exitcode and plan.changes else 0


def make(asked: options.Planning) -> tuple[Path, Database, Plan] | None:
    """The project's folder, its database and the plan; None, with the faults printed, if any."""
    from configsync.usecases.plan import make_plan
    from configsync.usecases.validate import validate

    project, target = options.find(asked.directory, asked.target_name)
    with output.progress("Compiling", asked.quiet) as advance:
        validation = validate(
            project, target, strict=asked.strict, cached=not asked.no_cache, advance=advance
        )
    if not validation.ok:
        output.validation(project.root, validation, asked.output_format)
        return None
    database = options.connect(project, target, asked.database_url)
    return project.root, database, make_plan(project, target, database, validation)


def show(root: Path, plan: Plan, asked: options.Planning) -> None:
    """Print a plan."""
    if asked.output_format == "json":
        from configsync.render import json

        output.data(json.plan(plan))
        return
    from configsync.render.text import plan as view

    output.text(output.diagnostics(root, plan.diagnostics))
    if asked.quiet:
        output.text(view.summary(plan, output.style()))
    else:
        output.text(view.render(plan, output.style()))
