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
@options.output("text", "json")
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
    found = validation.diagnostics
    if output_format == "json":
        from configsync.render import json

        output.data(json.validation(validation.files, validation.documents, found))
    else:
        from configsync.render.text.diagnostics import summary

        shown = [d for d in found if not quiet or d.severity == "error"]
        output.data(output.diagnostics(project.root, shown))
        if not quiet:
            output.data(summary(validation.files, validation.documents, found, output.style()))
    return 0 if validation.ok else 1
