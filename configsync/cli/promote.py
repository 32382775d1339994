"""``configsync promote``."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from configsync.cli import options, output

if TYPE_CHECKING:
    from configsync.source.project import Project
    from configsync.usecases.promote import End, Promotion

SECTION = "Change"


@click.command(epilog="Example: configsync promote staging prod --write")
@click.argument("origin_name", metavar="SOURCE")
@click.argument("target_name", metavar="DEST")
@options.directory
@options.output("text", "json", "markdown", "html")
@options.quiet
@options.select
@click.option(
    "--include-kept", is_flag=True, help="Promote also what the overlay of DEST sets for itself."
)
@click.option("--write", is_flag=True, help="Edit the files, for a pull request.")
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 2 if there are changes, with 0 if none."
)
def command(
    origin_name: str,
    target_name: str,
    directory: Path,
    output_format: str,
    quiet: bool,
    select: tuple[str, ...],
    include_kept: bool,
    write: bool,
    detailed_exitcode: bool,
) -> int:
    """Take what one target has tried over to another: as a plan, and as a change of the YAML.

    Compares what is applied to the targets SOURCE and DEST, and shows what would
    become of DEST if it had what SOURCE has. Databases are only read.

    What a variable sets is meant to differ, and so is what the overlay of DEST sets
    and SOURCE never had: it is kept, and listed; --include-kept promotes the latter.
    What the files say for DEST already waits for its apply.
    All else is written into the overlay of DEST, or, where it has none, into the
    documents; every other target compiles to the same as before. If that can't
    be, nothing is written, and the reason is told.

    What SOURCE hasn't applied of its own files is left out: nobody has tried it.
    """
    from configsync.core.errors import UsageError
    from configsync.source.project import find_project
    from configsync.usecases.promote import promote

    project = find_project(directory)
    if origin_name == target_name:
        raise UsageError(f"{origin_name} can't be promoted to itself: name two targets.")
    if os.environ.get("CONFIGSYNC_DATABASE"):
        raise UsageError(
            "CONFIGSYNC_DATABASE names one database, and promote reads that of each target: "
            "unset it."
        )
    ends = [_end(project, name, output_format, quiet) for name in (origin_name, target_name)]
    origin, to = ends
    if origin is None or to is None:
        return 1
    found = promote(project, origin, to, select, include_kept=include_kept, write=write)
    _show(project, found, output_format, quiet)
    return _conclude(project, found, output_format, write, detailed_exitcode)


def _end(project: Project, name: str, output_format: str, quiet: bool) -> End | None:
    """A target with its database; None, with the faults printed, if its source has any."""
    from configsync.cli.plan import check
    from configsync.core.errors import UsageError
    from configsync.usecases.promote import End

    target = project.target(name, os.environ)
    asked = options.Planning(
        project.root,
        name,
        None,
        output_format=output_format,
        quiet=quiet,
        strict=False,
        no_cache=False,
        select=(),
        accept_conflicts=False,
        force=False,
    )
    validation = check(project, target, asked)
    if validation is None:
        return None
    database = options.existing(project, target, None)
    if database is None:
        raise UsageError(
            f"{name} has no database yet. Run: configsync apply --target {shlex.quote(name)}"
        )
    return End(target, database, validation.desired)


def _show(project: Project, found: Promotion, output_format: str, quiet: bool) -> None:
    """Print a promotion."""
    from dataclasses import replace

    if output_format == "json":
        from configsync.render import json

        output.data(json.promotion(found))
    elif output_format in output.REPORTS:
        from configsync.kinds import resource_types
        from configsync.render.report import promote as reporting

        again = f"configsync promote {shlex.join([found.origin.name, found.plan.target])}"
        report = reporting.report(found, resource_types(), again)
        output.report(replace(report, sections=()) if quiet else report, output_format)
    else:
        _show_text(project.root, found, quiet)


def _show_text(root: Path, found: Promotion, quiet: bool) -> None:
    """Print a promotion for a terminal, the edits last, as a diff."""
    from configsync.cli.set import diff
    from configsync.render.text import plan
    from configsync.render.text import promote as view

    output.text(output.diagnostics(root, found.plan.diagnostics))
    if quiet:
        output.text(plan.summary(found.plan, output.style()))
    else:
        output.text(view.render(found, output.style()))
        for line in [] if found.problems else diff(found.files):
            output.data(line)
    for note in found.notes:
        output.note(f"Note: {note}")


def _conclude(
    project: Project, found: Promotion, output_format: str, write: bool, detailed_exitcode: bool
) -> int:
    """Say what was done, and what is to be done next; returns the exit code."""
    from configsync.cli.set import refused
    from configsync.core.diagnostic import has_errors
    from configsync.usecases.editing import EditReport

    plan = found.plan
    if has_errors(plan.diagnostics):
        output.note("Nothing was written, since a policy stands against the plan.")
        return 4
    if found.problems and output_format == "text":
        return refused(project, EditReport(found.files, found.problems, []))
    if found.refusal is not None or found.problems:
        output.note(f"Nothing was written. {found.refusal or 'The project would have errors.'}")
        return 1
    output.note(_next(found, write))
    return 2 if detailed_exitcode and plan.decides else 0


def _next(found: Promotion, write: bool) -> str:
    from configsync.render.report.words import count

    target = found.plan.target
    name = shlex.quote(target)
    if not found.plan.decides:
        return "Nothing to promote."
    apply = f"configsync apply --target {name}"
    if found.to.policy.protected:
        apply = f"configsync plan --target {name} --out FILE, and then: configsync apply FILE"
    if not found.files:
        return f"No file needs a change. Next: {apply}"
    if not write:
        return "Nothing was written. To edit the files, add --write."
    return f"Wrote {count(len(found.files), 'file')}. Have that reviewed and merged. Next: {apply}"
