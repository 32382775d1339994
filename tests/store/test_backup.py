"""Backups: whole, of one moment, unaltered, and into either database."""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Column, Table, create_engine, delete, insert
from sqlalchemy.pool import NullPool

from configsync.store.backup import REPLACED, STAYING
from configsync.store.database import SCHEMA_VERSION
from configsync.store.models import Base
from configsync.store.url import parse_url
from tests.conftest import Workspace, execute
from tests.profiles import profile

FILE = "all.jsonl"


@pytest.fixture
def applied(workspace: Workspace) -> Workspace:
    """Profiles with a past: created, updated, renamed, deleted, and written past configsync."""
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.write("profiles/b.yaml", profile("b/ü", metadata__description="é\u2028\n\t\"\\' 😀"))
    workspace.write("profiles/c.yaml", profile("c"))
    workspace.ok("apply", "--auto-approve")
    workspace.write("profiles/a.yaml", profile("z", default=True, metadata__renamed_from="a"))
    (workspace.root / "profiles/c.yaml").unlink()
    workspace.ok("apply", "--auto-approve")
    workspace.sql("UPDATE config_ai_infra SET llm_temperature = 0.25, llm_max_tokens = 9")
    return workspace


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(applied: Workspace, request: pytest.FixtureRequest) -> str:
    """The URL of a database without any configuration."""
    if request.param == "sqlite":
        return "sqlite:///restored.db"
    url: str = request.getfixturevalue("other_pg_url")
    return url


def rows(path: Path) -> list[bytes]:
    """The lines of a backup without its header, which names the database."""
    return path.read_bytes().splitlines()[1:]


def content(workspace: Workspace, *arguments: str) -> str:
    """The digest of all that a database holds."""
    done = workspace.ok("backup", "again.jsonl", "--force", "-o", "json", *arguments).json
    return str(done["content_digest"])


def test_a_restored_database_is_the_same(applied: Workspace, empty: str) -> None:
    made = applied.ok("backup", FILE, "-o", "json").json
    history = applied.ok("history", "-o", "json").out
    planned = applied.ok("plan", "-o", "json").json
    assert made["revision"] == 3 if applied.url else made["revision"] > 3
    to = ["--database", empty]
    restored = applied.ok("restore", FILE, "-o", "json", *to).json
    same = ("content_digest", "rows", "revision", "database_id", "bytes")
    assert {k: restored[k] for k in same} == {k: made[k] for k in same}
    assert applied.ok("history", "-o", "json", *to).out == history
    again = applied.ok("plan", "-o", "json", *to).json
    assert again["changes"] == planned["changes"]
    assert again["base"]["database_id"] != planned["base"]["database_id"]
    assert content(applied, *to) == made["content_digest"]
    assert rows(applied.root / "again.jsonl")[:-1] == rows(applied.root / FILE)[:-1]
    # It is a database like any other: it applies, counts on, and notices writes past it.
    applied.write("profiles/d.yaml", profile("d"))
    applied.ok("apply", "--auto-approve", *to)
    applied.ok("plan", "--detailed-exitcode", *to)
    assert applied.ok("db", "status", *to).out.endswith(f"Revision  {made['revision'] + 1}\n")


def test_an_id_that_history_knows_is_not_given_again(
    project: Workspace, pg_url: str, other_pg_url: str
) -> None:
    project.url = pg_url
    project.write("profiles/a.yaml", profile("a", default=True))
    project.write("profiles/b.yaml", profile("b"))
    project.ok("apply", "--auto-approve")
    (project.root / "profiles/b.yaml").unlink()
    project.ok("apply", "--auto-approve")
    project.ok("backup", FILE)
    project.ok("restore", FILE, "--database", "sqlite:///between.db")
    project.ok("backup", FILE, "--force", "--database", "sqlite:///between.db")
    project.url = other_pg_url
    project.ok("restore", FILE)
    project.write("profiles/c.yaml", profile("c"))
    project.ok("apply", "--auto-approve")
    assert project.sql("SELECT name, id FROM config_profiles ORDER BY 1") == [("a", 1), ("c", 3)]


def test_external_writes_are_recorded_after_a_restore(
    project: Workspace, pg_url: str, other_pg_url: str
) -> None:
    """A transaction may have the number that one of another server had, which is on record."""
    project.url = pg_url
    project.write("profiles/a.yaml", profile("a", default=True))
    project.ok("apply", "--auto-approve")
    project.sql("UPDATE config_mlflow SET experiment_name = '/past'")
    project.ok("backup", FILE)
    project.url = other_pg_url
    project.ok("restore", FILE)
    project.sql(
        "INSERT INTO config_revisions (revision, source, actor, transaction_id, created_at) "
        "VALUES (3, 'external', 'somebody', txid_current(), '2020-01-01');"
        "UPDATE config_mlflow SET experiment_name = '/present'"
    )
    found = project.sql("SELECT revision FROM config_history ORDER BY id DESC LIMIT 1")
    assert found == [(4,)]


