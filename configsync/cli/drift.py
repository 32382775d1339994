"""``configsync drift``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from configsync.cli import options, output

if TYPE_CHECKING:
    from configsync.core.drift import DriftReport
    from configsync.source.project import Project, Target
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
    """Show what was changed in the database past git: what, when and who.

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
    """What the repository asks for, if there is one."""
    from configsync.usecases.validate import validate

    if not any((project.root / path).exists() for path in project.paths):
        return None
    validation = validate(project, target)
    if not validation.ok:
        output.note(
            "Warning: the repository has errors, so what git would change isn't known; "
            "configsync validate shows them."
        )
    return validation


def _print(report: DriftReport, output_format: str) -> None:
    match output_format:
        case "json":
            from configsync.render import json

            output.data(json.drift(report))
        case "markdown" | "html":
            from configsync.render.report import drift as reporting

            output.report(reporting.report(report, "configsync drift"), output_format)
        case "junit":
            from configsync.render import junit

            output.text(junit.drift(report))
        case _:
            from configsync.render.text import drift as view

            output.text(view.render(report, output.style()))
