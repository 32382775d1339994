"""``configsync init``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from configsync.cli import options, output

SECTION = "Write"

_ABOUT_WORKFLOWS = """\
At GitHub, pull requests are checked from now on. Planned, applied and watched for drift they are
once the repository has the variable and the secrets that the workflows name at their heads.
"""


@click.command(epilog="Example: configsync init --profile production")
@options.directory
@click.option("--source", metavar="NAME", help="The owner's id; by default, the folder's name.")
@click.option("--profile", metavar="NAME", help="The first profile's name; by default, production.")
@click.option(
    "--workflows", is_flag=True, help="Write the workflows for GitHub alone, into any project."
)
def command(directory: Path, source: str | None, profile: str | None, workflows: bool) -> int:
    """Start a project: settings, a first profile, schemas and workflows for GitHub.

    Asks for names at a terminal only. Overwrites nothing.
    """
    from configsync.source.project import find_project
    from configsync.usecases.init import init_project, init_workflows
    from configsync.usecases.validate import validate

    folder = directory.resolve()
    if workflows:
        for file in init_workflows(folder):
            output.data(f"Wrote {file}\n")
        output.data(f"\n{_ABOUT_WORKFLOWS}")
        return 0
    source = source or _ask("Name of this source, the owner of what it applies", folder.name)
    profile = profile or _ask("Name of the first profile", "production")
    for file in init_project(folder, source or "config", profile):
        output.data(f"Wrote {file}\n")
    project = find_project(folder)
    validation = validate(project, project.target(None, {}))
    output.text(output.diagnostics(folder, validation.diagnostics))
    output.data(f"\n{_ABOUT_WORKFLOWS}\nNext: configsync plan\n")
    return 0 if validation.ok else 1


def _ask(question: str, default: str) -> str:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return default
    return str(click.prompt(question, default=default))
