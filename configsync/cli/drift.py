"""``configsync drift``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from configsync.cli import options, output
from configsync.core.errors import ConfigsyncError

if TYPE_CHECKING:
    from configsync.core.drift import DriftReport
    from configsync.source.project import Project, Target
    from configsync.usecases.validate import Validation

SECTION = "Watch"


@click.command(epilog="Example: configsync drift --target prod --detailed-exitcode")
@options.directory
@options.database
@options.output("text", "json", "markdown", "html", "junit")
@options.utc
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 2 if there is drift, with 0 if none."
)
@click.option(
    "--webhook",
    "url",
    metavar="URL",
    help="Post drift, if there is any, to an incoming webhook as Slack has them.",
)
@click.option(
    "--webhook-env",
    "url_variable",
    metavar="NAME",
    help="The same, with the URL, a secret, in an environment variable.",
)
@click.option(
    "--textfile",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write metrics for the textfile collector of Prometheus.",
)
def command(
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    output_format: str,
    detailed_exitcode: bool,
    url: str | None,
    url_variable: str | None,
    textfile: Path | None,
) -> int:
    """Show what was changed in the database past git: what, when and who.

    Within a repository, it also tells what git would change; elsewhere, what
    every source owns is looked at. A webhook or a file of metrics that can't be
    had is warned of, and changes no exit code.
    """
    from configsync.usecases.drift import find_drift

    if url is not None and url_variable is not None:
        raise click.UsageError("--webhook and --webhook-env say the same: give one of them.")
    project, target = options.find(directory, target_name)
    database = options.recorded(project, target, database_url)
    validation = _validation(project, target)
    report = find_drift(project, target, database, validation)
    _print(report, output_format)
    if output_format == "text" and not (textfile or url or url_variable):
        _say_next(report, validation)
    if textfile is not None:
        _write_metrics(report, target, directory / textfile)
    if url_variable is not None:
        url = os.environ.get(url_variable, "").strip()
    if url is not None:
        _post(report, target, url)
    return 2 if detailed_exitcode and report.drift else 0


def _say_next(report: DriftReport, validation: Validation | None) -> None:
    """Say what can be done about drift, to a person in a repository where it can be."""
    if report.drift and validation is not None and validation.ok:
        output.note("Keep it with configsync adopt ADDRESS, or take it back with configsync apply.")


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


def _write_metrics(report: DriftReport, target: Target, file: Path) -> None:
    from datetime import UTC, datetime

    from configsync.render import prometheus
    from configsync.usecases.tell import write_metrics

    try:
        write_metrics(file, prometheus.render(report, target.name, datetime.now(UTC)))
    except ConfigsyncError as error:
        output.note(f"Warning: {error}")


def _post(report: DriftReport, target: Target, url: str) -> None:
    from configsync.render import slack
    from configsync.usecases.tell import parse_webhook, post

    try:
        # Looked at on a clean day too: its fault should not show first when it is needed.
        webhook = parse_webhook(url)
        if report.drift:
            post(webhook, slack.render(report, target.name))
    except ConfigsyncError as error:
        output.note(f"Warning: {error}")


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
