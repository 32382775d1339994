"""The cache file: the last good revision, for a start without the database.

Lines of JSON: a head, one line a root, and a digest of all before it. It holds
configuration in the clear, so only its user may read it, and one that others
may write isn't believed.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

from configsync import __version__
from configsync.core.resource import ResourceType
from configsync.core.values import canonical_json
from configsync.kinds import resource_types
from configsync.runtime.content import (
    Cells,
    Content,
    Key,
    Mark,
    Root,
    Table,
    empty_tables,
    is_default,
    key_of,
)
from configsync.runtime.log import LOGGER
from configsync.runtime.model import Origin, Source
from configsync.store.read import canonical
from configsync.store.url import DatabaseUrl

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """What a cache file has; ``age`` is how many seconds ago it was written."""

    content: Content
    age: float


class _Unfit(Exception):
    """Why a file isn't taken."""


class CacheFile:
    """A file with one revision of the database that some URLs name."""

    def __init__(self, path: Path, urls: Sequence[DatabaseUrl]) -> None:
        self.path = path
        # Of the URLs without passwords, which change: another database's values aren't taken.
        self._of = blake2b(canonical_json([str(u) for u in urls]).encode()).hexdigest()[:32]

    def write(self, content: Content) -> None:
        """Put a content in the file's place, whole or not at all. Raises OSError."""
        new = self.path.with_name(f".{self.path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)
        try:
            with os.fdopen(os.open(new, flags, 0o600), "wb") as out:
                _write(out, self._head(content), content)
                out.flush()
                os.fsync(out.fileno())
            os.replace(new, self.path)
        except BaseException:
            with suppress(OSError):
                os.unlink(new)
            raise

    def read(self) -> Kept | None:
        """What the file has, or None if it can't be used: the log then says why."""
        # Without waiting for who writes into a pipe of that name.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            descriptor = os.open(self.path, flags)
            try:
                _require_safe(os.fstat(descriptor))
                with os.fdopen(descriptor, "rb", closefd=False) as file:
                    return self._read(file)
            finally:
                os.close(descriptor)
        except FileNotFoundError:
            return None
        except (OSError, _Unfit) as error:
            LOGGER.warning("cache file %s is not used: %s", self.path, error)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            LOGGER.warning("cache file %s is not used: it is no cache file (%r)", self.path, error)
        return None

    def _head(self, content: Content) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "configsync": __version__,
            "of": self._of,
            "database_id": content.mark.database_id,
            "revision": content.mark.revision,
            "seal": content.mark.seal,
            "saved_at": time.time(),
            "columns": _columns(),
            "whole": sorted(domain for domain, t in content.tables.items() if t.whole),
            "defaults": content.defaults,
        }

    def _read(self, file: BinaryIO) -> Kept:
        digest = blake2b(digest_size=16)
        lines: list[Any] = []
        before = b""
        for line in file:
            if before:
                digest.update(before)
                lines.append(_parse(before))
            before = line
        if not lines or _parse(before) != {"digest": digest.hexdigest()}:
            raise _Unfit("it is cut off or damaged")
        head, *roots = lines
        if head.get("format") != FORMAT:
            raise _Unfit("another version of configsync wrote it")
        if head.get("of") != self._of:
            raise _Unfit("it is of another database")
        columns = _columns()
        if any(columns.get(domain, names) != names for domain, names in head["columns"].items()):
            raise _Unfit("another version of configsync wrote it")
        return Kept(_content(head, roots), max(0.0, time.time() - head["saved_at"]))


def _write(out: BinaryIO, head: dict[str, Any], content: Content) -> None:
    digest = blake2b(digest_size=16)
    # A line at a time, so that readers in other threads get their turn.
    for value in (head, *_roots(content)):
        line = json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        digest.update(line)
        out.write(line)
    out.write(json.dumps({"digest": digest.hexdigest()}).encode())


def _roots(content: Content) -> Iterator[list[Any]]:
    for domain, table in content.tables.items():
        for root in list(table.roots.values()):
            if root is not None:
                parts = {
                    part.domain: [_plain(part, cells) for cells in root.parts[part.domain]]
                    for part in table.parts
                    if part.domain in root.parts
                }
                yield [domain, _plain(table.type, root.cells), parts]


def _plain(type_: ResourceType, cells: Cells) -> list[Any]:
    return [canonical(c, cell) for c, cell in zip(type_.columns, cells, strict=True)]


def _content(head: dict[str, Any], lines: list[Any]) -> Content:
    tables = empty_tables(resource_types().values(), whole=False)
    mark = Mark(head["database_id"], head["revision"], head["seal"])
    origin = Origin(Source.CACHE, mark.revision)
    for domain, cells, parts in lines:
        table = tables.get(domain)
        if table is None:
            continue  # Of a kind that is no longer installed.
        root = Root(tuple(cells), origin)
        for part in table.parts:
            if part.domain in parts:
                root.parts[part.domain] = [tuple(c) for c in parts[part.domain]]
        table.roots[key_of(table.type, root.cells)] = root
    for domain in head["whole"]:
        if domain in tables:
            tables[domain].whole = True
    return Content(mark, Source.CACHE, tables, _defaults(tables, head["defaults"]))


def _defaults(tables: dict[str, Table], told: dict[str, Any]) -> dict[str, Key | None]:
    found: dict[str, Key | None] = {}
    for domain, table in tables.items():
        if table.type.default is not None:
            known = (key for key, root in table.roots.items() if is_default(table.type, root))
            found[domain] = next(known, told.get(domain))
    return found


def _columns() -> dict[str, list[str]]:
    """The columns of each type, as the cells are in their order."""
    return {type_.domain: list(type_.names) for type_ in resource_types().values()}


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise _Unfit("it is cut off or damaged") from None


def _require_safe(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise _Unfit("it is no regular file")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _Unfit("others may write it: chmod 600")
    if hasattr(os, "geteuid") and found.st_uid not in (os.geteuid(), 0):
        raise _Unfit("it belongs to another user")
