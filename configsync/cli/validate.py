"""``configsync validate``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from configsync.cli import options, output

SECTION = "Review"


@click.command(
    epilog="Example: configsync validate -o json",
)
@options.directory
@options.target
@options.output("text", "json", "github", "sarif", "junit", "codequality")
@options.quiet
@options.strict
@options.no_cache
@click.option(
    "--online",
    is_flag=True,
    help="Ask the Databricks workspace too, for endpoints, Genie spaces and experiments.",
)
def command(
    directory: Path,
    target_name: str | None,
    output_format: str,
    quiet: bool,
    strict: bool,
    no_cache: bool,
    online: bool,
) -> int:
    """Check the source: YAML, schemas, rules and columns. Needs no database.

    Asks nobody else, unless told to with --online: then the workspace that
    DATABRICKS_HOST and so on name is asked whether it has what profiles name.
    What it doesn't say is a warning, and an error with --strict. Where the
    settings have several targets and none is named, it checks for each.
    """
    from configsync.source.project import find_project
    from configsync.usecases.validate import validate_for

    project = find_project(directory)
    targets = project.checked_targets(target_name, os.environ)
    with output.progress("Checking", quiet) as advance:
        validation = validate_for(
            *(project, targets),
            strict=strict,
            cached=not no_cache,
            online=online,
            advance=advance,
        )
    output.validation(project.root, validation, output_format, quiet)
    return 0 if validation.ok else 1
