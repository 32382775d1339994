"""``configsync genie-spaces``."""

from __future__ import annotations

import click

from configsync.cli import options, output

SECTION = "Operate"


@click.command(epilog="Example: configsync genie-spaces -o json")
@options.output("text", "json")
def command(output_format: str) -> int:
    """List the Genie spaces of the Databricks workspace that you may see: id and title.

    The workspace is the one that DATABRICKS_HOST and so on name. If it can't
    be reached, the list is empty, and a warning says so.
    """
    from configsync.databricks.genie import list_spaces
    from configsync.databricks.workspace import Workspace
    from configsync.render.escape import one_line
    from configsync.render.text.columns import aligned

    spaces = output.reached(lambda: list_spaces(Workspace.connect()))
    if output_format == "json":
        from configsync.render import json

        rows = ({"space_id": s.space_id, "title": s.title} for s in spaces)
        output.data(json.table("genie_spaces", rows))
    elif spaces:
        lines = aligned([(one_line(s.space_id), one_line(s.title)) for s in spaces])
        output.text("".join(f"{line}\n" for line in lines))
    return 0
