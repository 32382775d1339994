"""Fmt: bring the YAML files of a project into canonical form."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from configsync.core.diagnostic import Diagnostic
from configsync.core.errors import ConfigsyncError, UsageError
from configsync.edit.files import replace_file
from configsync.edit.format import Formatter
from configsync.kinds import all_kinds
from configsync.source.files import read_text, scan
from configsync.source.project import Project


@dataclass(frozen=True, slots=True)
class FormattedFile:
    """A file's text as it is, and in canonical form.

    Where it has none, both are the same, and ``diagnostics`` says why.
    """

    name: str
    before: str
    after: str
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def changed(self) -> bool:
        return self.before != self.after


def find_files(
    project: Project, base: Path, paths: Sequence[Path] = ()
) -> tuple[list[str], list[Diagnostic]]:
    """The YAML files of a project and of its overlays, relative to its root.

    ``paths`` restricts them to files or folders, relative to ``base``. The
    diagnostics tell what can't be read among them. Raises UsageError for a path
    that has none of the project's files.
    """
    overlays = {t.overlay for t in project.targets.values() if t.overlay is not None}
    names, problems = scan(project.root, (*project.paths, *sorted(overlays)))
    if not paths:
        return names, problems
    chosen = [_within(project, base, path) for path in paths]
    places = [d.location.file if d.location else "" for d in problems]
    for path, start in zip(paths, chosen, strict=True):
        if not any(_lies_in(name, start) for name in [*names, *places]):
            known = ", ".join(project.paths)
            raise UsageError(f"{path} has no YAML file of the project, whose paths are: {known}.")
    return (
        [n for n in names if any(_lies_in(n, start) for start in chosen)],
        [
            d
            for d, place in zip(problems, places, strict=True)
            if any(_lies_in(place, start) for start in chosen)
        ],
    )


def format_files(project: Project, names: Iterable[str]) -> Iterator[FormattedFile]:
    """Format files of a project one after the other, writing nothing."""
    formatter = Formatter(all_kinds(), aliases=project.allow_aliases)
    for name in names:
        text = read_text(project.root, name)
        if isinstance(text, Diagnostic):
            yield FormattedFile(name, "", "", (text,))
        else:
            yield _format(formatter, text, name)


def format_text(project: Project, text: str, name: str) -> FormattedFile:
    """Format a text that is no file; ``name`` is what diagnostics call it."""
    return _format(Formatter(all_kinds(), aliases=project.allow_aliases), text, name)


def write_file(root: Path, file: FormattedFile) -> None:
    """Put the canonical text in the file's place: a reader sees the old one or the new one whole.

    The file keeps its mode. Raises ConfigsyncError if it can't be written.
    """
    try:
        replace_file(root / file.name, file.after.encode())
    except OSError as error:
        raise ConfigsyncError(f"{file.name} can't be written: {error.strerror}.") from error


def _format(formatter: Formatter, text: str, name: str) -> FormattedFile:
    found = formatter.format(text, name)
    after = text if found.text is None else found.text
    return FormattedFile(name, text, after, found.diagnostics)


def _within(project: Project, base: Path, path: Path) -> str:
    """A path relative to the project's root, with ``/`` between its steps."""
    place = Path(os.path.normpath(base.resolve() / path))
    # The last step stays: a symbolic link is named as such, and not followed.
    place = place.parent.resolve() / place.name
    if not os.path.lexists(place):
        raise UsageError(f"{path} doesn't exist.")
    if not place.is_relative_to(project.root):
        raise UsageError(f"{path} is outside of the project in {project.root}.")
    return place.relative_to(project.root).as_posix()


def _lies_in(name: str, start: str) -> bool:
    return start == "." or name == start or name.startswith(f"{start}/")
