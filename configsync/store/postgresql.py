"""PostgreSQL, Lakebase included: transactions, the lock, and what its errors mean."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from os import dup
from threading import Timer
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812

from configsync.core.errors import Contended, DatabaseError, LockTimeout, OutcomeUnknown
from configsync.store.connect import conceal, connect
from configsync.store.database import Dialect, Refusal, require_schema
from configsync.store.url import DatabaseUrl

REPLY_TIMEOUT = 120.0
"""Seconds that a statement may take: what is in between may be alive though the server is not.
A wait for the lock comes on top."""

FROZEN_TIMEOUT = 8.0
"""Seconds for which a client may hold the lock without a word, or without reading (rule 6.7)."""

STREAMED = 100
"""Rows that a stream fetches at once; one of history may hold several prompts."""

CHANNEL = "configsync"
"""Where NOTIFY tells of a new revision."""

_NOT_ABOUT_ROWS = (
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
    psycopg2.errors.ReadOnlySqlTransaction,
)
"""Errors that no change of a statement's rows would mend: the connection, a lock, a standby."""

LOCK_KEY = "hashtextextended('configsync:' || current_schema(), 0)"
"""The advisory lock's key. Such locks are each database's own; the schema is in the key."""


class PostgresqlDialect:
    """PostgreSQL's words."""

    json = "jsonb"

    def recordset(self, columns: Sequence[tuple[str, str]], alias: str) -> str:
        declared = ", ".join(f'"{name}" {type_}' for name, type_ in columns)
        return f"json_to_recordset(?::json) AS {alias}({declared})"

    def lock_rows(self, table: str) -> str:
        return f" FOR UPDATE OF {table}"

    def moment(self, at: datetime) -> str:
        return at.isoformat()

    def has_key(self, column: str, key: str) -> str:
        return f"({column} -> {key}) IS NOT NULL"

    def clock(self, seconds: str) -> str:
        # Not now(), as of when the transaction began.
        return f"(clock_timestamp() + CAST({seconds} AS double precision) * interval '1 second')"

    def timestamp(self, column: str) -> str:
        return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""

    def exact(self, column: str, type_: str) -> str:
        if type_.startswith("TIMESTAMP"):
            return self.timestamp(column)
        return f"CAST({column} AS text)" if type_.startswith(("JSON", "NUMERIC")) else column

    def stored(self, expression: str, type_: str) -> str:
        return f"CAST({expression} AS jsonb)" if type_.startswith("JSON") else expression

    def continue_ids(self, table: str, column: str) -> str:
        return f"SELECT setval(pg_get_serial_sequence('\"{table}\"', '{column}'), ?)"