def test_every_column_of_every_table_survives(
    workspace: Workspace, request: pytest.FixtureRequest
) -> None:
    """From one database through the other and back, for tables that are yet to come too."""
    first = workspace.url or "sqlite:///configsync.db"
    second = "sqlite:///other.db" if workspace.url else request.getfixturevalue("pg_url")
    third = request.getfixturevalue("other_pg_url") if workspace.url else "sqlite:///third.db"
    workspace.database  # noqa: B018 - it creates the file
    tables = [t for t in Base.metadata.sorted_tables if t.name not in STAYING]
    engine = create_engine(parse_url(first, workspace.root).sqlalchemy, poolclass=NullPool)
    with engine.begin() as connection:
        if workspace.url:
            connection.exec_driver_sql("SET LOCAL configsync.applying = 'on'")
        else:
            connection.exec_driver_sql("INSERT INTO config_writer (id) VALUES (1)")
        for table in tables:
            if table.name == REPLACED:
                connection.execute(delete(table))
            connection.execute(insert(table), [filled(table, 1), sparse(table, 2)])
        if not workspace.url:
            connection.exec_driver_sql("DELETE FROM config_writer")
    engine.dispose()
    made = workspace.ok("backup", FILE, "-o", "json", "--database", first).json
    assert made["rows"] == {t.name: 2 for t in tables}
    for source, target in ((first, second), (second, third)):
        workspace.ok("backup", FILE, "--force", "--database", source)
        workspace.ok("restore", FILE, "--database", target)
        assert content(workspace, "--database", target) == made["content_digest"]
    assert dump(workspace, third) == dump(workspace, first)


def filled(table: Table, number: int) -> dict[str, Any]:
    """A row with a value in each column."""
    return {c.name: value(c, number) for c in table.columns}


def sparse(table: Table, number: int) -> dict[str, Any]:
    """A row with null wherever it may be."""
    return {c.name: None if c.nullable else value(c, number) for c in table.columns}


CLOSED = {
    "source": "external",
    "value_type": "string",
    "log_source_type": "loki",
    "domain": "profile",
}
"""A value of each column that takes only certain ones."""


def value(column: Column[Any], number: int) -> Any:
    if isinstance(column.type, JSON):
        return {"b": [1, 0.5, None, "\u2028"], "a": {"ü": True}, "empty": {}}
    kind = column.type.python_type
    if column.primary_key or column.foreign_keys:
        return number if kind is int else f"{column.name}/{number}"
    if column.name in CLOSED:
        return CLOSED[column.name]
    return {
        str: f"é😀\u2028{number}"[: getattr(column.type, "length", None)],
        int: 2**31 - number,
        bool: number == 1,
        Decimal: Decimal("0.7"),
        datetime: datetime(2026, 1, 2, 3, 4, 5, 123450 + number, tzinfo=UTC),
    }[kind]


def dump(workspace: Workspace, url: str) -> list[list[tuple[Any, ...]]]:
    """All rows, as the models read them."""
    engine = create_engine(parse_url(url, workspace.root).sqlalchemy, poolclass=NullPool)
    tables = [t for t in Base.metadata.sorted_tables if t.name not in STAYING]
    with engine.connect() as connection:
        found = [
            [tuple(row) for row in connection.execute(t.select().order_by(*t.primary_key))]
            for t in tables
        ]
    engine.dispose()
    return found


def test_every_table_of_the_models_is_in_it(applied: Workspace) -> None:
    applied.ok("backup", FILE)
    header = json.loads((applied.root / FILE).read_bytes().splitlines()[0])
    kept = {"config_database", "config_readers", "config_writer"}
    assert set(header["rows"]) == set(Base.metadata.tables) - kept
    assert header["database_id"] == applied.sql("SELECT database_id FROM config_database")[0][0]


