"""Backup and restore: all that a database holds, to a file and into an empty database."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from configsync import __version__
from configsync.core.errors import DatabaseError, OutcomeUnknown, UsageError
from configsync.core.values import canonical_json
from configsync.kinds import plugin_types, resource_types
from configsync.render.escape import one_line
from configsync.store import backup as copies
from configsync.store.backup_file import BackupFile, Digests, Header, new_file, write_rows
from configsync.store.database import SCHEMA_VERSION, Transaction, open_database
from configsync.store.read import read_base
from configsync.store.url import DatabaseUrl

Advance = Callable[[int, int], None]
"""Told how many rows of how many are done."""

STEP = 500
"""Rows from one word on the progress to the next."""

SHOWN = 60
"""Characters of a value in a message."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Copied:
    """What was written to a backup, or restored from one.

    ``database_id`` and ``revision`` are those of the database that was backed
    up; ``bytes`` is the file's size, ``rows`` how many each table has.
    """

    file: str
    bytes: int
    database: str
    database_id: str
    revision: int
    rows: dict[str, int]
    content_digest: str

    def as_dict(self) -> dict[str, Any]:
        """The same, for JSON."""
        return asdict(self)


def backup(url: DatabaseUrl, file: Path, *, force: bool, advance: Advance) -> Copied:
    """Write all that a database holds at one moment to a file, and read the file back.

    A file that exists is replaced only with ``force``. Raises UsageError or
    DatabaseError; what was under the file's name is then as it was.
    """
    _require_free(url, file, force)
    if url.dialect == "sqlite" and not os.path.exists(url.connect):
        raise DatabaseError(f"{url} doesn't exist, so there is nothing to back up.")
    told = _Told(advance)
    with (
        new_file(file, lambda written: _check(BackupFile(written), told)) as stream,
        open_database(url, create=False).reading() as transaction,
    ):
        _require_known(transaction, url)
        base = read_base(transaction)
        counts = copies.count_rows(transaction)
        told.total = 2 * sum(counts.values())
        header = Header(__version__, SCHEMA_VERSION, base.database_id, base.revision, counts)
        rows = {
            name: told.each(copies.read_rows(transaction, table))
            for name, table in copies.copied_tables().items()
        }
        content = write_rows(stream, header, rows)
    return _copied(file, url, header, content)


def restore(url: DatabaseUrl, file: Path, *, lock_timeout: float, advance: Advance) -> Copied:
    """Write what a backup holds into an empty database, all or nothing, and read it back.

    The file is checked to its end before the database is touched. The database
    keeps its own identity, since a saved plan is bound to it. Raises UsageError
    if the backup isn't as it was written or doesn't fit this configsync,
    LockTimeout or DatabaseError; then nothing was restored, but for
    OutcomeUnknown, which says that it can't be told.
    """
    source = BackupFile(file)
    _require_fitting(source)
    told = _Told(advance, 3 * sum(source.header.rows.values()))
    _check(source, told)
    place = _Place(file)
    try:
        with open_database(url).writing(lock_timeout) as transaction:
            _require_empty(transaction, url)
            transaction.run(f'DELETE FROM "{copies.REPLACED}"')  # noqa: S608
            _insert(transaction, source, told, place)
            _require_same(transaction, source, told)
            copies.continue_ids(transaction, resource_types())
            transaction.notify(source.header.revision)
    except OutcomeUnknown as lost:
        raise OutcomeUnknown(
            f"{lost} Whether {file} was restored is unknown. Look with configsync db status; "
            "if the database is at revision 0, restore again."
        ) from lost
    except DatabaseError as error:
        raise DatabaseError(f"{place}{error} Nothing was restored.") from error
    return _copied(file, url, source.header, source.content_digest)


class _Told:
    """Counts rows as they go by, and tells of it now and then."""

    def __init__(self, advance: Advance, total: int = 0) -> None:
        self.advance = advance
        self.total = total
        self.done = 0

    def each(self, rows: Iterator[T]) -> Iterator[T]:
        """Pass rows on."""
        for row in rows:
            self.done += 1
            if self.done % STEP == 0:
                self.advance(self.done, self.total)
            yield row


class _Place:
    """Which lines of a file are on their way into the database."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.table = ""
        self.first = self.last = 0

    def __str__(self) -> str:
        if not self.table:
            return ""
        return f"{self.file}:{self.first}, or another line to {self.last}, of {self.table}: "

    def rows(self, lines: Iterator[tuple[str, int, str]]) -> Iterator[str]:
        """The rows of a table's lines, which are on their way once they are asked for."""
        for self.table, self.last, row in lines:
            self.first = self.first or self.last
            yield row

    def arrived(self) -> None:
        """All rows that were asked for are in the database."""
        self.table, self.first = "", 0


