"""``configsync set``, and how every command that edits files reports what it did."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

import click

from configsync.cli import options, output

if TYPE_CHECKING:
    from configsync.edit.draft import FileChange
    from configsync.source.project import Project, Target
    from configsync.usecases.editing import EditReport

SECTION = "Write"

dry_run = click.option("--dry-run", is_flag=True, help="Show what would be written, and stop.")


@click.command(epilog="Example: configsync set profile/production ai_infra.llm_temperature=0.8")
@options.document
@click.argument("assignments", metavar="[FIELD=VALUE]...", nargs=-1)
@click.option("--unset", multiple=True, metavar="FIELD", help="Remove a field. May be repeated.")
@click.option("--layer", metavar="NAME|FILE", help="The layer to change, not the one that wins.")
@options.directory
@options.target
@dry_run
def command(
    address: str,
    assignments: tuple[str, ...],
    unset: tuple[str, ...],
    layer: str | None,
    directory: Path,
    target_name: str | None,
    dry_run: bool,
) -> int:
    """Change fields of a document where they are defined.

    That is the layer that wins: the target's overlay, the document or a base.
    All else of the file, comments included, stays as it is.

    FIELD is a path below spec, as ai_infra.llm_temperature or
    genie_spaces[SPACE_ID].description, or begins with metadata. VALUE is
    read as YAML reads it: 0.8 is a number, '"0.8"' text, null removes the field, and
    text that begins with a bracket or a quote goes in quotes of its own.
    @FILE takes the text of a file. A value that stands in a file of its own,
    behind {$file: …}, is changed there. Nothing is written if the project
    would have new errors.
    """
    from configsync.edit.fields import parse_assignment
    from configsync.usecases.edit import set_fields

    if not assignments and not unset:
        raise click.UsageError("Name what to change: FIELD=VALUE, or --unset FIELD.")
    project, targets = find(directory, target_name)
    wanted = [parse_assignment(a) for a in assignments]
    report = set_fields(
        project,
        targets,
        address,
        wanted,
        unset,
        folder=directory,
        layer=layer,
        dry_run=dry_run,
    )
    return finish(project, report, dry_run)


def find(directory: Path, target_name: str | None) -> tuple[Project, list[Target]]:
    """The project, and the targets that an edit must be valid for: the one named, else all.

    Raises UsageError.
    """
    import os

    from configsync.source.project import find_project

    project = find_project(directory)
    named = target_name or os.environ.get("CONFIGSYNC_TARGET")
    if named or not project.targets:
        return project, [project.target(named, os.environ)]
    return project, list(project.targets.values())


def finish(project: Project, report: EditReport, dry_run: bool) -> int:
    """Print an edit's report; returns the exit code."""
    if report.diagnostics:
        return refused(project, report)
    for line in diff(report.changes):
        output.data(line)
    for text in report.notes:
        output.note(f"Note: {text}")
    if not report.changes:
        output.note("Nothing to change.")
    elif dry_run:
        output.note("Nothing was written, since this is a dry run.")
    return 0


def refused(project: Project, report: EditReport) -> int:
    """Show the errors that an edit would bring, in the files as they would be; returns 1."""
    from configsync.render.text import diagnostics as view
    from configsync.source.files import read_text

    sources = {change.file: change.new or "" for change in report.changes}
    for found in report.diagnostics:
        for place in (found.location, *(r.location for r in found.related)):
            text = read_text(project.root, place.file) if place else None
            if place and isinstance(text, str):
                sources.setdefault(place.file, text)
    output.text(view.render(report.diagnostics, sources, output.style()))
    output.note("Nothing was written, since the project would have these errors.")
    return 1


def diff(changes: list[FileChange]) -> Iterator[str]:
    """A unified diff of files, which can't steer a terminal."""
    from configsync.render.escape import one_line, visible

    style = output.style()
    for change in changes:
        name = one_line(change.file)
        old = "/dev/null" if change.old is None else f"a/{name}"
        new = "/dev/null" if change.new is None else f"b/{name}"
        lines = unified_diff(_lines(change.old or ""), _lines(change.new or ""), old, new)
        for index, line in enumerate(lines):
            text = visible(line.removesuffix("\n").removesuffix("\r"))
            if index > 1 and line.startswith(("+", "-")):
                text = style.added(text) if line.startswith("+") else style.removed(text)
            elif line.startswith("@@"):
                text = style.faint(text)
            yield text + "\n"
            if not line.endswith("\n"):
                yield "\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """The lines of a text, each with its break."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    return lines if lines[-1] else lines[:-1]
