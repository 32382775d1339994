"""``configsync import``."""

from __future__ import annotations

from pathlib import Path

import click

from configsync.cli import complete, options, output

SECTION = "Write"


def _known(context: click.Context, parameter: click.Parameter, format: str | None) -> str:
    """The name of a format. Raises UsageError, which lists them, for another or none."""
    from configsync.importers import all_importers

    if format in all_importers():
        return format
    said = "A format is missing" if format is None else f"There is no import format {format}"
    raise click.UsageError(f"{said}. The formats are: {', '.join(all_importers())}.", context)


@click.command(epilog="Example: configsync import slide-generator app/config --name production")
@click.argument(
    "format", metavar="FORMAT", required=False, callback=_known, shell_complete=complete.formats
)
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

    project = find_project(directory)
    report = import_from(project, all_importers()[format], directory / path, name)
    output.text(output.diagnostics(Path(), report.diagnostics))
    if has_errors(report.diagnostics):
        output.note("Nothing was written.")
        return 1
    for file in report.written:
        output.data(f"Wrote {one_line(file)}\n")
    if report.not_taken:
        output.data("\nNot taken, since no document of these kinds has a place for it:\n")
        output.data("".join(f"  {one_line(key)}\n" for key in report.not_taken))
        output.data("What the application still needs can be a setting: configsync docs writing\n")
    if report.notes:
        output.data("\n" + "".join(f"Note: {one_line(note)}\n" for note in report.notes))
    output.data("\nNext: configsync validate\n")
    return 0
