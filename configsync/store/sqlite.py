"""SQLite: the embedded database."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

from configsync.core.errors import DatabaseError, LockTimeout
from configsync.store.database import Dialect, Refusal, require_schema
from configsync.store.url import DatabaseUrl

MINIMUM_VERSION = (3, 33, 0)
"""UPDATE … FROM, https://www.sqlite.org/lang_update.html#upfrom."""

READ_TIMEOUT = 10.0
"""Seconds that a reader waits while a writer commits."""


class SqliteDialect:
    """SQLite's words."""

    json = "json"

    def recordset(self, columns: Sequence[tuple[str, str]], alias: str) -> str:
        taken = ", ".join(f"json_extract(value, '$.{name}') AS \"{name}\"" for name, _ in columns)
        return f"(SELECT {taken} FROM json_each(?)) AS {alias}"

    def lock_rows(self, table: str) -> str:
        return ""  # BEGIN IMMEDIATE has locked the whole file.

    def clock(self, seconds: str) -> str:
        return f"strftime('%Y-%m-%d %H:%M:%f', 'now', printf('%+f seconds', {seconds}))"

    def timestamp(self, column: str) -> str:
        # Not strftime, which rounds to milliseconds: a row from PostgreSQL has microseconds.
        whole = f"replace(substr({column}, 1, 19), ' ', 'T')"
        exact = f"{whole} || '.' || substr(substr({column}, 21) || '000000', 1, 6) || 'Z'"
        # What is no time, as a hand may have written it, is shown as it is.
        shape = "GLOB '????-??-?? ??:??:??*'"
        return f"CASE WHEN {column} {shape} THEN {exact} ELSE CAST({column} AS text) END"

    def moment(self, at: datetime) -> str:
        # Times are compared as texts: without trailing zeros it is the first of its moment.
        text = at.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
        return text.rstrip("0") if "." in text else text

    def has_key(self, column: str, key: str) -> str:
        return f"json_type({column}, '$.' || {key}) IS NOT NULL"

    def exact(self, column: str, type_: str) -> str:
        return column

    def stored(self, expression: str, type_: str) -> str:
        if not type_.startswith("TIMESTAMP"):
            return expression
        digits = f"CASE WHEN {expression} GLOB '*000Z' THEN 23 ELSE 26 END"
        return (
            f"CASE WHEN {expression} GLOB '????-??-??T??:??:??.??????Z' "
            f"THEN replace(substr({expression}, 1, {digits}), 'T', ' ') ELSE {expression} END"
        )

    def continue_ids(self, table: str, column: str) -> str:
        return ""


