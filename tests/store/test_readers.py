"""Readers report what they hold, and operators see it and wait for it."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Timer

import psycopg2
import pytest

from configsync.store.database import Transaction
from configsync.store.postgresql import PostgresqlTransaction
from configsync.store.readers import LONGEST, forget, prune, read_readers, report
from configsync.store.sqlite import SqliteTransaction
from configsync.store.url import parse_url
from configsync.usecases.fleet import await_readers
from tests.conftest import Workspace
from tests.profiles import profile

HOUR = 3600.0
DAY = 24 * HOUR

INTERRUPTIBLE = (
    "import signal, sys; from configsync.cli.main import run; "
    "signal.signal(signal.SIGINT, signal.default_int_handler); sys.exit(run(sys.argv[1:]))"
)
"""configsync, even where whoever runs the tests has it ignore SIGINT, as a shell's ``&`` does."""


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


@contextmanager
def later(seconds: float, workspace: Workspace, revision: int, reader: str) -> Iterator[None]:
    """Have a reader report after some seconds."""
    timer = Timer(seconds, say, (workspace, revision, reader))
    timer.start()
    try:
        yield
    finally:
        timer.join()


@pytest.fixture
def applied(workspace: Workspace) -> Workspace:
    """One profile, as revision 1."""
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("apply", "--auto-approve")
    return workspace


def change(workspace: Workspace) -> None:
    """Have git ask for something else, which an apply makes revision 2."""
    workspace.write("profiles/a.yaml", profile("a", default=True, spec__ai_infra__llm_max_tokens=5))


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
    with own(project) as transaction:
        assert [r.revision for r in read_readers(transaction)] == [1]
    assert project.sql("SELECT name FROM config_profiles") == [("a",)]


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


# Status


def test_status_counts_the_fleet(applied: Workspace) -> None:
    applied.ok("status", "--detailed-exitcode")
    change(applied)
    applied.ok("apply", "--auto-approve", "--actor", "alice")
    say(applied, 2, "r1")
    say(applied, 0, "gone", -1)
    assert applied.run("status", "--detailed-exitcode").code == 0
    say(applied, 1, "r2", degraded=True)
    assert applied.run("status").code == 0
    found = applied.run("status", "--detailed-exitcode", "-o", "json")
    assert found.code == 2
    assert found.json["revision"] == 2
    assert found.json["summary"] == {"live": 2, "current": 1, "behind": 1, "expired": 1}
    assert {r["id"]: (r["behind"], r["live"], r["degraded"]) for r in found.json["readers"]} == {
        "r1": (0, True, False),
        "r2": (1, True, True),
        "gone": (2, False, False),
    }
    newest = found.json["database"]["newest"]
    assert (newest["user"], newest["source"], newest["revision"]) == ("alice", "apply", 2)
    assert "2 readers: 1 holds revision 2, 1 is behind. 1 expired" in applied.ok("status").out


def test_status_says_who_wrote_past_configsync(applied: Workspace) -> None:
    applied.sql("UPDATE config_ai_infra SET llm_max_tokens = 7")
    newest = applied.ok("status", "-o", "json").json["database"]["newest"]
    assert (newest["source"], newest["commit"]) == ("external", None)


def test_status_creates_nothing(project: Workspace) -> None:
    refused = project.run("status")
    assert refused.code == 1
    assert "configsync apply" in refused.err
    assert not (project.root / "configsync.db").exists()


@pytest.mark.parametrize(
    "row",
    [
        "'x', '\x1b[2J', '::error::owned', 'many', 'none', 'yes', 'then', 'then', 'when'",
        "'x', x'61', 'h', 1.5, 2, 0, 1, '2026-01-01 00:00:00', '9999-01-01 00:00:00'",
    ],
)
def test_what_sqlite_keeps_of_a_hand_is_shown(project: Workspace, row: str) -> None:
    project.database  # noqa: B018 - it creates the file
    project.sql(f"INSERT INTO config_readers VALUES ({row})")
    assert "\x1b" not in project.ok("status").out
    assert "\n::" not in project.ok("status").out
    assert len(project.ok("status", "-o", "json").json["readers"]) == 1