class PostgresqlTransaction:
    """A transaction on one connection."""

    def __init__(
        self,
        connection: Connection,
        lock_timeout: float = 0,
        *,
        bounded: bool = True,
    ) -> None:
        """Without ``bounded``, the caller sees to it that no statement takes for ever."""
        self.connection = connection
        self.dialect: Dialect = PostgresqlDialect()
        self._timeout = REPLY_TIMEOUT + lock_timeout if bounded else None

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with bounded(self.connection, self._timeout), self.connection.cursor() as cursor:
            cursor.execute(*_prepared(statement, parameters))
            return cursor.fetchall()

    def stream(self, statement: str) -> Iterator[tuple[Any, ...]]:
        with self.connection.cursor("stream") as cursor:
            cursor.itersize = STREAMED
            cursor.execute(statement)
            yield from cursor

    def run(self, statement: str, *parameters: Any) -> int:
        with bounded(self.connection, self._timeout), self.connection.cursor() as cursor:
            cursor.execute(*_prepared(statement, parameters))
            return cursor.rowcount

    def attempt(self, statement: str, *parameters: Any) -> int | Refusal:
        return self._attempt(statement, parameters, keep=True)

    def unmet(self) -> list[Refusal]:
        # Not kept, so that what is deferred stays so. That needs a savepoint of its own: the mode
        # isn't restored if it was set in one within that was released.
        found = self._attempt("SET CONSTRAINTS ALL IMMEDIATE", (), keep=False)
        return [found] if isinstance(found, Refusal) else []

    def _attempt(self, statement: str, parameters: Sequence[Any], keep: bool) -> int | Refusal:
        self.run("SAVEPOINT configsync_attempt")
        done: int | Refusal
        try:
            done = self.run(statement, *parameters)
            if not keep:
                self.run("ROLLBACK TO SAVEPOINT configsync_attempt")
        except _NOT_ABOUT_ROWS:
            raise
        except psycopg2.Error as error:
            self.run("ROLLBACK TO SAVEPOINT configsync_attempt")
            self.remarks()
            done = self._refusal(error)
        self.run("RELEASE SAVEPOINT configsync_attempt")
        return done

    def remarks(self) -> list[str]:
        # libpq's form: "NOTICE:  the message", then lines of detail and context.
        lines = [notice.partition("\n")[0] for notice in self.connection.notices]
        self.connection.notices.clear()
        return [told for line in lines if (told := _one_line(line.partition(":")[2]))]

    def _refusal(self, error: psycopg2.Error) -> Refusal:
        about = error.diag
        table, constraint = about.table_name or "", about.constraint_name
        columns: tuple[str, ...] = (about.column_name,) if about.column_name else ()
        function = re.search(r"PL/pgSQL\W+\w+ ([^\s(]+\()", about.context or "")
        by = f"the trigger function {function[1]})" if function else ""
        if constraint:
            by = f"the constraint {constraint} of {table}"
            columns = columns or self._constrained(about.schema_name, table, constraint)
        # With these, the detail is the whole row, prompts included.
        whole = isinstance(error, psycopg2.errors.CheckViolation | psycopg2.errors.NotNullViolation)
        detail = "" if whole else about.message_detail or ""
        message = _one_line(about.message_primary or str(error))
        hint = _one_line(about.message_hint or "")
        return Refusal(message, _one_line(detail), hint, by, table, columns)

    def _constrained(self, schema: str | None, table: str, constraint: str) -> tuple[str, ...]:
        """The columns that a constraint or unique index is on."""
        rows = self.rows(
            "SELECT a.attname FROM pg_attribute a JOIN ("
            "SELECT conrelid, conname AS name, conkey::int[] AS attributes FROM pg_constraint "
            "UNION SELECT i.indrelid, x.relname, i.indkey::int[] FROM pg_index i "
            "JOIN pg_class x ON x.oid = i.indexrelid) c "
            "ON a.attrelid = c.conrelid AND a.attnum = ANY (c.attributes) "
            "WHERE c.name = ? AND c.conrelid = to_regclass(format('%I.%I', ?::text, ?::text)) "
            "ORDER BY a.attnum",
            *(constraint, schema, table),
        )
        return tuple(str(name) for (name,) in rows)

    def has_table(self, name: str) -> bool:
        return self.rows("SELECT to_regclass(?) IS NOT NULL", name) == [(True,)]

    def columns(self, table: str) -> tuple[str, ...]:
        rows = self.rows(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(?) "
            "AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            table,
        )
        return tuple(str(name) for (name,) in rows)

    def now(self) -> str:
        # Not now(): that is when the transaction began, before it waited for the lock.
        return str(self.rows("SELECT clock_timestamp()::text")[0][0])

    def notify(self, revision: int) -> None:
        self.run("SELECT pg_notify(?, ?)", CHANNEL, str(revision))


class PostgresqlDatabase:
    """A PostgreSQL database, by psycopg2."""

    def __init__(self, url: DatabaseUrl) -> None:
        self.url = url

    @contextmanager
    def reading(self, *, migrated: bool = True) -> Iterator[PostgresqlTransaction]:
        with self._connection() as connection:
            # One moment for all that is read.
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
            transaction = PostgresqlTransaction(connection)
            if migrated:
                require_schema(transaction, self.url)
            yield transaction
            with bounded(connection, REPLY_TIMEOUT):
                connection.rollback()

    @contextmanager
    def writing(
        self, lock_timeout: float, name: str = "configsync", *, keep: bool = True
    ) -> Iterator[PostgresqlTransaction]:
        with self._connection() as connection:
            # Not REPEATABLE READ: its snapshot would be older than the wait for the lock.
            connection.set_session(isolation_level="READ COMMITTED")
            transaction = PostgresqlTransaction(connection, lock_timeout)
            try:
                _begin(transaction, lock_timeout, name)
                require_schema(transaction, self.url)
                yield transaction
            except psycopg2.errors.LockNotAvailable as error:
                with bounded(connection, REPLY_TIMEOUT):
                    connection.rollback()
                raise LockTimeout(
                    f"Another writer holds the lock of {self.url}{_holder(transaction)}. Nothing "
                    "was changed; try again, or wait longer with --lock-timeout."
                ) from error
            if not keep:
                with bounded(connection, REPLY_TIMEOUT):
                    connection.rollback()
                return
            try:
                with bounded(connection, REPLY_TIMEOUT):
                    connection.commit()
            except psycopg2.Error as error:
                if connection.closed:
                    raise OutcomeUnknown(f"The reply of {self.url} to COMMIT was lost.") from error
                raise

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with explained(self.url), closing(connect(self.url)) as connection:
            yield connection


