"""``configsync validate``."""

from __future__ import annotations

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
def command(
    directory: Path,
    target_name: str | None,
    output_format: str,
    quiet: bool,
    strict: bool,
    no_cache: bool,
) -> int:
    """Check the source: YAML, schemas, rules and columns. Needs no database."""
    from configsync.usecases.validate import validate

    project, target = options.find(directory, target_name)
    with output.progress("Checking", quiet) as advance:
        validation = validate(
            project, target, strict=strict, resources=False, cached=not no_cache, advance=advance
        )
    output.validation(project.root, validation, output_format, quiet)
    return 0 if validation.ok else 1
