"""What whole runs found, kept for runs after which nothing has changed.

Two keys lead to an outcome. One is made of the files' contents: they are read,
and nothing is compiled. The other is made of their states, as the file system
tells them (inode, size, times): they aren't even read.

A state may stand for a content only where no later write could leave it as it
is. Every write sets a file's ctime, which no program can set back; but clocks
of file systems tick, and two writes within a tick look like one. So an outcome
is kept by state only if all files had been at rest for `REST`, longer than a
tick, when the run began: any later write then gives another ctime. What depends
on more than files that can be read (`lasting`) isn't kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from configsync.compiler.cache import OUTCOME, RESOURCES
from configsync.compiler.compiled import CompiledSource
from configsync.compiler.findings import decode_diagnostic, encode_diagnostic, lasting
from configsync.compiler.fingerprint import Fingerprints, Freshness
from configsync.source.files import has_link

REST = 2_000_000_000
"""Nanoseconds; the longest tick of a file system in use is FAT's, of two seconds."""

HAS_STATES = os.name == "posix"
"""Elsewhere, ctime is the time of creation and says nothing of changes."""


@dataclass(frozen=True, slots=True)
class _State:
    """The state of files: a digest, and the latest ctime in nanoseconds."""

    digest: str
    latest: int


class Outcomes:
    """The outcomes for a source's files; to be made before any of these is read."""

    def __init__(self, prints: Fingerprints, root: Path, names: list[str]) -> None:
        self._prints = prints
        self._root = root
        self._names = names
        self._began = prints.cache.now()
        self._state = _state(root, names)

    def by_state(self) -> CompiledSource | None:
        """What a run found, if no file has been touched since."""
        if self._state is None:
            return None
        found, state = self._find(self._state_key(self._state))
        plain: set[str] = set()
        if found is None or any(has_link(self._root, n, plain) for n in found.dependencies):
            return None
        now = _state(self._root, found.dependencies)
        return found if now is not None and now.digest == state else None

    def by_content(self, keys: Mapping[str, bytes]) -> CompiledSource | None:
        """What a run found in files with these keys."""
        found, _ = self._find(self._content_key(keys))
        if found is None or not Freshness(self._root).holds(found.dependencies):
            return None
        return found

    def add_resources(self, found: CompiledSource, keys: Mapping[str, bytes], owner: str) -> bool:
        """Add what files with these keys compile to, to what a run found in them.

        False where that isn't kept for each of them, as they are now.
        """
        from configsync.compiler.records import decode_resources

        if found.layered:
            return False
        spelled = self._prints.cache.get(keys.values(), RESOURCES)
        try:
            for name in self._names:
                data = spelled[keys[name]]
                found.resources += decode_resources(data, owner, found.dependencies)
        except (ValueError, KeyError, TypeError):
            return False
        return True

    def keep(self, keys: Mapping[str, bytes], found: CompiledSource) -> None:
        """Keep what was found in files with these keys, if it lasts."""
        if not lasting(found.diagnostics):
            return
        diagnostics = [encode_diagnostic(d) for d in found.diagnostics]
        content = [found.documents, diagnostics, found.dependencies, found.layered]
        entries = {(self._content_key(keys), OUTCOME): _spell([*content, None])}
        mine, others = self._state, _state(self._root, found.dependencies)
        if mine is not None and others is not None and self._rested(mine, others):
            entries[(self._state_key(mine), OUTCOME)] = _spell([*content, others.digest])
        self._prints.cache.put(entries, len(self._names))

    def _rested(self, *states: _State) -> bool:
        """Tell whether no file had changed for `REST` when the run began."""
        latest = max(state.latest for state in states)
        return self._began is not None and latest < self._began - REST

    def _content_key(self, keys: Mapping[str, bytes]) -> bytes:
        return self._prints.key("outcome", *(keys[name] for name in self._names))

    def _state_key(self, state: _State) -> bytes:
        return self._prints.key("state", state.digest)

    def _find(self, key: bytes) -> tuple[CompiledSource | None, str | None]:
        """What a run found, and the state of the files that its own refer to."""
        data = self._prints.cache.get([key], OUTCOME).get(key)
        if data is None:
            return None, None
        try:
            documents, diagnostics, dependencies, layered, state = json.loads(data)
            found = [decode_diagnostic(d) for d in diagnostics]
        except (ValueError, KeyError, TypeError):
            return None, None
        return CompiledSource(self._names, documents, found, [], dependencies, layered), state


def _spell(content: list[object]) -> bytes:
    return json.dumps(content).encode()


def _state(root: Path, names: Iterable[str]) -> _State | None:
    """The state of files; None where there is none to go by."""
    if not HAS_STATES:
        return None
    lines: list[str] = []
    latest = 0
    try:
        for name in names:
            about = os.lstat(f"{root}/{name}")
            changed = about.st_ctime_ns
            if changed > latest:
                latest = changed
            times = f"{about.st_mtime_ns} {changed}"
            lines.append(f"{name}\0{about.st_ino} {about.st_size} {times}\n")
    except (OSError, ValueError):
        return None
    data = "".join(lines).encode(errors="surrogateescape")
    return _State(blake2b(data, digest_size=16).hexdigest(), latest)
