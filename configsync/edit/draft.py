"""Files of a project as they would be: edited in memory, checked beside it, written together."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from configsync.core.diagnostic import Diagnostic
from configsync.core.document import Document
from configsync.core.errors import ConfigsyncError, UsageError
from configsync.edit.emit import write_files
from configsync.edit.references import files_referred_to
from configsync.source.files import read_text, scan
from configsync.source.project import Project
from configsync.source.reader import read


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after; ``old`` is None if it wasn't there."""

    file: str
    old: str | None
    new: str


@dataclass(slots=True)
class Draft:
    """The changed files of a project, by their names relative to its folder."""

    project: Project
    before: dict[str, str | None] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)

    def text(self, file: str) -> str:
        """A file's text as it would be. Raises ConfigsyncError if it can't be read."""
        return self.after[file] if file in self.after else self.original(file)

    def original(self, file: str) -> str:
        """A file's text as it is. Raises ConfigsyncError if it can't be read."""
        known = self.before.get(file)
        if known is not None:
            return known
        text = read_text(self.project.root, file)
        if isinstance(text, Diagnostic):
            raise ConfigsyncError(f"{text.summary}. {text.help}".rstrip())
        return text

    def put(self, file: str, text: str) -> None:
        """Give a file a new text, whether it exists or not."""
        if file not in self.before:
            exists = os.path.lexists(self.project.root / file)
            self.before[file] = self.original(file) if exists else None
        self.after[file] = text

    def create(self, file: str, text: str) -> None:
        """Add a file. Raises UsageError if there is one of its name."""
        if file in self.after or os.path.lexists(self.project.root / file):
            raise UsageError(f"{file} exists already, and is not overwritten.")
        self.put(file, text)

    def changes(self) -> list[FileChange]:
        """What differs, in the order of the files' names."""
        every = (FileChange(f, self.before[f], self.after[f]) for f in sorted(self.after))
        return [change for change in every if change.old != change.new]

    def write(self) -> None:
        """Write every change, each file by one replacement: all of them, or none.

        Raises ConfigsyncError if a file has changed since it was read, or where
        the disk refuses.
        """
        changes = self.changes()
        for change in changes:
            found = read_text(self.project.root, change.file)
            now = None if isinstance(found, Diagnostic) else found
            if now != change.old:
                raise ConfigsyncError(
                    f"{change.file} was changed meanwhile. Nothing was written; try again."
                )
        write_files(self.project.root, {c.file: c.new for c in changes}, force=True)

    @contextmanager
    def as_it_would_be(self, documents: Iterable[Document]) -> Iterator[Project]:
        """The project with the changes made, in a folder that is gone afterwards.

        It has what compiling a project reads: its YAML files, overlays, schemas,
        and the files that ``documents``, all that it has now, refer to. Raises
        ConfigsyncError where the disk refuses.
        """
        root, overlays = self.project.root, self._overlays()
        names = set(scan(root, (*self.project.paths, *overlays))[0])
        for document in documents:
            names.update(files_referred_to(document.body, document.file))
        for change in self.changes():
            names.update(
                files_referred_to(read(change.new, change.file, aliases=True).roots, change.file)
            )
        schemas = root / self.project.schemas
        if schemas.is_dir():
            names.update(f"{self.project.schemas}/{file.name}" for file in schemas.iterdir())
        with ExitStack() as until:
            try:
                folder = tempfile.TemporaryDirectory(prefix="configsync-")
                shadow = Path(until.enter_context(folder))
                for overlay in overlays:
                    if (root / overlay).is_dir():
                        (shadow / overlay).mkdir(parents=True, exist_ok=True)
                for name in names:
                    _copy(root / name, shadow / name)
                for change in self.changes():
                    _write(shadow / change.file, change.new.encode())
            except OSError as error:
                raise ConfigsyncError(
                    f"A temporary folder can't be written: {error.strerror}. Nothing was changed."
                ) from error
            yield replace(self.project, root=shadow)

    def _overlays(self) -> list[str]:
        return [t.overlay for t in self.project.targets.values() if t.overlay is not None]


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def _copy(source: Path, target: Path) -> None:
    """Copy a regular file; what is none, or can't be read, is left out."""
    if source.is_symlink() or not source.is_file():
        return
    try:
        data = source.read_bytes()
    except OSError:
        return
    _write(target, data)