def test_the_same_content_makes_the_same_file(applied: Workspace) -> None:
    applied.ok("backup", "one.jsonl.gz")
    applied.ok("backup", "two.jsonl.gz")
    one, two = (applied.root / f"{name}.jsonl.gz" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    applied.ok("backup", FILE)
    assert gzip.decompress(one.read_bytes()) == (applied.root / FILE).read_bytes()
    # What a file is called when it is read makes no difference.
    one.rename(applied.root / "one.jsonl")
    applied.ok("restore", "one.jsonl", "--database", "sqlite:///restored.db")


def test_only_its_owner_reads_a_backup(applied: Workspace) -> None:
    applied.ok("backup", FILE)
    assert stat.S_IMODE((applied.root / FILE).stat().st_mode) == 0o600


def test_a_file_is_replaced_only_by_force(applied: Workspace) -> None:
    applied.write(FILE, "another's\n")
    refused = applied.run("backup", FILE)
    assert refused.code == 1
    assert "--force" in refused.err
    assert (applied.root / FILE).read_text() == "another's\n"
    applied.ok("backup", FILE, "--force")
    applied.ok("restore", FILE, "--database", "sqlite:///restored.db")


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("nowhere/all.jsonl", "doesn't exist"),
        ("profiles", "is a folder"),
        ("configsync.db", "the database itself"),
        ("/proc/all.jsonl", "can't be written"),
    ],
)
def test_files_that_no_backup_can_have(project: Workspace, file: str, says: str) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    project.ok("apply", "--auto-approve")
    refused = project.run("backup", file, "--force")
    assert refused.code == 1
    assert says in refused.err
    project.ok("plan", "--detailed-exitcode")
    assert list(project.root.glob(".backup-*")) == []


def test_no_database_is_created_to_be_backed_up(project: Workspace) -> None:
    refused = project.run("backup", FILE)
    assert refused.code == 1
    assert "nothing to back up" in refused.err
    assert os.listdir(project.root) == ["profiles"]


def test_a_database_that_is_not_empty_is_left_alone(applied: Workspace) -> None:
    applied.ok("backup", FILE)
    before = content(applied)
    refused = applied.run("restore", FILE)
    assert refused.code == 1
    assert "isn't empty" in refused.err
    assert content(applied) == before


SCHEMA = f'n": "{SCHEMA_VERSION}"'.encode()


def edited(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def edit(text: bytes) -> bytes:
        assert old in text
        return text.replace(old, new, 1)

    return edit


def without_line(number: int) -> Callable[[bytes], bytes]:
    return lambda text: b"".join(
        line for i, line in enumerate(text.splitlines(keepends=True), 1) if i != number
    )


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda text: b"", ":1 is no header"),
        (lambda text: b"\0" * 100, ":1 is no header"),
        (lambda text: b"[]\n" + text, ":1 is no header"),
        (lambda text: b"[" * 100_000, ":1 is no header"),
        (edited(b'_version": 1', b'_version": 2'), ":1 has format_version 2"),
        (edited(SCHEMA, b'n": "0001"'), "db upgrade"),
        (edited(SCHEMA, b'n": "9999"'), "or a newer one"),
        (edited(SCHEMA, b'n": 2'), ":1 lacks"),
        (edited(b'"config_owners": 0', b'"config_owners": "0"'), ":1 lacks"),
        (edited(b'"revision": ', b'"revision": 1'), ":1 and the tables"),
        (edited(b'"config_mlflow": ', b'"config_other": '), "table config_other"),
        (edited(b'"config_mlflow": ', b'"config_mlflow": 1'), ":1 and the tables"),
        (edited(b"{question}", b"{quostion}"), "rows of config_"),
        (edited(b'"llm_max_tokens":9', b'"llm_max_tokens":8'), "rows of config_ai_infra"),
        (edited("😀".encode(), b"\xff\xfe"), "isn't UTF-8"),
        (edited(b'{"table":"config_history"', b'{"tablee":"config_history"'), "no row"),
        (edited(b'{"table":"config_history"', b'{"table":"config_users"'), "no row"),
        (without_line(2), "rows of config_keys"),
        (without_line(9), "the rows of "),
        (lambda text: text[: len(text) // 2], "cut off"),
        (lambda text: text[:-1].rpartition(b"\n")[0], "cut off"),
        (lambda text: text[:-1].rpartition(b"\n")[0] + b"\n", "cut off"),
        (lambda text: text.partition(b"\n")[0] + b"\n", ":1 is the last line"),
        (lambda text: text[:-9], "cut off"),
        (lambda text: text + text, "after the end"),
        (lambda text: gzip.compress(text)[:-900], "no whole gzip file"),
        (lambda text: gzip.compress(text)[:30] + b"\xff" * 300, "gzip"),
    ],
)
def test_an_altered_backup_is_refused(
    project: Workspace, edit: Callable[[bytes], bytes], says: str
) -> None:
    project.write(
        "profiles/a.yaml",
        profile("a", default=True, metadata__description="😀", spec__ai_infra__llm_max_tokens=9),
    )
    project.ok("apply", "--auto-approve")
    project.ok("backup", FILE)
    project.write(FILE, edit((project.root / FILE).read_bytes()))
    refused = project.run("restore", FILE, "--database", "sqlite:///restored.db")
    assert refused.code == 1, refused
    assert says in refused.err
    assert FILE in refused.err
    assert not (project.root / "restored.db").exists()


