"""Readers report what they hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import pytest

from configsync.store.database import Transaction
from configsync.store.postgresql import PostgresqlTransaction
from configsync.store.readers import LONGEST, forget, prune, read_readers, report
from configsync.store.sqlite import SqliteTransaction
from configsync.store.url import parse_url
from tests.conftest import Workspace
from tests.profiles import profile

HOUR = 3600.0
DAY = 24 * HOUR


@contextmanager
def own(workspace: Workspace) -> Iterator[Transaction]:
    """An application's own connection, on which each statement is a transaction."""
    url = parse_url(workspace.url or "sqlite:///configsync.db", workspace.root)
    if url.dialect == "sqlite":
        file = sqlite3.connect(url.connect, isolation_level=None, timeout=10)
        with closing(file):
            yield SqliteTransaction(file)
    else:
        with closing(psycopg2.connect(url.connect)) as connection:
            connection.autocommit = True
            yield PostgresqlTransaction(connection)


def say(
    workspace: Workspace,
    revision: int,
    reader: str = "r1",
    lifetime: float = HOUR,
    *,
    name: str = "api",
    host: str = "web-1",
    pid: int = 7,
    degraded: bool = False,
) -> None:
    """Report as an application does; a negative lifetime is a report of the past."""
    with own(workspace) as transaction:
        report(transaction, reader, name, host, pid, revision, degraded, lifetime)


@pytest.fixture
def applied(workspace: Workspace) -> Workspace:
    """One profile, as revision 1."""
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("apply", "--auto-approve")
    return workspace


# Reports


def test_a_report_is_read_back_and_the_next_takes_its_place(applied: Workspace) -> None:
    with own(applied) as transaction:
        before = transaction.now()
        report(transaction, "r1", "api", "web-1", 7, 1, False, HOUR)
        (first,) = read_readers(transaction)
        after = transaction.now()
        report(transaction, "r1", "API", "web-2", 8, 2, True, HOUR)
        (second,) = read_readers(transaction)
    assert (first.id, first.name, first.host, first.pid) == ("r1", "api", "web-1", 7)
    assert (first.revision, first.degraded, first.live) == (1, False, True)
    assert before[:19] <= first.started_at.replace("T", " ")[:19] <= after[:19]
    assert (second.name, second.host, second.pid) == ("API", "web-2", 8)
    assert (second.revision, second.degraded, second.live) == (2, True, True)
    assert second.started_at == first.started_at
    assert first.seen_at <= second.seen_at
    assert first.seen_at.endswith("Z")


def test_a_reader_is_live_as_long_as_it_said(applied: Workspace) -> None:
    lifetimes = {"now": 0.0, "soon": 0.5, "lately": 60 - DAY, "long ago": -60 - DAY}
    for reader, lifetime in lifetimes.items():
        say(applied, 1, reader, lifetime)
    with own(applied) as transaction:
        assert {r.id: r.live for r in read_readers(transaction)} == {
            "now": False,
            "soon": True,
            "lately": False,
        }
        prune(transaction)
    kept = applied.sql("SELECT id FROM config_readers ORDER BY id")
    assert kept == [("lately",), ("now",), ("soon",)]
    say(applied, 1, "lately")
    with own(applied) as transaction:
        assert {r.id for r in read_readers(transaction) if r.live} >= {"lately"}


def test_readers_come_in_order(applied: Workspace) -> None:
    for reader, name, host, pid in (
        ("e", "b", "a", 1),
        ("d", "a", "b", 1),
        ("c", "a", "a", 10),
        ("b", "a", "a", 9),
        ("a", "a", "a", 10),
    ):
        say(applied, 1, reader, name=name, host=host, pid=pid)
    with own(applied) as transaction:
        assert [r.id for r in read_readers(transaction)] == ["b", "a", "c", "d", "e"]


def test_a_reader_that_ends_takes_itself_out(applied: Workspace) -> None:
    say(applied, 1, "r1")
    say(applied, 1, "r2")
    with own(applied) as transaction:
        forget(transaction, "r1")
        forget(transaction, "unknown")
        assert [r.id for r in read_readers(transaction)] == ["r2"]


def test_a_name_is_kept_as_far_as_it_fits(applied: Workspace) -> None:
    say(applied, 1, name="é" * 1000, host="h" * 1000)
    with own(applied) as transaction:
        (reader,) = read_readers(transaction)
    assert (reader.name, reader.host) == ("é" * LONGEST, "h" * LONGEST)


def test_a_report_is_no_change_of_configuration(applied: Workspace) -> None:
    counts = "SELECT count(*), (SELECT count(*) FROM config_history) FROM config_revisions"
    before = applied.sql(counts)
    say(applied, 1)
    say(applied, 2)
    assert applied.sql(counts) == before
    applied.ok("plan", "--detailed-exitcode")
    applied.ok("history", "verify")


def test_readers_and_appliers_do_not_wait_for_each_other(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    with project.database.writing(10):
        say(project, 1)
    project.write("profiles/a.yaml", profile("a", default=True))
    with closing(psycopg2.connect(pg_url)) as holder:
        holder.cursor().execute("LOCK TABLE config_readers")
        project.ok("apply", "--auto-approve", "--lock-timeout", "0.1")


def test_a_backup_carries_no_readers(applied: Workspace) -> None:
    say(applied, 1)
    made = applied.ok("backup", "all.jsonl", "-o", "json").json
    assert "config_readers" not in made["rows"]
    assert "web-1" not in (applied.root / "all.jsonl").read_text()


def test_a_database_that_has_readers_already_takes_a_backup(
    applied: Workspace, request: pytest.FixtureRequest
) -> None:
    applied.ok("backup", "all.jsonl")
    applied.url = request.getfixturevalue("other_pg_url") if applied.url else "sqlite:///other.db"
    applied.database  # noqa: B018 - it creates the file
    say(applied, 0)
    applied.ok("restore", "all.jsonl")
    with own(applied) as transaction:
        assert [r.revision for r in read_readers(transaction)] == [0]
