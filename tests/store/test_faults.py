"""When something fails: one clear sentence, the right exit code, and nothing half done."""

from __future__ import annotations

import os
import socket
import sqlite3
from pathlib import Path

import psycopg2
import pytest

from configsync.store.postgresql import LOCK_KEY
from tests.conftest import Workspace, execute
from tests.profiles import profile

COUNTS = (
    "SELECT (SELECT count(*) FROM config_profiles), (SELECT count(*) FROM config_history), "
    "(SELECT count(*) FROM config_revisions), (SELECT count(*) FROM config_resources)"
)


def test_a_constraint_that_fires_at_commit_leaves_nothing(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("plan")
    if workspace.url is None:
        workspace.sql("CREATE TABLE gone (id INTEGER PRIMARY KEY)")
        workspace.sql(
            "CREATE TABLE late (id INTEGER REFERENCES gone (id) DEFERRABLE INITIALLY DEFERRED)"
        )
        workspace.sql(
            "CREATE TRIGGER late_fault AFTER INSERT ON config_history"
            " BEGIN INSERT INTO late VALUES (1); END"
        )
    else:
        execute(
            workspace.url,
            "CREATE FUNCTION late_fault() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'a late constraint' USING ERRCODE = '23514'; END $$;"
            "CREATE CONSTRAINT TRIGGER late_fault AFTER INSERT ON config_history"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late_fault()",
        )
    failed = workspace.run("apply", "--auto-approve")
    assert failed.code == 1
    assert "refused the change" in failed.err
    assert "Traceback" not in failed.err
    assert workspace.sql(COUNTS) == [(0, 0, 0, 0)]


def test_a_row_that_moves_between_plan_and_apply_makes_the_plan_stale(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.write("profiles/b.yaml", profile("b"))
    workspace.ok("apply", "--auto-approve")
    workspace.write("profiles/a.yaml", profile("a", default=True, spec__ai_infra__llm_max_tokens=1))
    _between_plan_and_apply(workspace, monkeypatch, "UPDATE config_ai_infra SET llm_max_tokens = 2")
    before = workspace.sql(COUNTS)
    stale = workspace.run("apply", "--auto-approve")
    assert stale.code == 3
    assert "profile/a/ai_infra" in stale.err
    after = workspace.sql(COUNTS)
    assert (after[0][0], after[0][3]) == (before[0][0], before[0][3])
    assert workspace.sql("SELECT count(*) FROM config_ai_infra WHERE llm_max_tokens = 2") == [(2,)]


def test_an_unrelated_row_that_moves_does_not(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.write("profiles/b.yaml", profile("b"))
    workspace.ok("apply", "--auto-approve")
    workspace.write("profiles/a.yaml", profile("a", default=True, spec__ai_infra__llm_max_tokens=1))
    _between_plan_and_apply(
        workspace, monkeypatch, "UPDATE config_mlflow SET experiment_name = '/moved'"
    )
    workspace.ok("apply", "--auto-approve")
    assert workspace.sql("SELECT count(*) FROM config_ai_infra WHERE llm_max_tokens = 1") == [(1,)]
    moved = "SELECT count(*) FROM config_mlflow WHERE experiment_name = '/moved'"
    assert workspace.sql(moved) == [(2,)]


def test_a_connection_that_dies_in_commit_is_asked_after(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    project.write("profiles/a.yaml", profile("a", default=True))
    execute(
        pg_url,
        "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON config_history"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut()",
    )
    failed = project.run("apply", "--auto-approve")
    assert failed.code == 1
    assert "to COMMIT was lost. The plan was not applied, and nothing was changed." in failed.err
    assert project.sql(COUNTS) == [(0, 0, 0, 0)]
    execute(pg_url, "DROP TRIGGER cut ON config_history")
    project.ok("apply", "--auto-approve")
    assert project.sql(COUNTS) == [(1, 5, 1, 5)]


def _between_plan_and_apply(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    """Have someone write to the tables after the plan is made, before it is applied."""
    from configsync.usecases import plan as module

    made = module.make_plan

    def plan_then_write(*arguments: object) -> object:
        plan = made(*arguments)  # type: ignore[arg-type]
        workspace.sql(statement)
        return plan

    monkeypatch.setattr(module, "make_plan", plan_then_write)


def test_a_held_lock_is_reported_with_its_holder(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    project.write("profiles/a.yaml", profile("a", default=True))
    holder = psycopg2.connect(pg_url, application_name="the other one")
    holder.cursor().execute(f"SELECT pg_advisory_xact_lock({LOCK_KEY})")
    locked = project.run("apply", "--auto-approve", "--lock-timeout", "0.2")
    holder.close()
    assert locked.code == 5
    assert "the other one" in locked.err
    assert project.sql(COUNTS) == [(0, 0, 0, 0)]


def test_a_held_sqlite_lock_is_reported(project: Workspace) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    project.ok("plan")
    holder = sqlite3.connect(project.root / "configsync.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    locked = project.run("apply", "--auto-approve", "--lock-timeout", "0.2")
    holder.execute("ROLLBACK")
    holder.close()
    assert locked.code == 5
    assert project.sql(COUNTS) == [(0, 0, 0, 0)]


def test_a_server_that_is_down(project: Workspace) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    project.url = f"postgresql://app:s3cret@127.0.0.1:{port}/app"
    project.write("profiles/a.yaml", profile("a", default=True))
    for command in (["plan"], ["apply", "--auto-approve"], ["history"], ["db", "upgrade"]):
        failed = project.run(*command)
        assert failed.code == 1
        assert failed.err.startswith("Error: postgresql://app@127.0.0.1")
        assert failed.err.count("\n") == 1
        assert "s3cret" not in failed.err + failed.out


@pytest.mark.parametrize(
    "url",
    [
        "mysql://host/app",
        "postgresql://app:s3cret@host:port/app",
        "postgresql://app:s3cret@/app?nonsense=s3cret",
        "postgresql://app:s3cret/x@127.0.0.1:1/app",
        "postgres://app:s3cret@[::1/app",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///no/such/folder/x.db",
        "s3cret",
    ],
)
def test_a_url_that_cannot_be_used(project: Workspace, url: str) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    for command in (["plan"], ["db", "upgrade"], ["db", "status"]):
        failed = project.run(*command, "--database", url)
        assert failed.code == 1
        assert failed.err.startswith("Error: ") or command == ["db", "status"]
        assert "should not" not in failed.err
        assert "s3cret" not in failed.err + failed.out


def test_a_file_that_is_no_database(project: Workspace) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    project.write("configsync.db", "this is text " * 100)
    failed = project.run("plan")
    assert failed.code == 1
    assert "not a SQLite database" in failed.err


def test_a_database_that_is_not_writable(project: Workspace) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    project.ok("plan")
    # A write format that SQLite doesn't know makes the file read-only, to root as well:
    # https://www.sqlite.org/fileformat2.html#file_format_version_numbers
    with (project.root / "configsync.db").open("r+b") as file:
        file.seek(18)
        file.write(b"\x03")
    failed = project.run("apply", "--auto-approve")
    assert failed.code == 1
    assert "not writable" in failed.err


def test_a_role_that_may_not_write(project: Workspace, pg_url: str) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    role = f"reader_{os.getpid()}"
    execute(
        pg_url, f"CREATE ROLE {role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
    )
    try:
        separator = "&" if "?" in pg_url else "?"
        project.url = f"{pg_url}{separator}options=-crole%3D{role}"
        failed = project.run("apply", "--auto-approve")
        assert failed.code == 1
        assert "permission denied" in failed.err
        assert execute(pg_url, COUNTS) == [(0, 0, 0, 0)]
    finally:
        execute(pg_url, f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_a_read_only_server(project: Workspace, pg_url: str) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    separator = "&" if "?" in pg_url else "?"
    project.url = f"{pg_url}{separator}options=-cdefault_transaction_read_only%3Don"
    failed = project.run("apply", "--auto-approve")
    assert failed.code == 1
    assert "read-only" in failed.err


def test_without_a_terminal_apply_needs_approval(project: Workspace) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    refused = project.run("apply")
    assert refused.code == 1
    assert "--auto-approve" in refused.err
    assert project.sql(COUNTS) == [(0, 0, 0, 0)]


def test_a_newer_schema_is_left_alone(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("plan")
    workspace.sql("UPDATE config_schema_version SET version_num = '9999'")
    failed = workspace.run("apply", "--auto-approve")
    assert failed.code == 1
    assert "9999" in failed.err
    assert Path(workspace.root).exists()