def _check(source: BackupFile, told: _Told) -> None:
    """Read a backup to its end. Raises UsageError unless it is as it was written."""
    deque(told.each(source.rows()), maxlen=0)


def _insert(transaction: Transaction, source: BackupFile, told: _Told, place: _Place) -> None:
    for name, lines in groupby(told.each(source.rows()), key=itemgetter(0)):
        table = copies.copied_tables()[name]
        for _ in copies.insert_rows(transaction, table, place.rows(lines)):
            place.arrived()


def _require_same(transaction: Transaction, source: BackupFile, told: _Told) -> None:
    """Raise DatabaseError, with the line, unless the database gives back what the backup holds."""
    digests = Digests()
    for name in source.tables:
        table = copies.copied_tables()[name]
        digests.table(name)
        for row in told.each(copies.read_rows(transaction, table)):
            digests.row(name, row.encode())
        if digests.tables[name] == source.tables[name]:
            continue
        lines = (line for line in source.rows() if line[0] == name)
        for (_, number, row), kept in zip(
            lines, copies.read_rows(transaction, table), strict=False
        ):
            if row != kept:
                raise DatabaseError(
                    f"{source.path}:{number} has values of {name} that the database would alter: "
                    f"{_altered(row, kept)}."
                )
        raise DatabaseError(f"{source.path}: the database doesn't keep each row of {name}.")


def _altered(row: str, kept: str) -> str:
    """The fields that differ between two rows, with the beginnings of their values."""
    old, new = json.loads(row), json.loads(kept)
    return ", ".join(
        f"{name} from {_shown(value)} to {_shown(new.get(name))}"
        for name, value in old.items()
        if canonical_json(value) != canonical_json(new.get(name))
    )


def _shown(value: Any) -> str:
    text = one_line(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _require_free(url: DatabaseUrl, file: Path, force: bool) -> None:
    if file.is_dir():
        raise UsageError(f"{file} is a folder. Name a file in it.")
    if not file.parent.is_dir():
        raise UsageError(f"The folder {file.parent} doesn't exist. Create it, or name another.")
    if not file.exists():
        return
    if url.dialect == "sqlite" and os.path.exists(url.connect) and file.samefile(url.connect):
        raise UsageError(f"{file} is the database itself. Name another file.")
    if not force:
        raise UsageError(f"{file} is there already. Name another file, or use --force.")


def _require_known(transaction: Transaction, url: DatabaseUrl) -> None:
    """Raise DatabaseError if there is what no kind that is installed here can read."""
    domains = transaction.rows("SELECT DISTINCT domain FROM config_resources ORDER BY domain")
    unknown = [domain for (domain,) in domains if domain not in resource_types()]
    if unknown:
        raise DatabaseError(
            f"{url} has resources of {one_line(', '.join(unknown))}, which no kind that is "
            "installed here has, so that their tables would be missing from the backup. Install "
            "the package that adds the kind."
        )


def _require_fitting(source: BackupFile) -> None:
    header = source.header
    writer = f"configsync {one_line(header.configsync)}, which wrote it"
    if header.schema_version > SCHEMA_VERSION:
        raise UsageError(
            f"{source.path}:1 is of schema version {one_line(header.schema_version)}, this "
            f"configsync knows {SCHEMA_VERSION}. Use {writer}, or a newer one."
        )
    if header.schema_version < SCHEMA_VERSION:
        raise UsageError(
            f"{source.path}:1 is of schema version {one_line(header.schema_version)}, this "
            f"configsync has {SCHEMA_VERSION}. Restore it with {writer}, and then run "
            "configsync db upgrade with this one. Nothing was restored."
        )
    tables = [*copies.copied_tables()]
    others = {type_.table for type_ in plugin_types()}
    unknown = [name for name in header.rows if name not in tables]
    if unknown:
        raise UsageError(
            f"{source.path}:1 has the table {one_line(unknown[0])}, which no kind that is "
            "installed here has. Install the package that adds it. Nothing was restored."
        )
    if [*header.rows] != [t for t in tables if t in header.rows or t not in others]:
        raise UsageError(
            f"{source.path}:1 lacks tables that this configsync has. Restore it with "
            f"configsync {header.configsync}, which wrote it. Nothing was restored."
        )


def _require_empty(transaction: Transaction, url: DatabaseUrl) -> None:
    filled = copies.first_filled(transaction)
    if filled is not None:
        raise DatabaseError(
            f"{url} isn't empty: {filled} has rows, and a restore would mix two histories. "
            "Name an empty database."
        )


def _copied(file: Path, url: DatabaseUrl, header: Header, content: str) -> Copied:
    return Copied(
        file=str(file),
        bytes=file.stat().st_size,
        database=str(url),
        database_id=header.database_id,
        revision=header.revision,
        rows=header.rows,
        content_digest=content,
    )
