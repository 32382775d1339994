"""``configsync import``."""

from __future__ import annotations

from pathlib import Path

import click

from configsync.cli import options, output

SECTION = "Write"


@click.command(epilog="Example: configsync import slide-generator ../app/config --name production")
@click.argument("format", metavar="FORMAT")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@options.directory
@click.option("--name", metavar="NAME", help="The profile's name; by default, that of DIR.")
def command(format: str, folder: Path, directory: Path, name: str | None) -> int:
    """Write an application's own configuration files as documents, with their texts beside them.

    FORMAT is slide-generator: a folder with config.yaml, mlflow.yaml and
    prompts.yaml. Nothing is overwritten; what has no place in a profile is
    listed; a value that is missing is an error.
    """
    from configsync.core.diagnostic import has_errors
    from configsync.importers import all_importers
    from configsync.usecases.import_ import import_folder

    importers = all_importers()
    if format not in importers:
        known = ", ".join(importers)
        raise click.UsageError(f"There is no import format {format}. The formats are: {known}.")
    project, _ = options.find(directory, None)
    report = import_folder(project, importers[format], folder, name or folder.resolve().name)
    if has_errors(report.diagnostics):
        output.data(output.diagnostics(folder, report.diagnostics))
        output.note("Nothing was written.")
        return 1
    for file in report.written:
        output.data(f"Wrote {file}\n")
    if report.not_taken:
        output.data("\nNot taken, since a profile has no place for it:\n")
        output.data("".join(f"  {key}\n" for key in report.not_taken))
    output.data("\nNext: configsync validate\n")
    return 0
