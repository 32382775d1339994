"""What a compilation depends on, as keys of the cache; made without loading what compiles."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path

import configsync
from configsync.compiler.cache import Cache
from configsync.core.diagnostic import Diagnostic
from configsync.plugins import declared_plugins
from configsync.source.files import read_text, scan, text_digest
from configsync.source.limits import MAX_FILE_BYTES
from configsync.source.project import Project, Target


def fingerprints(
    cache: Cache, project: Project, target: Target, names: Iterable[str]
) -> dict[str, bytes]:
    """A key for each file: of its content, and of all else that its record depends on.

    That is configsync's code, plug-ins, schemas, the target's variables and
    overlay, and the source's id. Files that it refers to are in the record.
    """
    base = cache.key(*_surroundings(project, target))
    root = str(project.root)
    return {name: cache.key(base, name, _content(f"{root}/{name}")) for name in names}


def _surroundings(project: Project, target: Target) -> Iterator[bytes | str]:
    yield configsync.__version__
    yield _code_stamp()
    yield "\n".join(declared_plugins())
    yield project.source
    yield project.schemas
    yield f"aliases={project.allow_aliases}"
    for file in sorted((project.root / project.schemas).glob("*.schema.json")):
        yield file.name
        yield _content(str(file))
    for name, value in sorted(target.vars.items()):
        yield f"{name}={value!r}"
    yield str(target.overlay)
    if target.overlay is not None:
        for name in scan(project.root, (target.overlay,))[0]:
            yield name
            yield _content(f"{project.root}/{name}")


def _content(file: str) -> bytes:
    """A file's bytes; one that can't be read is told apart by its error."""
    try:
        handle = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            return os.read(handle, min(os.fstat(handle).st_size, MAX_FILE_BYTES) + 1)
        finally:
            os.close(handle)
    except OSError as error:
        return b"\0" + str(error.errno).encode()


def _code_stamp() -> str:
    """What tells one state of configsync's own code from another, by names, sizes and times."""
    package = Path(configsync.__file__).parent
    parts = ("core", "source", "kinds", "checks", "checks/rules", "compiler", "schemas")
    stamp = blake2b(digest_size=16)
    for folder in (*(package / part for part in parts), package.parent / "schemas"):
        for file in sorted(folder.glob("*.*")):
            about = file.stat()
            stamp.update(f"{file.name} {about.st_size} {about.st_mtime_ns}\n".encode())
    return stamp.hexdigest()


class Freshness:
    """Tells whether files are what they were, reading each once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.digests: dict[str, str] = {}

    def holds(self, dependencies: Mapping[str, str]) -> bool:
        """Tell whether files have these digests."""
        for name, digest in dependencies.items():
            if name not in self.digests:
                text: str | Diagnostic = read_text(self.root, name)
                self.digests[name] = text_digest(text)
            if self.digests[name] != digest:
                return False
        return True