@contextmanager
def explained(url: DatabaseUrl) -> Iterator[None]:
    """Raise the driver's errors as DatabaseError, never naming the password."""
    try:
        yield
    except (
        psycopg2.errors.SerializationFailure,
        psycopg2.errors.DeadlockDetected,
    ) as error:
        conceal(url, error)
        raise Contended(
            f"{url} gave the transaction up for another's: {_reason(error)}. "
            "Nothing was changed; try again."
        ) from error
    except psycopg2.Error as error:
        conceal(url, error)
        raise DatabaseError(_explain(url, error)) from error


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _prepared(statement: str, parameters: Sequence[Any]) -> tuple[str, Sequence[Any] | None]:
    """A statement in psycopg2's spelling; one without parameters is sent as it stands."""
    if not parameters:
        return statement, None
    return statement.replace("%", "%%").replace("?", "%s"), parameters


def _begin(transaction: PostgresqlTransaction, lock_timeout: float, name: str) -> None:
    """Set what holds for this transaction only, as a pooler needs it, and take the lock.

    A client that is stopped, or cut off, while it holds the lock loses it: the
    server ends a transaction that hears nothing of its client, and a connection
    that takes nothing (over TCP; a Unix socket has no such timeout).
    """
    frozen = str(round(FROZEN_TIMEOUT * 1000))
    transaction.rows(
        "SELECT set_config('lock_timeout', ?, true), "
        "set_config('idle_in_transaction_session_timeout', ?, true), "
        "set_config('tcp_user_timeout', ?, true), "
        "set_config('application_name', ?, true), "
        "set_config('configsync.applying', 'on', true)",
        str(max(1, round(lock_timeout * 1000))),
        frozen,
        frozen,
        name,
    )
    transaction.rows(f"SELECT pg_advisory_xact_lock({LOCK_KEY})")


@contextmanager
def bounded(connection: Connection, seconds: float | None) -> Iterator[None]:
    """Cut the connection if what is within takes longer: libpq itself would wait for ever."""
    if seconds is None:
        yield
        return
    timer = Timer(seconds, _cut, [connection.fileno()])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # The descriptor is ours no longer than this block.


def _cut(descriptor: int) -> None:
    with socket.socket(fileno=dup(descriptor)) as end:
        end.shutdown(socket.SHUT_RDWR)


def _holder(transaction: PostgresqlTransaction) -> str:
    """Who holds the lock, or rows of ours without it, as far as pg_stat_activity shows it."""
    rows = transaction.rows(
        "SELECT a.pid, a.usename, a.application_name, "
        "round(extract(epoch FROM clock_timestamp() - a.xact_start))::int "
        "FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
        "WHERE l.granted AND l.pid <> pg_backend_pid() "
        "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        "AND CASE l.locktype "
        f"WHEN 'advisory' THEN ((l.classid::bigint << 32) | l.objid::bigint) = {LOCK_KEY} "
        "WHEN 'relation' THEN l.mode <> 'AccessShareLock' AND l.relation IN "
        "(SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
        "AND relname LIKE 'config\\_%' AND relname <> 'config_readers') END "
        "ORDER BY l.locktype, a.xact_start LIMIT 1"
    )
    if not rows:
        return ""
    pid, user, application, seconds = rows[0]
    named = f", {application}" if application else ""
    since = f", for {seconds} s" if seconds is not None else ""
    return f" (process {pid} of {user}{named}{since})"


def _explain(url: DatabaseUrl, error: psycopg2.Error) -> str:
    reason = _reason(error)
    if isinstance(error, psycopg2.errors.InsufficientPrivilege):
        return f"{url}: {reason}. Use a login of the role that may: see configsync db roles."
    if isinstance(error, psycopg2.errors.ReadOnlySqlTransaction):
        return f"{url} is read-only, a standby perhaps: {reason}. Name the primary."
    if isinstance(error, psycopg2.IntegrityError):
        detail = f" ({error.diag.constraint_name})" if error.diag.constraint_name else ""
        return f"{url} refused the change: {reason}{detail}"
    if isinstance(error, psycopg2.errors.IdleInTransactionSessionTimeout):
        return (
            f"{url} ended the transaction, since configsync stood still for more than "
            f"{FROZEN_TIMEOUT:g} s while others waited. Nothing was changed; try again."
        )
    lost = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
    if lost or error.pgcode is None:
        return f"The connection to {url} failed: {reason}. Nothing was changed."
    return f"{url}: {reason}. Nothing was changed."


def _reason(error: psycopg2.Error) -> str:
    """The server's words, or the first line of libpq's."""
    return (error.diag.message_primary or str(error).partition("\n")[0]).strip().rstrip(".")
