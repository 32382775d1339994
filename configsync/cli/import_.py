"""``configsync import``."""

from __future__ import annotations

from pathlib import Path

import click

from configsync.cli import complete, options, output

SECTION = "Write"


@click.command(epilog="Example: configsync import slide-generator app/config --name production")
@click.argument("format", metavar="FORMAT", shell_complete=complete.formats)
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@options.directory
@click.option("--name", metavar="NAME", help="A single profile's name; by default, that of PATH.")
def command(format: str, path: Path, directory: Path, name: str | None) -> int:
    """Write an application's own configuration as documents, with long texts beside them.

    FORMAT slide-generator takes a folder with config.yaml, mlflow.yaml and
    prompts.yaml as one profile, seed a file with a list of profiles, and
    log-analyser a folder with context_rules.csv and negate_keys.csv. Nothing is
    overwritten; what no document has a place for is listed; a value that is
    missing or wrong is an error, and then nothing is written.
    """
    from configsync.core.diagnostic import has_errors
    from configsync.importers import all_importers
    from configsync.render.escape import one_line
    from configsync.source.project import find_project
    from configsync.usecases.import_ import import_from

    importers = all_importers()
    if format not in importers:
        known = ", ".join(importers)
        raise click.UsageError(f"There is no import format {format}. The formats are: {known}.")
    project = find_project(directory)
    report = import_from(project, importers[format], directory / path, name)
    output.text(output.diagnostics(Path(), report.diagnostics))
    if has_errors(report.diagnostics):
        output.note("Nothing was written.")
        return 1
    for file in report.written:
        output.data(f"Wrote {one_line(file)}\n")
    if report.not_taken:
        output.data("\nNot taken, since no document has a place for it:\n")
        output.data("".join(f"  {one_line(key)}\n" for key in report.not_taken))
    if report.notes:
        output.data("\n" + "".join(f"Note: {one_line(note)}\n" for note in report.notes))
    output.data("\nNext: configsync validate\n")
    return 0
