"""The file of a backup: JSON Lines, compressed by gzip if its name says so.

::

    {"format": "configsync-backup", "format_version": 1, …}    what was backed up
    {"table":"config_profiles","row":{…}}                      each row
    {"tables": {"config_profiles": DIGEST, …}, "content_digest": DIGEST, "digest": DIGEST}

The digest of a table is that of its rows' text, the content's that of all
tables: two databases with the same rows have the same, whatever they are. The
last digest is that of the header and the content, and so of the whole file.
"""

from __future__ import annotations

import gzip
import json
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import blake2b
from io import BufferedReader, BufferedWriter
from pathlib import Path
from typing import IO, Any, cast

from configsync.core.errors import UsageError
from configsync.core.values import digest

FORMAT = "configsync-backup"
FORMAT_VERSION = 1

GZIP_MAGIC = b"\x1f\x8b"
COMPRESSION = 6
"""gzip's own default."""

BUFFER = 1024 * 1024
LONGEST_HEADER = 1024 * 1024
"""Bytes. What has no line end by then is no backup, and may be too large to read."""

OTHER_COPY = "Nothing was restored; use another copy."


@dataclass(frozen=True, slots=True)
class Header:
    """What a backup says of itself: who wrote it, of which database, and the rows it holds."""

    configsync: str
    schema_version: str
    database_id: str
    revision: int
    rows: dict[str, int]

    def spell(self) -> str:
        """The header's line."""
        return json.dumps({"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(self)})


class Digests:
    """The digests of tables, taken while their rows go by."""

    def __init__(self) -> None:
        self._tables: dict[str, Any] = {}

    def table(self, name: str) -> None:
        """Begin a table."""
        self._tables[name] = blake2b(digest_size=16)

    def row(self, name: str, text: bytes) -> None:
        """Take in a row of a table that was begun."""
        self._tables[name].update(text + b"\n")

    @property
    def tables(self) -> dict[str, str]:
        return {name: found.hexdigest() for name, found in self._tables.items()}


def write_rows(stream: IO[bytes], header: Header, rows: Mapping[str, Iterator[str]]) -> str:
    """Write a backup of tables with their rows' JSON text; returns its content's digest."""
    first = header.spell()
    stream.write(first.encode() + b"\n")
    digests = Digests()
    for table, texts in rows.items():
        digests.table(table)
        before = _before(table)
        for text in texts:
            row = text.encode()
            digests.row(table, row)
            stream.write(before + row + b"}\n")
    last = _trailer(first, digests.tables)
    stream.write(json.dumps(last).encode() + b"\n")
    return str(last["content_digest"])


class BackupFile:
    """A backup to read. Raises UsageError, with the line, for whatever isn't one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tables: dict[str, str] = {}
        """The digest of each table; known once `rows` was read to its end."""
        with self._stream() as stream:
            self._first = stream.readline(LONGEST_HEADER)
            self.header = self._header(self._first)

    @property
    def content_digest(self) -> str:
        """The digest of all tables; known as `tables` is."""
        return digest(self.tables)

    def rows(self) -> Iterator[tuple[str, int, str]]:
        """Each row's table, line and JSON text, those of a table in a sequence.

        Raises UsageError, at the end at the latest, unless all is as it was written.
        """
        digests = Digests()
        starts: dict[str, int] = {}
        number, line = 1, b""
        with self._stream() as stream:
            unchanged = stream.readline(LONGEST_HEADER) == self._first
            tables = iter(self.header.rows)
            table, before = "", b"\n"
            for number, line in enumerate(stream, 2):
                while not line.startswith(before):
                    table = next(tables, "")
                    if not table:
                        break
                    before = _before(table)
                    digests.table(table)
                    starts[table] = number
                if not table:
                    break
                if not line.endswith(b"}\n"):
                    raise UsageError(f"{self.path}:{number} is cut off. {OTHER_COPY}")
                row = line[len(before) : -2]
                digests.row(table, row)
                try:
                    text = row.decode()
                except UnicodeDecodeError as error:
                    raise UsageError(f"{self.path}:{number} isn't UTF-8. {OTHER_COPY}") from error
                yield table, number, text
            self._require_end(number, line, next(stream, b""))
        if not unchanged:
            raise UsageError(f"{self.path} was changed while it was read. {OTHER_COPY}")
        self._require_digests(number, json.loads(line), digests.tables, starts)
        self.tables = digests.tables

    def _require_end(self, number: int, line: bytes, more: bytes) -> None:
        try:
            ended = {"tables", "content_digest", "digest"} == json.loads(line).keys()
        except (ValueError, AttributeError, RecursionError):
            ended = False
        if ended and more:
            raise UsageError(f"{self.path}:{number + 1} is after the end. {OTHER_COPY}")
        if not ended and more:
            raise UsageError(f"{self.path}:{number} is no row of a backup. {OTHER_COPY}")
        if not ended:
            raise UsageError(
                f"{self.path}:{number} is the last line, and a backup's last line has its "
                f"digests: it was cut off. {OTHER_COPY}"
            )

    def _require_digests(
        self, number: int, last: dict[str, Any], found: dict[str, str], starts: dict[str, int]
    ) -> None:
        if last == _trailer(self._first.decode(errors="replace").removesuffix("\n"), found):
            return
        for table, end in zip(found, [*list(starts.values())[1:], number], strict=True):
            if not isinstance(last["tables"], dict) or last["tables"].get(table) != found[table]:
                raise UsageError(
                    f"{self.path}:{starts[table]}: the rows of {table}, from here to before line "
                    f"{end}, don't have the digest that line {number} gives: they were altered. "
                    f"{OTHER_COPY}"
                )
        raise UsageError(
            f"{self.path}:1 and the tables don't have the digest that line {number} gives: "
            f"one of these lines was altered. {OTHER_COPY}"
        )

    def _header(self, line: bytes) -> Header:
        try:
            given = json.loads(line)
            if given.pop("format") != FORMAT:
                raise ValueError
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
            raise UsageError(
                f"{self.path}:1 is no header of a backup. Name a file that configsync backup wrote."
            ) from error
        version = given.pop("format_version", None)
        if version != FORMAT_VERSION:
            raise UsageError(
                f"{self.path}:1 has format_version {json.dumps(version)}, this configsync reads "
                f"{FORMAT_VERSION}. Use the configsync that wrote it, or a newer one."
            )
        types: dict[str, type] = {"configsync": str, "schema_version": str, "database_id": str}
        types |= {"revision": int, "rows": dict}
        same = {key: type(value) for key, value in given.items()} == types
        if not same or any(type(number) is not int for number in given["rows"].values()):
            raise UsageError(f"{self.path}:1 lacks what a header says. {OTHER_COPY}")
        return Header(**given)

    @contextmanager
    def _stream(self) -> Iterator[IO[bytes]]:
        try:
            with self.path.open("rb") as raw:
                packed = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
                raw.seek(0)
                if not packed:
                    yield raw
                    return
                with gzip.open(raw) as plain:
                    # Lines of a GzipFile itself come through Python, one by one.
                    yield BufferedReader(cast(Any, plain), BUFFER)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise UsageError(f"{self.path} is no whole gzip file: {error}. {OTHER_COPY}") from error
        except OSError as error:
            raise UsageError(f"{self.path} can't be read: {error.strerror or error}.") from error


@contextmanager
def new_file(path: Path, check: Callable[[Path], None]) -> Iterator[IO[bytes]]:
    """A file that is there under its name, whole and on disk, when the block ends; else not.

    ``check`` looks at what was written, and raises if it may not have the name.
    Only the file's owner may read it: prompts may be confidential. Raises
    UsageError if it can't be written.
    """
    aside = ""
    try:
        handle, aside = tempfile.mkstemp(dir=path.parent, prefix=".backup-", suffix=".part")
        with open(handle, "wb") as raw:
            if path.suffix == ".gz":
                # Without name and time: the same content makes the same file.
                with (
                    gzip.GzipFile("", "wb", COMPRESSION, raw, mtime=0) as packed,
                    BufferedWriter(cast(Any, packed), BUFFER) as stream,
                ):
                    yield stream
            else:
                yield raw
            raw.flush()
            os.fsync(raw.fileno())
        check(Path(aside))
        os.replace(aside, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror or error}.") from error
    finally:
        if aside and os.path.exists(aside):
            os.unlink(aside)


def _sync_folder(folder: Path) -> None:
    """Have the new name on disk too, where folders can be opened (not on Windows)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _before(table: str) -> bytes:
    """How each line of a table begins; ``}`` ends it."""
    return f'{{"table":"{table}","row":'.encode()


def _trailer(header: str, tables: dict[str, str]) -> dict[str, Any]:
    content = digest(tables)
    return {
        "tables": tables,
        "content_digest": content,
        "digest": digest([header, content]),
    }
