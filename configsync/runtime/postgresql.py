"""PostgreSQL: polled, and listened to where the server and what is in between let us."""

from __future__ import annotations

import os
import secrets
import selectors
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import psycopg2
from psycopg2.extensions import connection as Driver  # noqa: N812

from configsync.core.errors import DatabaseError
from configsync.runtime.connection import CONNECT_TIMEOUT, READ_TIMEOUT
from configsync.store.connect import connect
from configsync.store.postgresql import CHANNEL, PostgresqlTransaction, bounded, explained
from configsync.store.url import DatabaseUrl

PEEK_TIMEOUT = 3.0
"""Seconds that the answer to a poll may take. What is in between may have forgotten of us without
a word, so that only another connection reaches the server."""

REPORT_TIMEOUT = 5.0
"""Seconds that a report may take: another one comes soon."""

PROBE_TIMEOUT = 2.0
"""Seconds that a notification of our own may take to come back."""


class PostgresqlConnection:
    """Two connections: one reads, the other listens.

    A listening one must stay a session of its own, which a pooler in
    transaction mode doesn't give; so a notification is sent on the one and
    waited for on the other, and only where it arrives are commits expected to.
    """

    def __init__(self, url: DatabaseUrl, name: str) -> None:
        self.url = url
        self._options = {"application_name": name[:63], "connect_timeout": CONNECT_TIMEOUT}
        self._reader = self._connect()
        self._listener: Driver | None = None
        try:
            self.is_standby = self._ask_for_recovery()
        except DatabaseError:
            self.close()
            raise

    @property
    def listening(self) -> bool:
        return self._listener is not None

    def listen(self) -> None:
        if self.is_standby or self._listener is not None:
            return
        if self.url.lakebase is not None:
            return  # It forgets who listens when it scales to zero, and tells nobody of it.
        with suppress(DatabaseError):
            listener = self._connect()
            if self._is_told(listener):
                self._listener = listener
            else:
                _close(listener)

    def deaf(self) -> None:
        if self._listener is not None:
            _close(self._listener)
            self._listener = None

    def sockets(self) -> Sequence[int]:
        listener = self._listener
        if listener is not None:
            with suppress(psycopg2.Error):  # Closed by another thread just now.
                return (listener.fileno(),)
        return ()

    def heard(self) -> bool:
        if self._listener is None:
            return False
        try:
            self._listener.poll()
        except psycopg2.Error:
            self.deaf()
            return True  # What was told may have been lost with it.
        told = any(n.channel == CHANNEL for n in self._listener.notifies)
        self._listener.notifies.clear()
        return told

    def moved(self) -> bool:
        if self.is_standby:
            # It may be promoted, and keeps its connections then.
            self.is_standby = self._ask_for_recovery()
        return True  # Asking for the revision is as cheap as asking for less.

    @contextmanager
    def peek(self) -> Iterator[PostgresqlTransaction]:
        with explained(self.url), bounded(self._reader, PEEK_TIMEOUT):
            yield PostgresqlTransaction(self._reader, bounded=False)

    @contextmanager
    def reading(self) -> Iterator[PostgresqlTransaction]:
        with self.peek() as transaction:
            transaction.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # One bound for all: a timer for each statement would take longer than most of them.
        with explained(self.url), bounded(self._reader, READ_TIMEOUT):
            try:
                yield transaction
            finally:
                if not self._reader.closed:
                    transaction.run("ROLLBACK")

    def close(self) -> None:
        self.deaf()
        _close(self._reader)

    def abandon(self) -> None:
        for driver in (self._reader, self._listener):
            if driver is not None and not driver.closed:
                _detach(driver)
        self._listener = None

    def _is_told(self, listener: Driver) -> bool:
        """Have a connection listen, and tell whether a notification from the other one arrives."""
        channel = f"{CHANNEL}_probe_{secrets.token_hex(8)}"
        try:
            # What is told of commits in between stays until `heard` asks for it.
            with bounded(listener, PEEK_TIMEOUT):
                transaction = PostgresqlTransaction(listener, bounded=False)
                transaction.run(f"LISTEN {CHANNEL}")
                transaction.run(f"LISTEN {channel}")
            with self.peek() as reader:
                reader.rows("SELECT pg_notify(?, '')", channel)
            if _arrives(listener, channel):
                transaction.run(f"UNLISTEN {channel}")
                return True
        except (psycopg2.Error, DatabaseError):
            return False
        return False

    def _ask_for_recovery(self) -> bool:
        with self.peek() as transaction:
            ((standby,),) = transaction.rows("SELECT pg_is_in_recovery()")
        return bool(standby)

    def _connect(self) -> Driver:
        driver = connect(self.url, **self._options)
        driver.autocommit = True
        return driver


class PostgresqlReporting:
    """A connection that writes the row of one reader."""

    def __init__(self, url: DatabaseUrl, name: str) -> None:
        self._url = url
        # A transaction of its own for each report, as a pooler wants it.
        self._driver = connect(
            url,
            application_name=name[:63],
            connect_timeout=CONNECT_TIMEOUT,
            target_session_attrs="read-write",
        )

    @contextmanager
    def writing(self) -> Iterator[PostgresqlTransaction]:
        with explained(self._url), bounded(self._driver, REPORT_TIMEOUT):
            try:
                yield PostgresqlTransaction(self._driver, bounded=False)
                self._driver.commit()
            except BaseException:
                with suppress(psycopg2.Error):
                    self._driver.rollback()
                raise

    def close(self) -> None:
        _close(self._driver)

    def abandon(self) -> None:
        if not self._driver.closed:
            _detach(self._driver)


def _arrives(listener: Driver, channel: str) -> bool:
    """Wait for a notification; those of commits that come before it are left for `heard`."""
    end = time.monotonic() + PROBE_TIMEOUT
    with selectors.DefaultSelector() as selector:
        selector.register(listener.fileno(), selectors.EVENT_READ)
        while (left := end - time.monotonic()) > 0:
            listener.poll()
            if any(n.channel == channel for n in listener.notifies):
                return True
            selector.select(left)
    return False


def _close(driver: Driver) -> None:
    with suppress(psycopg2.Error):
        driver.close()


def _detach(driver: Driver) -> None:
    """Turn the socket of a driver's connection into nothing, so that closing it tells nobody."""
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.dup2(null, driver.fileno(), inheritable=False)
    finally:
        os.close(null)