def test_times_without_end_are_shown(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    project.sql(
        "INSERT INTO config_readers VALUES "
        "('x', 'api', 'web-1', 1, 0, false, '-infinity', 'infinity', 'infinity')"
    )
    assert "api" in project.ok("status").out
    assert project.ok("status", "-o", "json").json["summary"]["live"] == 1


# Waiting


def test_apply_waits_for_a_reader_that_is_late(applied: Workspace) -> None:
    change(applied)
    say(applied, 2, "r1")
    say(applied, 1, "r2")
    with later(0.7, applied, 2, "r2"):
        done = applied.ok("apply", "--auto-approve", "--wait", "30", "-o", "json")
    assert done.err.startswith("All 2 live readers hold revision 2, after ")
    assert done.json["readers"] == {"live": 2, "current": 2, "stragglers": []}
    assert done.json["revision"] == 2


def test_apply_names_the_stragglers_and_is_applied(applied: Workspace) -> None:
    change(applied)
    say(applied, 2, "r1")
    say(applied, 1, "r2", name="work\ner", host="web-2", pid=8, degraded=True)
    late = applied.run("apply", "--auto-approve", "--wait", "0.2")
    assert late.code == 1
    assert "Applied as revision 2." in late.out
    assert late.err.startswith("Error: Revision 2 is applied, but after ")
    assert "1 of 2 live readers still holds an older one:\n" in late.err
    assert "  work␊er (web-2, process 8) holds revision 1, degraded\n" in late.err
    # What is applied already is waited for too; 0 looks once.
    late = applied.run("apply", "--auto-approve", "--wait", "0", "-o", "json")
    assert (late.code, late.json["revision"], late.json["summary"]["update"]) == (1, 2, 0)
    readers = late.json["readers"]
    (straggler,) = readers.pop("stragglers")
    assert readers == {"live": 2, "current": 1}
    assert (straggler["id"], straggler["revision"], straggler["behind"]) == ("r2", 1, 1)
    assert straggler["name"] == "work\ner"


def test_a_reader_that_expires_meanwhile_no_longer_counts(applied: Workspace) -> None:
    change(applied)
    say(applied, 1, "long gone", -5, name="elsewhere")
    say(applied, 2, "r1")
    say(applied, 1, "r2", 3, name="worker")
    done = applied.ok("apply", "--auto-approve", "--wait", "30")
    assert "worker (web-1, process 7) expired meanwhile at revision 1" in done.err
    assert "The only live reader holds revision 2, after " in done.err
    assert "elsewhere" not in done.err


def test_without_live_readers_there_is_nothing_to_wait_for(applied: Workspace) -> None:
    say(applied, 1, lifetime=-5)
    done = applied.ok("apply", "--auto-approve", "--wait", "30", "-o", "json")
    assert done.err == "No reader is live, so there is none to wait for.\n"
    assert done.json["readers"] == {"live": 0, "current": 0, "stragglers": []}


def test_a_look_that_fails_meanwhile_is_not_the_end(applied: Workspace) -> None:
    say(applied, 1)
    away = Timer(0.3, applied.sql, ["ALTER TABLE config_readers RENAME TO away"])
    back = Timer(1.2, applied.sql, ["ALTER TABLE away RENAME TO config_readers"])
    away.start()
    back.start()
    with later(1.8, applied, 2, "r1"):
        waited = await_readers(applied.database, 2, 30)
    assert waited.seconds > 1.2
    assert [r.revision for r in waited.fleet.live] == [2]


def test_what_is_applied_is_said_where_the_readers_cannot_be_asked(applied: Workspace) -> None:
    change(applied)
    applied.sql("DROP TABLE config_readers")
    failed = applied.run("apply", "--auto-approve", "--wait", "30", "-o", "json")
    assert failed.code == 1
    assert "Error: Revision 2 is applied, but its readers can't be asked: " in failed.err
    assert "Nothing was changed" not in failed.err
    assert (failed.json["revision"], "readers" in failed.json) == (2, False)


def test_a_wait_that_is_interrupted_says_what_is_applied(project: Workspace) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    project.database  # noqa: B018 - it creates the file
    say(project, 0)
    command = [sys.executable, "-c", INTERRUPTIBLE, "apply", "--auto-approve", "--wait", "60"]
    with subprocess.Popen(
        command, cwd=project.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        # Told before the wait begins; some time later it has.
        assert any(line.startswith("Head ") for line in process.stdout)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == (
            "Interrupted: revision 1 is applied, its readers weren't waited for.\n"
        )
    assert process.returncode == 130


def test_what_is_refused_is_not_waited_for(applied: Workspace) -> None:
    say(applied, 0)
    (applied.root / "profiles/a.yaml").unlink()
    applied.write("profiles/b.yaml", profile("b"))
    refused = applied.run("apply", "--auto-approve", "--wait", "30")
    assert refused.code != 0
    assert "reader" not in refused.err


def test_rollback_waits_and_writes_whatever_the_readers_hold(applied: Workspace) -> None:
    change(applied)
    applied.ok("apply", "--auto-approve")
    say(applied, 2)
    late = applied.run("rollback", "--to", "1", "--write", "--auto-approve", "--wait", "0")
    assert late.code == 1
    assert "Revision 3 is applied" in late.err
    assert "Wrote profiles/a.yaml." in late.err
    say(applied, 3)
    applied.ok("rollback", "--to", "1", "--auto-approve", "--wait", "5")
    refused = applied.run("rollback", "--to", "1", "--out", "back.plan", "--wait", "5")
    assert (refused.code, "--wait without" in refused.err) == (1, True)


def test_a_saved_plan_is_waited_for_too(applied: Workspace) -> None:
    change(applied)
    applied.ok("plan", "--out", "the.plan")
    say(applied, 1)
    late = applied.run("apply", "the.plan", "--wait", "0")
    assert (late.code, "Revision 2 is applied" in late.err) == (1, True)


@pytest.mark.parametrize("seconds", ["-1", "nan", "inf", "soon"])
def test_a_wait_is_a_number_of_seconds(project: Workspace, seconds: str) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    refused = project.run("apply", "--auto-approve", "--wait", seconds)
    assert refused.code == 1
    assert "--wait" in refused.err
    assert not (project.root / "configsync.db").exists()
