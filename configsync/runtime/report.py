"""Says to the database what revision an application holds, in the table ``config_readers``."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from uuid import uuid4

from configsync.core.errors import DatabaseError
from configsync.runtime.chores import HEARTBEAT
from configsync.runtime.connection import Reporting, open_reporting
from configsync.store.readers import forget, prune, report
from configsync.store.url import DatabaseUrl

LIFETIME = 3.5 * HEARTBEAT
"""Seconds for which a report holds: three may get lost."""


class Reporter:
    """One process's row. Of several servers, the one that takes writes is told."""

    def __init__(self, urls: Sequence[DatabaseUrl], name: str) -> None:
        self._urls = urls
        self._name = name
        self._connection: Reporting | None = None
        self.renew()

    def renew(self) -> None:
        """Be another process: in a forked child."""
        self._id = str(uuid4())
        if self._connection is not None:
            self._connection.abandon()
        self._connection = None

    def report(self, revision: int, *, degraded: bool) -> None:
        """Say what is held. Raises DatabaseError."""
        about = (self._id, self._name, socket.gethostname(), os.getpid(), revision, degraded)
        began = self._connection is None
        connection = self._connected()
        try:
            with connection.writing() as transaction:
                if began:
                    prune(transaction)
                report(transaction, *about, LIFETIME)
        except DatabaseError:
            self._drop()
            raise

    def close(self) -> None:
        """Leave the list at once, if the database can be told."""
        if self._connection is not None:
            try:
                with self._connection.writing() as transaction:
                    forget(transaction, self._id)
            except DatabaseError:
                pass  # The row expires.
            self._drop()

    def _connected(self) -> Reporting:
        error: DatabaseError | None = None
        for url in self._urls:
            if self._connection is None:
                try:
                    self._connection = open_reporting(url, self._name)
                except DatabaseError as failure:
                    error = error or failure
        if self._connection is None:
            assert error is not None
            raise error
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
