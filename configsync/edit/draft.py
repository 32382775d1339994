"""Files of a project as they would be: edited in memory, checked beside it, written together."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from configsync.compiler.cache import FOLDER
from configsync.core.diagnostic import Diagnostic
from configsync.core.document import Document
from configsync.core.errors import ConfigsyncError, UsageError
from configsync.edit.emit import write_files
from configsync.edit.references import files_referred_to
from configsync.edit.splice import without_documents
from configsync.source.files import read_text, scan
from configsync.source.project import Project
from configsync.source.reader import read


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after; ``old`` is None if it wasn't there, ``new`` if it goes."""

    file: str
    old: str | None
    new: str | None


@dataclass(slots=True)
class Draft:
    """The changed files of a project, by their names relative to its folder.

    Documents in ``dropped`` still stand in ``after``, so that those behind them
    keep their numbers while more is edited; they go with `changes`. ``created``
    has what new files began as.
    """

    project: Project
    before: dict[str, str | None] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, set[int]] = field(default_factory=dict)
    created: dict[str, str] = field(default_factory=dict)

    def text(self, file: str) -> str:
        """A file's text as it would be. Raises ConfigsyncError if it can't be read."""
        return self.after[file] if file in self.after else self.original(file)

    def original(self, file: str) -> str:
        """A file's text as it is, of a new one as it began.

        Raises ConfigsyncError if it can't be read.
        """
        known = self.created.get(file, self.before.get(file))
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

    def is_free(self, file: str) -> bool:
        """Tell whether there is no file of a name, neither now nor in the draft."""
        return file not in self.after and not os.path.lexists(self.project.root / file)

    def create(self, file: str, text: str) -> None:
        """Add a file. Raises UsageError if there is one of its name."""
        if not self.is_free(file):
            raise UsageError(f"{file} exists already, and is not overwritten.")
        self.put(file, text)
        self.created[file] = text

    def drop(self, file: str, document: int) -> None:
        """Take a document, counted from 0, out of a file; with its last one, the file goes."""
        self.put(file, self.text(file))
        self.dropped.setdefault(file, set()).add(document)

    def changes(self) -> list[FileChange]:
        """What differs, in the order of the files' names.

        Raises CannotEdit if a file can't be without the documents that are dropped.
        """
        every = (FileChange(f, self.before[f], self.outcome(f)) for f in sorted(self.after))
        return [change for change in every if change.old != change.new]

    def outcome(self, file: str) -> str | None:
        """A file's text without the documents that are dropped, None if it goes."""
        return without_documents(self.text(file), self.dropped.get(file, ()))

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
        kept = {c.file: c.new for c in changes if c.new is not None}
        gone = [c.file for c in changes if c.new is None]
        write_files(self.project.root, kept, gone, force=True)

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
        changes = self.changes()
        for change in changes:
            roots = read(change.new or "", change.file, aliases=True).roots
            names.update(files_referred_to(roots, change.file))
        schemas = root / self.project.schemas
        # Those of kinds, and a level below those of single documents.
        for file in (*schemas.glob("*"), *schemas.glob("*/*")):
            if file.is_file():
                names.add(f"{self.project.schemas}/{file.relative_to(schemas).as_posix()}")
        with ExitStack() as until:
            try:
                folder = tempfile.TemporaryDirectory(prefix="configsync-")
                shadow = Path(until.enter_context(folder))
                for overlay in overlays:
                    if (root / overlay).is_dir():
                        (shadow / overlay).mkdir(parents=True, exist_ok=True)
                for name in names - {c.file for c in changes}:
                    _copy(root / name, shadow / name)
                for path in self.project.paths:
                    if (root / path).is_dir():
                        (shadow / path).mkdir(parents=True, exist_ok=True)
                for change in changes:
                    if change.new is not None:
                        _write(shadow / change.file, change.new.encode())
                _copy_cache(root, shadow)
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


def _copy_cache(root: Path, shadow: Path) -> None:
    """Give the shadow what is known of files that don't change; without, they are read anew."""
    file = root / FOLDER / "cache.db"
    if file.is_symlink() or file.parent.is_symlink() or not file.is_file():
        return
    (shadow / FOLDER).mkdir()
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=2)) as known,
        closing(sqlite3.connect(shadow / FOLDER / "cache.db")) as copy,
    ):
        known.backup(copy)


def _copy(source: Path, target: Path) -> None:
    """Copy a regular file; what is none, or can't be read, is left out."""
    if source.is_symlink() or not source.is_file():
        return
    try:
        data = source.read_bytes()
    except OSError:
        return
    _write(target, data)
