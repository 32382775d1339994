"""``configsync fmt``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from configsync.cli import options, output

if TYPE_CHECKING:
    from configsync.source.project import Project
    from configsync.usecases.format import FormattedFile

SECTION = "Write"

STDIN = "<stdin>"


@click.command(epilog="Example: configsync fmt --check --diff")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@options.directory
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def command(paths: tuple[Path, ...], directory: Path, check: bool, diff: bool) -> int:
    """Bring YAML files into one canonical form, without changing what they say.

    Keys stand in the order of their kind, indented by two columns, with quotes
    where they are needed. Comments stay with their keys; text stays to the byte.
    PATH restricts the files of the project; - formats standard input.
    """
    from configsync.source.project import find_project
    from configsync.usecases.format import find_files, format_files, write_file

    project = find_project(directory)
    if Path("-") in paths:
        if len(paths) > 1:
            raise click.UsageError("- stands alone: it is standard input.")
        return _standard_input(project, check, diff)
    names, problems = find_files(project, directory, paths)
    changed = unchanged = refused = 0
    for file in format_files(project, names):
        problems += file.diagnostics
        if file.diagnostics:
            refused += 1
        elif not file.changed:
            unchanged += 1
        else:
            changed += 1
            if not check and not diff:
                write_file(project.root, file)
            _show(file, diff)
    output.text(output.diagnostics(project.root, problems))
    output.data(_summary(changed, unchanged, refused, written=not check and not diff))
    return 1 if problems or (check and changed) else 0


def _standard_input(project: Project, check: bool, diff: bool) -> int:
    """Format standard input to standard output, for editors: nothing else is printed there."""
    from configsync.core.errors import ConfigsyncError
    from configsync.source.limits import MAX_FILE_BYTES
    from configsync.usecases.format import format_text

    data = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise ConfigsyncError("Standard input is larger than 1 MiB, the limit of a file.")
    try:
        file = format_text(project, data.decode(), STDIN)
    except UnicodeDecodeError as error:
        raise ConfigsyncError("Standard input is not UTF-8.") from error
    if file.diagnostics:
        output.note(_diagnostics(file).rstrip("\n"))
        return 1
    if diff:
        _show(file, diff)
    elif not check:
        # To the byte, whatever the terminal's encoding and line ends are.
        sys.stdout.buffer.write(file.after.encode())
    return 1 if check and file.changed else 0


def _show(file: FormattedFile, diff: bool) -> None:
    from configsync.render.escape import one_line

    output.data("".join(_diff(file)) if diff else one_line(file.name) + "\n")


def _diff(file: FormattedFile) -> Iterator[str]:
    """A unified diff that shows all that the lines hold, and steers no terminal."""
    from difflib import unified_diff

    from configsync.render.escape import one_line, visible

    style = output.style()
    paint: dict[str, Callable[[str], str]]
    paint = {"+": style.added, "-": style.removed, "@": style.info}
    name = one_line(file.name)
    lines = unified_diff(_lines(file.before), _lines(file.after), f"a/{name}", f"b/{name}")
    for line in lines:
        shown = visible(line.removesuffix("\n"))
        yield (paint[line[0]](shown) if line[0] in paint else shown) + "\n"
        if not line.endswith("\n"):
            yield "\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """The lines of a text with their ends; only LF is one, as in every diff."""
    *lines, last = text.split("\n")
    return [line + "\n" for line in lines] + ([last] if last else [])


def _diagnostics(file: FormattedFile) -> str:
    from configsync.render.text.diagnostics import render

    return render(file.diagnostics, {file.name: file.before}, output.style())


def _summary(changed: int, unchanged: int, refused: int, *, written: bool) -> str:
    noun = "file" if changed == 1 else "files"
    verb = "changed" if written else "would change"
    left = f", {refused} can't be formatted" if refused else ""
    return f"{changed} {noun} {verb}, {unchanged} unchanged{left}.\n"
