"""``configsync drift``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from configsync.cli import options, output

if TYPE_CHECKING:
    from configsync.source.project import Project, Target
    from configsync.usecases.drift import DriftReport
    from configsync.usecases.validate import Validation

SECTION = "Watch"


@click.command(epilog="Example: configsync drift --target prod --detailed-exitcode -o markdown")
@options.directory
@options.database
@options.output("text", "json", "markdown", "html", "junit")
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 2 if there is drift, with 0 if none."
)
def command(
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    output_format: str,
    detailed_exitcode: bool,
) -> int:
    """Show what someone changed in the database past configsync: what, when and who.

    Within a repository, it also tells what git would change; elsewhere, what
    every source owns is looked at.
    """
    from configsync.usecases.drift import find_drift

    project, target = options.find(directory, target_name)
    database = options.connect(project, target, database_url)
    report = find_drift(project, target, database, _validation(project, target))
    _print(report, output_format)
    return 2 if detailed_exitcode and report.drift else 0


def _validation(project: Project, target: Target) -> Validation | None:
    """What the repository asks for, if there is one and it is sound."""
    from configsync.source.files import scan
    from configsync.usecases.validate import validate

    if not scan(project.root, project.paths)[0]:
        return None
    validation = validate(project, target)
    if validation.ok:
        return validation
    output.note("Warning: the repository has errors, so what git would change isn't known.")
    return None


def _print(report: DriftReport, output_format: str) -> None:
    if output_format == "json":
        from configsync.render import json

        output.data(json.drift(report.drift, report.unmanaged, report.pending))
        return
    from configsync.render.text import drift as view

    output.text(view.render(report.drift, report.unmanaged, report.pending, output.style()))
