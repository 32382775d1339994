"""``configsync plan``."""

from __future__ import annotations

import contextlib
import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from configsync.cli import options, output

if TYPE_CHECKING:
    from configsync.core.plan import Plan, PlanOptions
    from configsync.source.project import Project, Target
    from configsync.store.database import Database
    from configsync.usecases.validate import Validation

SECTION = "Review"


@click.command(epilog="Example: configsync plan --target prod --out prod.plan --detailed-exitcode")
@options.reviewing
@options.utc
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Save the plan, for configsync apply FILE; prompts stand in it as they are.",
)
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 2 if there are changes, with 0 if none."
)
@click.option(
    "--rehearse",
    "rehearsed",
    is_flag=True,
    help="Try the plan on the database, take it back, and report what would be refused.",
)
@options.lock_timeout
@options.against
@click.option(
    "--policies-from",
    "base",
    metavar="REF",
    help="Judge the plan by the policies of this commit or branch, not by those of the files here.",
)
def command(
    asked: options.Planning,
    out: Path | None,
    detailed_exitcode: bool,
    rehearsed: bool,
    lock_timeout: float,
    against: Path | None,
    base: str | None,
) -> int:
    """Show what apply would change, and change nothing.

    With --rehearse, all that apply would do is done in its transaction, under
    its lock, and rolled back, so that the database's constraints and triggers
    have had their say. What stays is a gap in the ids that PostgreSQL gives out.
    """
    if against is not None:
        return _offline(asked, against, out is not None, detailed_exitcode, rehearsed, base)
    from configsync.core.diagnostic import has_errors
    from configsync.usecases.plan import make_plan

    if out is not None:
        require_place(asked.directory / out)
    project, target = _found(asked, base)
    validation = check(project, target, asked)
    if validation is None:
        return 1
    database = options.connect(project, target, asked.database_url)
    plan = make_plan(project, target, database, validation, asked.plan_options)
    refused = has_errors(plan.diagnostics)
    if rehearsed and not refused:
        plan = _rehearsed(project, database, plan, lock_timeout)
    show(project.root, plan, asked.output_format, asked.quiet)
    if refused:
        left = [*(["rehearsed"] if rehearsed else []), *(["saved"] if out is not None else [])]
        if left:
            output.note(f"Not {' or '.join(left)}: a policy stands against the plan.")
        return 4
    if has_errors(plan.diagnostics):
        output.note("Rehearsed: the database would refuse the plan. Nothing was changed.")
        return 1
    if rehearsed:
        output.note("Rehearsed: the database would take the plan. Nothing was changed.")
    if out is not None:
        save(plan, asked.directory / out)
    return 2 if detailed_exitcode and plan.decides else 0


def _found(asked: options.Planning, base: str | None) -> tuple[Project, Target]:
    """The project and target, judged by the policies of a base if one is given."""
    project, target = options.find(asked.directory, asked.target_name)
    if base is None:
        return project, target
    from configsync.usecases.policies import judged_by

    return judged_by(project, target, asked.directory, base)


def _offline(
    asked: options.Planning,
    state: Path,
    saved: bool,
    detailed_exitcode: bool,
    rehearsed: bool,
    base: str | None,
) -> int:
    from configsync.core.diagnostic import has_errors
    from configsync.usecases.offline import read_state
    from configsync.usecases.plan import plan_offline

    if saved:
        raise click.UsageError(
            "--out saves an approval for what a database holds now, and --against knows only "
            "what it held: leave out one of them."
        )
    if rehearsed:
        raise click.UsageError("--rehearse needs the database: leave out --against.")
    project, target = _found(asked, base)
    validation = check(project, target, asked)
    if validation is None:
        return 1
    export = read_state(asked.directory / state)
    plan = plan_offline(project, target, export, validation, asked.plan_options)
    show(project.root, plan, asked.output_format, asked.quiet)
    if has_errors(plan.diagnostics):
        return 4
    return 2 if detailed_exitcode and plan.decides else 0


def _rehearsed(project: Project, database: Database, plan: Plan, lock_timeout: float) -> Plan:
    from configsync.usecases.actor import find_actor
    from configsync.usecases.rehearse import rehearse

    actor = find_actor(None, project.root, os.environ)
    return rehearse(project, database, plan, actor, lock_timeout)


def check(project: Project, target: Target, asked: options.Planning) -> Validation | None:
    """The project's desired state; None, with the faults printed, if it has any."""
    from configsync.usecases.validate import validate

    with output.progress("Compiling", asked.quiet) as advance:
        validation = validate(
            project, target, strict=asked.strict, cached=not asked.no_cache, advance=advance
        )
    if validation.ok:
        return validation
    if asked.output_format in output.REPORTS:
        from configsync.render.report import faults

        again = again_by("validate", target.name)
        output.report(
            faults.report(validation.diagnostics, again, target.name), asked.output_format
        )
    else:
        output.validation(project.root, validation, asked.output_format)
    return None


def show(root: Path, plan: Plan, output_format: str, quiet: bool) -> None:
    """Print a plan."""
    if output_format == "json":
        from configsync.render import json

        output.data(json.plan(plan))
        return
    if output_format in output.REPORTS:
        from configsync.kinds import resource_types
        from configsync.render.report import plan as reporting

        report = reporting.report(
            plan, resource_types(), again_by("plan", plan.target, plan.options)
        )
        output.report(replace(report, sections=()) if quiet else report, output_format)
        return
    from configsync.render.text import plan as view

    output.text(output.diagnostics(root, plan.diagnostics))
    if quiet:
        output.text(view.summary(plan, output.style()))
    else:
        output.text(view.render(plan, output.style()))


def again_by(command: str, target: str, asked: PlanOptions | None = None) -> str:
    """The command that tells all of what a report may have had to leave out."""
    from configsync.render.report.plan import allowed

    words = ["configsync", *command.split(), "--target", target]
    if asked is not None:
        words += [word for glob in asked.select for word in ("--select", glob)]
        words += allowed(asked)
    return shlex.join(words)


def require_place(file: Path) -> None:
    """Raise UsageError where a plan can't be saved: only another plan is ever overwritten."""
    from configsync.core.errors import UsageError

    if not file.parent.is_dir():
        raise UsageError(f"{file} can't be written: there is no folder {file.parent}.")
    if os.path.lexists(file):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            if file.is_file() and not file.is_symlink():
                with file.open(encoding="utf-8") as content:
                    if '"plan_id"' in content.read(200):
                        return
        raise UsageError(f"{file} exists and is no saved plan, so it is not overwritten.")


def save(plan: Plan, file: Path) -> None:
    """Write a plan file, whole or not at all, and readable to its owner only; say where."""
    from configsync.core.errors import UsageError
    from configsync.edit.files import replace_file
    from configsync.render import json

    try:
        replace_file(file, json.plan(plan).encode(), 0o600)
    except OSError as error:
        raise UsageError(f"{file} can't be written: {error.strerror}.") from error
    output.note(f"Saved to {file}. Apply it with: configsync apply {shlex.quote(str(file))}")
