"""What a compilation depends on, as keys of the cache; made without loading what compiles."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import configsync
from configsync.compiler.cache import Cache
from configsync.core.diagnostic import Diagnostic
from configsync.plugins import declared_plugins
from configsync.source.files import has_link, read_text, scan, text_digest
from configsync.source.project import Project, Target


class Fingerprints:
    """Makes the keys of files: of their content, and of all else that their records depend on.

    That is configsync's code, plug-ins, schemas, the target's variables and
    overlay, and the source's id. Files that a file refers to are in its record.
    """

    def __init__(self, cache: Cache, project: Project, target: Target) -> None:
        self.cache = cache
        self._base = cache.key(*_surroundings(project, target))

    def key(self, *parts: bytes | str) -> bytes:
        """The key for something that depends on the surroundings too."""
        return self.cache.key(self._base, *parts)

    def of_file(self, name: str, content: bytes | Diagnostic) -> bytes:
        """The key of a file with this content, or with what kept it from being read."""
        if isinstance(content, Diagnostic):
            return self.key(name, "unreadable", content.summary)
        return self.key(name, "read", content)


def _surroundings(project: Project, target: Target) -> Iterator[bytes | str]:
    yield configsync.__version__
    yield _code_stamp()
    for installed in declared_plugins():
        # Its time too: what is installed again may be of the same version.
        yield f"{installed} {os.stat(installed).st_mtime_ns}"
    yield project.source
    yield project.schemas
    yield f"aliases={project.allow_aliases}"
    yield f"environment={sorted(project.environment)}"
    folder = project.root / project.schemas
    # Those of kinds, and a level below those of single documents.
    for pattern in ("*.schema.json", "*/*.schema.json"):
        for file in sorted(folder.glob(pattern)):
            yield file.relative_to(folder).as_posix()
            yield _content(file)
    for name, value in sorted(target.vars.items()):
        yield f"{name}={value!r}"
    yield str(target.overlay)
    if target.overlay is not None:
        names, problems = scan(project.root, (target.overlay,))
        for name in names:
            yield name
            yield text_digest(read_text(project.root, name))
        yield from (problem.summary for problem in problems)


def _content(file: Path) -> bytes:
    """A file's bytes; one that can't be read is told apart by its error."""
    try:
        return file.read_bytes()
    except OSError as error:
        return f"\0{error.errno}".encode()


def _code_stamp() -> str:
    """What tells one state of configsync's own code from another, by names, sizes and times."""
    package = Path(configsync.__file__).parent
    parts = ("core", "source", "kinds", "checks", "checks/rules", "compiler", "schemas")
    stamp = blake2b(digest_size=16)
    for folder in (*(package / part for part in parts), package.parent / "schemas"):
        with suppress(FileNotFoundError), os.scandir(folder) as entries:
            files = (entry for entry in entries if "." in entry.name)
            for file in sorted(files, key=lambda entry: entry.name):
                about = file.stat()
                stamp.update(f"{file.name} {about.st_size} {about.st_mtime_ns}\n".encode())
    return stamp.hexdigest()


class Freshness:
    """Tells whether files that documents refer to are what they were, reading each once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.digests: dict[str, str] = {}
        self.plain: set[str] = set()

    def holds(self, dependencies: Mapping[str, str]) -> bool:
        """Tell whether files have these digests, and can still be referred to."""
        for name, digest in dependencies.items():
            if name not in self.digests:
                text: str | Diagnostic = read_text(self.root, name)
                linked = has_link(self.root, name, self.plain)
                self.digests[name] = "" if linked else text_digest(text)
            if self.digests[name] != digest:
                return False
        return True