class SqliteTransaction:
    """A transaction on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.dialect: Dialect = SqliteDialect()

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(statement, parameters).fetchall()

    def stream(self, statement: str) -> Iterator[tuple[Any, ...]]:
        return self.connection.execute(statement)

    def run(self, statement: str, *parameters: Any) -> int:
        return self.connection.execute(statement, parameters).rowcount

    def attempt(self, statement: str, *parameters: Any) -> int | Refusal:
        self.run("SAVEPOINT configsync_attempt")
        done: int | Refusal
        try:
            done = self.run(statement, *parameters)
        except sqlite3.Error as error:
            refused = isinstance(error, sqlite3.IntegrityError)
            # A trigger's RAISE(ROLLBACK) has ended the transaction: nothing may follow it.
            if not self.connection.in_transaction or not (refused or _is_statement_error(error)):
                raise
            self.run("ROLLBACK TO configsync_attempt")
            done = _refusal(error)
        self.run("RELEASE configsync_attempt")
        return done

    def unmet(self) -> list[Refusal]:
        # The history's reference is configsync's own, and its table may be large.
        query = (
            'SELECT c."table", c."rowid", c."parent" '
            "FROM sqlite_master m JOIN pragma_foreign_key_check(m.name) c "
            "WHERE m.type = 'table' AND m.name <> 'config_history'"
        )
        return [
            Refusal(
                f"a row of {table} would refer to a row of {parent} that is gone",
                by=f"the foreign key of {table}" + ("" if row is None else f", row {row}"),
            )
            for table, row, parent in self.rows(query)
        ]

    def remarks(self) -> list[str]:
        return []  # SQLite has none.

    def has_table(self, name: str) -> bool:
        query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        return bool(self.rows(query, name))

    def columns(self, table: str) -> tuple[str, ...]:
        rows = self.rows("SELECT name FROM pragma_table_info(?)", table)
        return tuple(str(name) for (name,) in rows)

    def now(self) -> str:
        return str(self.rows("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")[0][0])

    def notify(self, revision: int) -> None:
        """Readers of SQLite poll ``PRAGMA data_version``."""


class SqliteDatabase:
    """A SQLite file."""

    def __init__(self, url: DatabaseUrl) -> None:
        self.url = url

    @classmethod
    def create(cls, url: DatabaseUrl) -> SqliteDatabase:
        """Open a file; one that is missing or empty gets configsync's tables."""
        if sqlite3.sqlite_version_info < MINIMUM_VERSION:
            needed = ".".join(map(str, MINIMUM_VERSION))
            raise DatabaseError(
                f"Python here has SQLite {sqlite3.sqlite_version}, configsync needs {needed}."
            )
        folder = os.path.dirname(url.connect)
        if not os.path.isdir(folder):
            raise DatabaseError(f"{url} can't be created: the folder {folder} doesn't exist.")
        if not os.path.exists(url.connect) or os.path.getsize(url.connect) == 0:
            from configsync.store.migrate import upgrade

            upgrade(url)
        return cls(url)

    @contextmanager
    def reading(self, *, migrated: bool = True) -> Iterator[SqliteTransaction]:
        with self._connection(READ_TIMEOUT) as connection:
            connection.execute("BEGIN")
            transaction = SqliteTransaction(connection)
            if migrated:
                require_schema(transaction, self.url)
            yield transaction
            connection.execute("ROLLBACK")

    @contextmanager
    def writing(
        self, lock_timeout: float, name: str = "configsync", *, keep: bool = True
    ) -> Iterator[SqliteTransaction]:
        """A write transaction; ``name`` is not told to others, as a file has no place for it.

        SQLite waits by itself for as long as it is given, so its BUSY is final:
        at BEGIN another writes, at COMMIT another still reads.
        """
        with self._connection(lock_timeout) as connection:
            try:
                # A deferred transaction's upgrade to a writer would ignore the timeout.
                connection.execute("BEGIN IMMEDIATE")
                transaction = SqliteTransaction(connection)
                require_schema(transaction, self.url)
                # A revision is inserted after its history, which its digest covers.
                connection.execute("PRAGMA defer_foreign_keys = ON")
                connection.execute("INSERT INTO config_writer (id) VALUES (1)")
                yield transaction
                if not keep:
                    connection.execute("ROLLBACK")
                    return
                connection.execute("DELETE FROM config_writer")
                connection.execute("COMMIT")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                raise LockTimeout(
                    f"Another process holds the lock of {self.url}{_holder(self.url.connect)}. "
                    "Nothing was changed; try again, or wait longer with --lock-timeout."
                ) from error

    @contextmanager
    def _connection(self, timeout: float) -> Iterator[sqlite3.Connection]:
        with explained(self.url):
            connection = sqlite3.connect(self.url.connect, timeout=timeout, isolation_level=None)
            with closing(connection):
                connection.execute("PRAGMA foreign_keys = ON")
                prepare(connection)
                yield connection


def prepare(connection: sqlite3.Connection) -> None:
    """Have LIKE work as on PostgreSQL: addresses differ by case."""
    connection.execute("PRAGMA case_sensitive_like = ON")


@contextmanager
def explained(url: DatabaseUrl) -> Iterator[None]:
    """Raise the driver's errors as DatabaseError."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise DatabaseError(f"{url} refused the change: {error}") from error
    except sqlite3.Error as error:
        raise DatabaseError(_explain(url, error)) from error


def _holder(file: str) -> str:
    """Which process holds a lock of the file, where Linux tells; one that writes before others."""
    try:
        inodes = {os.stat(f).st_ino for f in (file, f"{file}-shm") if os.path.exists(f)}
        with open("/proc/locks", encoding="ascii") as listing:
            locks = [line.split() for line in listing]
    except OSError:
        return ""
    # Not by opening the file, whose closing would drop this process's own locks:
    # https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
    held = [
        (mode != "WRITE", pid)
        for _, kind, _, mode, pid, place, *_ in locks
        if kind == "POSIX" and int(place.rpartition(":")[2]) in inodes and int(pid) > 0
    ]
    return f" (process {min(held)[1]})" if held else ""


def _is_statement_error(error: sqlite3.Error) -> bool:
    """Whether the statement or a trigger is at fault, and not the file, a lock or the memory."""
    return error.sqlite_errorcode == sqlite3.SQLITE_ERROR


def _refusal(error: sqlite3.Error) -> Refusal:
    """What SQLite says; ``UNIQUE constraint failed: config_mlflow.id`` names columns."""
    message = " ".join(str(error).split())
    named = re.findall(r"(?:failed: |, )(\w+)\.(\w+)", message)
    return Refusal(message, table=named[0][0] if named else "", columns=tuple(c for _, c in named))


def _explain(url: DatabaseUrl, error: sqlite3.Error) -> str:
    text = str(error)
    if "readonly" in text:
        return f"{url} is not writable. Make the file and its folder writable to you."
    if "unable to open" in text:
        return f"{url} can't be opened. Check that the file and its folder are yours to read."
    if "not a database" in text or "malformed" in text:
        return f"{url} is not a SQLite database, or is damaged. Name another file."
    if "locked" in text:
        return f"{url} is locked by another process. Try again when it has finished."
    return f"{url}: {text}"
