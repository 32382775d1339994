"""``configsync export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from configsync.cli import options, output

if TYPE_CHECKING:
    from configsync.source.project import Project
    from configsync.usecases.export import Export

SECTION = "Operate"


@click.command(epilog="Example: configsync export 'profile/prod*' --out profiles")
@click.argument("address", metavar="[ADDRESS]", required=False)
@options.directory
@options.database
@click.option(
    "--out",
    metavar="DIR",
    help="Where to write, by default the first of the settings' paths; - prints the documents.",
)
@click.option("--force", is_flag=True, help="Overwrite the files that an export writes.")
def command(
    address: str | None,
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    out: str | None,
    force: bool,
) -> int:
    """Write what a database holds as documents, with long texts beside them.

    Planning them changes nothing: so a team with a filled database starts from
    it. In ADDRESS, * stands for any text; without one, all is exported. What
    no valid document can express is named, the rest is exported all the same,
    and the exit code is 1.
    """
    from configsync.usecases.export import export, export_folder, write_export

    project, target = options.find(directory, target_name)
    database = options.connect(project, target, database_url)
    inline = out == "-"
    folder = export_folder(project, directory / out if out is not None and not inline else None)
    found = export(project, database, address, folder, inline=inline)
    if not found.documents and not found.faults:
        what = f"has the address {address}" if address is not None else "is there to export"
        output.note(f"Error: nothing in {database.url} {what}.")
        return 1
    if inline:
        output.data("---\n".join(d.files[d.file] for d in found.documents))
    elif found.documents:
        written = write_export(project, found, folder, force=force)
        _report(project, found, folder, written)
    return _faults(project, found)


def _report(project: Project, found: Export, folder: str, written: list[str]) -> None:
    """Say what was written, and what comes next."""
    from configsync.render.escape import one_line
    from configsync.usecases.export import is_source

    output.data("".join(f"Wrote {one_line(name)}\n" for name in written))
    schemas = f"{project.schemas}/"
    rest = len(found.files()) - sum(not name.startswith(schemas) for name in written)
    if rest:
        output.data(f"{rest} {'file was' if rest == 1 else 'files were'} so already.\n")
    if is_source(project, folder):
        output.data("\nNext: configsync plan, which has nothing to change\n")
    else:
        paths = " or ".join(one_line(path) for path in project.paths)
        output.data(f"\nNext: put them into {paths}, where the settings look; configsync plan\n")


def _faults(project: Project, found: Export) -> int:
    """Say on stderr what is wrong; returns the exit code."""
    from configsync.render.escape import one_line

    if found.foreign:
        owners = ", ".join(one_line(o) for o in found.foreign)
        output.note(
            f"Note: {owners} owns some of this, and this source is {one_line(project.source)}: "
            "plan will refuse it until the settings' source says the same."
        )
    if not found.faults:
        return 0
    output.note(
        output.diagnostics(project.root, found.faults)
        + "What is named above was not exported: mend it in the database, or write it by hand."
    )
    return 1
