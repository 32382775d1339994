"""``configsync schema``."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

import click

from configsync.cli import complete, options, output

SECTION = "Write"


@click.command(epilog="Example: configsync schema --write")
@click.argument("kind", required=False, metavar="[KIND]", shell_complete=complete.kinds)
@options.directory
@click.option("--write", is_flag=True, help="Write the schemas into the project's folder of them.")
@click.option(
    "--check",
    is_flag=True,
    help="Exit with 1 if the folder's schemas are others than those of their kinds.",
)
def command(kind: str | None, directory: Path, write: bool, check: bool) -> int:
    """Print the JSON Schema of a kind, or write those of all kinds for editors and checks."""
    from configsync.kinds import all_kinds
    from configsync.usecases.schema import (
        differing_schemas,
        kinds_with_schemas,
        schema_text,
        write_schemas,
    )

    if write and check:
        raise click.UsageError("--write and --check exclude each other.")
    if kind is not None and kind not in all_kinds():
        near = get_close_matches(kind.capitalize(), all_kinds(), 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        known = ", ".join(all_kinds())
        raise click.UsageError(f"There is no kind {kind}.{hint} The kinds are: {known}.")
    kinds = [all_kinds()[kind]] if kind else list(all_kinds().values())
    if write:
        project, _ = options.find(directory, None)
        for file in write_schemas(project, kinds):
            output.data(f"Wrote {file}\n")
        return 0
    if check:
        project, _ = options.find(directory, None)
        differing = differing_schemas(
            project, kinds if kind else kinds_with_schemas(project, kinds)
        )
        for file in differing:
            output.note(f"{file} is missing, or not what configsync schema --write would write.")
        return 1 if differing else 0
    if len(kinds) != 1:
        raise click.UsageError(
            f"Name a kind, or give --write. The kinds are: {', '.join(all_kinds())}."
        )
    output.data(schema_text(kinds[0]))
    return 0
