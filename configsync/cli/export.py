"""``configsync export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from configsync.cli import options, output

if TYPE_CHECKING:
    from configsync.source.project import Project
    from configsync.store.database import Database
    from configsync.usecases.export import Export

SECTION = "Operate"


@click.command(epilog="Example: configsync export 'profile/prod*' --out profiles")
@options.address("[ADDRESS]")
@options.directory
@options.database
@options.output("yaml", "env", "dotenv", "json")
@click.option(
    "--out",
    metavar="DIR|FILE",
    help="Where to write: documents by default to the first of the settings' paths, all else "
    "to the standard output, which - stands for.",
)
@click.option(
    "--prefix",
    metavar="TEXT",
    default="",
    help="What the names of environment variables begin with, as APP_.",
)
@click.option("--force", is_flag=True, help="Overwrite the files that an export writes.")
@click.option(
    "--state",
    is_flag=True,
    help="Export what plans are made against, for configsync plan --against. Prompts stand in "
    "it as they are, so a file is readable to its owner only.",
)
def command(
    address: str | None,
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    output_format: str,
    out: str | None,
    prefix: str,
    force: bool,
    state: bool,
) -> int:
    """Write what a database holds as documents, or its values for applications.

    Documents have long texts beside them, and planning them changes nothing:
    so a team with a filled database starts from it. What no valid document can
    express is named, the rest is exported all the same, and the exit code is 1.

    As env, dotenv or json, the values that ADDRESS selects are printed: for eval
    in a shell, as a .env file, or for programs. In ADDRESS, * stands for any
    text; without one, all is exported.

    With --state, one JSON document has all that a plan needs to know, the same for the
    same database, so that those who may not reach it can plan.
    """
    project, target = options.find(directory, target_name)
    if prefix and output_format not in ("env", "dotenv"):
        raise click.UsageError("--prefix is for environment variables: -o env or -o dotenv.")
    if state and (address is not None or output_format != "yaml"):
        raise click.UsageError("--state exports all of a database in a form of its own.")
    database = options.recorded(project, target, database_url)
    file = None if out in (None, "-") else directory / str(out)
    if state:
        return _state(database, file, force)
    if output_format != "yaml":
        return _values(database, address, output_format, prefix, file, force)
    return _documents(project, database, address, directory, out, force)


def _values(
    database: Database,
    address: str | None,
    output_format: str,
    prefix: str,
    file: Path | None,
    force: bool,
) -> int:
    """Print or write the values of what an address selects."""
    from configsync.render import dotenv, env, json
    from configsync.usecases.values import NAME, nested, read_values, variables

    if prefix and not NAME.fullmatch(prefix):
        raise click.BadParameter(
            "it has capital letters, digits and _, and begins with no digit.", param_hint="--prefix"
        )
    found = read_values(database, address)
    if not found:
        return _nothing(database, address)
    if output_format == "json":
        text = json.values(nested(found))
    else:
        named = variables(found, prefix)
        text = dotenv.render(named) if output_format == "dotenv" else env.render(named)
        replaced = dotenv.replaced(named) if output_format == "dotenv" else []
        if replaced:
            output.note(
                f"Note: python-dotenv replaces ${{…}} in {', '.join(replaced)}, unless it is told "
                "interpolate=False."
            )
    _hand_out(text, file, force)
    return 0


def _state(database: Database, file: Path | None, force: bool) -> int:
    from configsync.usecases.offline import export_state

    _hand_out(export_state(database), file, force)
    return 0


def _hand_out(text: str, file: Path | None, force: bool) -> None:
    """Print a text as it is, or write it for its owner's eyes only."""
    from configsync.render.escape import one_line
    from configsync.usecases.values import write_private

    if file is None:
        output.exact(text)
        return
    write_private(file, text, force=force)
    output.text(f"Wrote {one_line(str(file))}\n")


def _nothing(database: Database, address: str | None) -> int:
    what = f"has the address {address}" if address is not None else "is there to export"
    output.note(f"Error: Nothing in {database.url} {what}.")
    return 1


def _documents(
    project: Project,
    database: Database,
    address: str | None,
    directory: Path,
    out: str | None,
    force: bool,
) -> int:
    """Print or write the documents that an address selects."""
    from configsync.usecases.export import export, export_folder, write_export

    inline = out == "-"
    folder = export_folder(project, directory / out if out is not None and not inline else None)
    found = export(project, database, address, folder, inline=inline)
    if not found.documents and not found.faults:
        return _nothing(database, address)
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
