"""``configsync apply``."""

from __future__ import annotations

import os
import sys

import click

from configsync.cli import options, output
from configsync.cli.plan import make, show

SECTION = "Change"


@click.command(epilog="Example: configsync apply --auto-approve --actor alice@example.com")
@options.planning
@click.option("--auto-approve", is_flag=True, help="Apply without asking.")
@click.option("--actor", metavar="NAME", help="Who applies, as history records it.")
@options.lock_timeout
def command(
    asked: options.Planning,
    auto_approve: bool,
    actor: str | None,
    lock_timeout: float,
) -> int:
    """Show the plan, ask, and carry it out: all of it in one transaction, or nothing."""
    from configsync.core.diagnostic import has_errors
    from configsync.usecases.apply import apply, find_actor

    as_json = asked.output_format == "json"
    if as_json and not auto_approve:
        raise click.UsageError("-o json can't ask; give --auto-approve with it.")
    found = make(asked)
    if found is None:
        return 1
    root, database, plan = found
    if not as_json:
        show(root, plan, asked)
    if has_errors(plan.diagnostics):
        if as_json:
            show(root, plan, asked)
        output.note("Refused: a policy stands against the plan. Nothing was changed.")
        return 4
    if plan.changes and not auto_approve and not _approved(str(database.url)):
        output.note("Not applied. Nothing was changed.")
        return 1
    applied = apply(database, plan, find_actor(actor, root, os.environ), lock_timeout)
    if as_json:
        from configsync.render import json

        output.data(json.plan(plan, applied))
    elif plan.changes:
        output.data(f"Applied as revision {applied.revision}.\n")
    elif plan.records:
        output.data(f"Recorded {len(plan.records)} unchanged. Nothing else to do.\n")
    else:
        output.data(f"Nothing to do. The database is at revision {applied.revision}.\n")
    if applied.head and not as_json:
        from configsync.render.escape import one_line

        output.data(f"Head {one_line(applied.head)}\n")
    return 0


def _approved(where: str) -> bool:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("There is no terminal to ask at. Give --auto-approve to apply.")
    answer = click.prompt(
        f"Apply this to {where}? Only 'yes' is accepted", default="", show_default=False
    )
    return bool(answer == "yes")
