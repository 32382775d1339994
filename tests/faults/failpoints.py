"""Faults at the n-th thing that a process does to the world: a statement, or a change of a file.

Statements are counted in subclasses of the drivers' connections, changes of
files by Python's audit events, so that all of them count, whoever makes them.
"""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import sys
from functools import partial
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions

FILE_EVENTS = ("os.rename", "os.remove", "os.mkdir", "os.chmod", "os.link", "os.truncate")


class _Point:
    """The fault to come: counts events, and strikes at the chosen one."""

    def __init__(self, at: int, action: str, after: bool, report: str | None, pid: int) -> None:
        self.at, self.action, self.after, self.report, self.pid = at, action, after, report, pid
        self.count = 0

    def begin(self, what: str) -> None:
        self.count += 1
        if self.report:
            with os.fdopen(os.open(self.report, os.O_WRONLY | os.O_APPEND), "w") as file:
                file.write(" ".join(what.split())[:70] + "\n")
        elif self.count == self.at and not self.after:
            self._strike()

    def end(self) -> None:
        if self.count == self.at and self.after and not self.report:
            self._strike()

    def _strike(self) -> None:
        if self.action == "server":
            # What pg_ctl stop -m immediate sends.
            os.kill(self.pid, signal.SIGQUIT)
        else:
            os.kill(os.getpid(), {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}[self.action])


_point: _Point


def arm(
    of: str, at: int = 0, action: str = "kill", after: bool = False, report: str = "", pid: int = 0
) -> None:
    """Have this process strike at an event: ``of`` is ``statement`` or ``file``.

    With ``of`` as ``size``, no file gets longer than ``at`` bytes: a write that
    goes beyond ends the process (``kill``), or fails (``refuse``).

    ``action`` is ``kill`` or ``stop`` for the process itself, ``server`` to have
    the server ``pid`` end at once. With ``report``, the events are written to
    that file instead, a line each.
    """
    global _point
    _point = _Point(at, action, after, report or None, pid)
    if of == "size":
        # The system ends, or refuses, a write that goes beyond.
        handling = signal.SIG_DFL if action == "kill" else signal.SIG_IGN
        signal.signal(signal.SIGXFSZ, handling)
        resource.setrlimit(resource.RLIMIT_FSIZE, (at, at))
    elif of == "statement":
        connect: Any = partial(sqlite3.connect, factory=_SqliteConnection)
        sqlite3.connect = sqlite3.dbapi2.connect = connect
        psycopg2.connect = partial(
            psycopg2.connect, connection_factory=_PgConnection, cursor_factory=_PgCursor
        )
    else:
        sys.addaudithook(_audit)


class _SqliteConnection(sqlite3.Connection):
    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        _point.begin(arguments[0])
        try:
            return super().execute(*arguments)
        finally:
            _point.end()

    def cursor(self, factory: Any = None) -> Any:
        return super().cursor(_SqliteCursor)


class _SqliteCursor(sqlite3.Cursor):
    """What SQLAlchemy, and so a migration, works with."""

    def execute(self, *arguments: Any) -> Any:
        _point.begin(arguments[0])
        try:
            return super().execute(*arguments)
        finally:
            _point.end()


class _PgConnection(psycopg2.extensions.connection):
    def commit(self) -> None:
        _point.begin("COMMIT")
        super().commit()
        _point.end()


class _PgCursor(psycopg2.extensions.cursor):
    def execute(self, *arguments: Any) -> None:
        _point.begin(str(arguments[0]))
        super().execute(*arguments)
        _point.end()


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        path, _, flags = arguments
        written = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
        ours = not isinstance(path, int) and not str(path).startswith("/dev/")
        if ours and isinstance(flags, int) and flags & written and path != _point.report:
            _point.begin(f"open {Path(os.fsdecode(path)).name}")
    elif event in FILE_EVENTS:
        _point.begin(f"{event} {arguments[0]}")
