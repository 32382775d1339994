"""``configsync rules``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from configsync.cli import complete, options, output

SECTION = "Write"


@click.command(epilog="Example: configsync rules CS201")
@options.directory
@click.argument("code", required=False, metavar="[CODE]", shell_complete=complete.codes)
@options.output("text", "json")
def command(directory: Path, code: str | None, output_format: str) -> int:
    """List what is checked, or explain one code: why it matters, a bad and a good example.

    The team's own policies are among them, with the line or the module that each comes from.
    """
    from configsync.checks.rules import all_rules
    from configsync.core import codes

    every: list[Any] = [*all_rules().values(), *codes.ALL]
    # Our own codes are explained whatever the settings are like.
    if code is None or code.upper() not in {c.code for c in every}:
        every += _policies(directory)
    entries = [
        {
            "code": c.code,
            "severity": c.severity.value,
            "summary": c.summary,
            "why": c.why,
            "bad": getattr(c, "bad", None),
            "good": getattr(c, "good", None),
            "origin": getattr(c, "origin", None),
        }
        for c in sorted(every, key=lambda c: c.code)
        if code is None or c.code == code.upper()
    ]
    if not entries:
        raise click.UsageError(f"There is no code {code}. List them with: configsync rules")
    if output_format == "json":
        from configsync.render import json

        output.data(json.table("rules", entries))
    else:
        from configsync.render.text import rules as view

        output.text((view.listing if code is None else view.explained)(entries, output.style()))
        if code is None:
            output.note("Explain one: configsync rules CODE")
    return 0


def _policies(directory: Path) -> Iterable[Any]:
    """The policies that judge the plans of the project that a folder lies in."""
    from configsync.kinds import resource_types
    from configsync.plan.policies.judge import policies_in_force
    from configsync.source.project import find_project

    return policies_in_force(find_project(directory), resource_types()).values()
