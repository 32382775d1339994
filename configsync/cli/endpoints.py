"""``configsync endpoints``."""

from __future__ import annotations

import click

from configsync.cli import options, output

SECTION = "Operate"


@click.command(epilog="Example: configsync endpoints -o json")
@options.output("text", "json")
def command(output_format: str) -> int:
    """List the serving endpoints of the Databricks workspace, those that it manages first.

    The workspace is the one that DATABRICKS_HOST and so on name. If it can't
    be reached, the list is empty, and a warning says so.
    """
    from configsync.databricks.endpoints import OWN, list_endpoints
    from configsync.databricks.workspace import Workspace
    from configsync.render.escape import one_line

    names = output.reached(lambda: list_endpoints(Workspace.connect()))
    if output_format == "json":
        from configsync.render import json

        rows = ({"name": name, "databricks": name.startswith(OWN)} for name in names)
        output.data(json.table("endpoints", rows))
    else:
        output.text("".join(f"{one_line(name)}\n" for name in names))
    return 0