def test_a_missing_backup(project: Workspace) -> None:
    refused = project.run("restore", FILE)
    assert refused.code == 1
    assert "can't be read" in refused.err


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE config_ai_infra SET llm_temperature = 0.755", ['from "0.755" to "0.76"']),
        ("UPDATE config_ai_infra SET llm_max_tokens = 'many'", ["config_ai_infra", "many"]),
    ],
)
def test_what_sqlite_holds_and_postgresql_cannot(
    project: Workspace, pg_url: str, statement: str, says: list[str]
) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    project.write("profiles/b.yaml", profile("b"))
    project.ok("apply", "--auto-approve")
    project.sql(f"{statement} WHERE id = 2")
    project.ok("backup", FILE)
    project.ok("restore", FILE, "--database", "sqlite:///same.db")
    refused = project.run("restore", FILE, "--database", pg_url)
    assert refused.code == 1
    assert "Nothing was restored" in refused.err
    assert f"{FILE}:" in refused.err
    assert all(part in refused.err for part in says), refused.err
    assert execute(pg_url, "SELECT count(*) FROM config_revisions") == [(0,)]


def test_what_no_backup_can_hold_is_named(project: Workspace) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    project.ok("apply", "--auto-approve")
    project.sql("UPDATE config_profiles SET created_by = x'ff00'")
    refused = project.run("backup", FILE)
    assert refused.code == 1
    assert "The row 1 of config_profiles has bytes as its created_by" in refused.err
    assert not (project.root / FILE).exists()


def test_a_backup_is_of_one_moment(applied: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from configsync.store import backup

    whole = content(applied)
    counted = backup.count_rows

    def then_write(transaction: Any) -> dict[str, int]:
        found = counted(transaction)
        if applied.url:
            applied.sql("UPDATE config_mlflow SET experiment_name = '/meanwhile'")
        else:
            connection = sqlite3.connect(
                applied.root / "configsync.db", timeout=0, isolation_level=None
            )
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                connection.execute("UPDATE config_mlflow SET experiment_name = '/meanwhile'")
            connection.close()
        return found

    monkeypatch.setattr(backup, "count_rows", then_write)
    assert content(applied) == whole


@pytest.mark.skipif(
    not os.path.exists("/proc/self/status"), reason="only Linux tells a process's peak memory"
)
def test_memory_does_not_grow_with_the_database(workspace: Workspace) -> None:
    """60 MB of history, of which each command holds a part at a time."""
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("apply", "--auto-approve")
    small = [peak(workspace, "backup", FILE), peak(workspace, "restore", FILE, *TO)]
    workspace.sql(
        "INSERT INTO config_history "
        "(revision, address, domain, action, changed_by, changes, snapshot) "
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) "
        f"SELECT 1, 'profile/a', 'profile', 'update', 'x', '{{}}', {snapshot(workspace)} FROM n"
    )
    (workspace.root / "restored.db").unlink()
    large = [peak(workspace, "backup", FILE, "--force"), peak(workspace, "restore", FILE, *TO)]
    assert (workspace.root / FILE).stat().st_size > 60_000_000
    assert large[0] - small[0] < 20_000
    assert large[1] - small[1] < 45_000


TO = ("--database", "sqlite:///restored.db")


def snapshot(workspace: Workspace) -> str:
    """An expression for 10 KB of JSON."""
    text = f'{{"text": "{"0123456789" * 1000}"}}'
    return f"CAST('{text}' AS jsonb)" if workspace.url else f"'{text}'"


PEAK = """
import sys
from configsync.cli.main import run

code = run(sys.argv[1:])
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
sys.exit(code or f"peak {status['VmHWM'].split()[0]}")
"""


def peak(workspace: Workspace, *arguments: str) -> int:
    """Run a command in a process of its own; returns its peak memory, in KB.

    Not what ``wait4`` tells, which is the parent's where that has more.
    """
    environment = dict(os.environ)
    if workspace.url is not None:
        environment["CONFIGSYNC_DATABASE"] = workspace.url
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *arguments],
        cwd=workspace.root,
        env=environment,
        capture_output=True,
        text=True,
    )
    word, _, number = done.stderr.strip().partition(" ")
    assert word == "peak", done
    return int(number)
