"""The database gives a transaction up for another's: it is run again, as a whole, or refused."""

from __future__ import annotations

import sqlite3
import threading
import time

import psycopg2
import pytest

from configsync.store import apply
from tests.conftest import Workspace, execute
from tests.faults import model
from tests.faults.trials import APPLY
from tests.profiles import profile


def test_a_deadlock_is_tried_again(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    model.write(project.root, model.first_state())
    project.ok(*APPLY)
    wanted = model.write(project.root, model.changed_throughout(model.first_state(), 2))
    other = psycopg2.connect(pg_url)
    cursor = other.cursor()
    # It looks for deadlocks late, so that of the two the other one is given up: configsync.
    cursor.execute("SET LOCAL deadlock_timeout = '1h'")
    cursor.execute("SELECT 1 FROM config_ai_infra FOR UPDATE")

    def write() -> None:
        """Ask for the lock, as every write does, with the rows that its holder waits for."""
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        while execute(pg_url, waiting) == [(0,)]:
            time.sleep(0.02)
        cursor.execute("UPDATE config_ai_infra SET llm_max_tokens = llm_max_tokens")
        other.commit()

    thread = threading.Thread(target=write)
    thread.start()
    project.ok(*APPLY)
    thread.join()
    other.close()
    assert execute(
        pg_url, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    ) == [(1,)]
    assert model.check(project.database) == (2, wanted)


@pytest.mark.parametrize("state", ["40001", "40P01"])
@pytest.mark.parametrize("when", ["", "DEFERRABLE INITIALLY DEFERRED"])
@pytest.mark.parametrize("failures", [apply.RETRIES, apply.RETRIES + 1])
def test_five_times_at_most(
    project: Workspace,
    pg_url: str,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    when: str,
    failures: int,
) -> None:
    monkeypatch.setattr(apply, "FIRST_PAUSE", 0.001)
    project.url = pg_url
    project.write("profiles/a.yaml", profile("a", default=True))
    # A sequence remembers what a transaction did that was rolled back.
    execute(
        pg_url,
        "CREATE SEQUENCE attempts; CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF nextval('attempts') <= {failures} THEN "
        f"RAISE EXCEPTION 'as another would have it' USING ERRCODE = '{state}'; END IF; "
        "RETURN NULL; END $$; "
        f"CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON config_revisions {when} "
        "FOR EACH ROW EXECUTE FUNCTION fail()",
    )
    result = project.run(*APPLY)
    revision, live = model.check(project.database)
    if failures > apply.RETRIES:
        assert result.code == 1
        assert "gave the transaction up" in result.err
        assert "Nothing was changed" in result.err
        assert (revision, live) == (0, {})
    else:
        assert result.code == 0, result
        assert revision == 1
    assert execute(pg_url, "SELECT last_value FROM attempts") == [(apply.RETRIES + 1,)]


def test_rows_that_another_holds_are_the_lock_too(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    model.write(project.root, model.first_state())
    project.ok(*APPLY)
    model.write(project.root, model.changed_throughout(model.first_state(), 2))
    other = psycopg2.connect(pg_url, application_name="a long look")
    other.cursor().execute("SELECT 1 FROM config_ai_infra FOR UPDATE")
    refused = project.run(*APPLY, "--lock-timeout", "0.2")
    other.close()
    assert refused.code == 5
    assert "a long look" in refused.err
    assert model.check(project.database)[0] == 1


def test_the_holder_is_named_with_its_actor(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    project.write("profiles/a.yaml", profile("a", default=True))
    with project.database.writing(1, "configsync apply by alice"):
        refused = project.run(*APPLY, "--lock-timeout", "0.2")
    assert refused.code == 5
    assert "configsync apply by alice" in refused.err


def test_a_reader_of_sqlite_that_does_not_end(project: Workspace) -> None:
    model.write(project.root, model.first_state())
    project.ok(*APPLY)
    model.write(project.root, model.changed_throughout(model.first_state(), 2))
    reader = sqlite3.connect(project.root / "configsync.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM config_profiles").fetchall()
    refused = project.run(*APPLY, "--lock-timeout", "0.2")
    reader.close()
    assert refused.code == 5
    assert "Nothing was changed" in refused.err
    assert model.check(project.database)[0] == 1
    project.ok(*APPLY)


def test_what_is_recorded_is_still_so(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan that only records is stale as well if its rows have moved."""
    from configsync.usecases import plan as module

    model.write(workspace.root, model.first_state())
    workspace.ok(*APPLY)
    workspace.sql("DELETE FROM config_resources WHERE address = 'profile/p1/ai_infra'")
    made = module.make_plan

    def plan_then_write(*arguments: object) -> object:
        plan = made(*arguments)  # type: ignore[arg-type]
        workspace.sql("UPDATE config_ai_infra SET llm_max_tokens = 3")
        return plan

    monkeypatch.setattr(module, "make_plan", plan_then_write)
    stale = workspace.run(*APPLY)
    assert stale.code == 3
    assert "profile/p1/ai_infra" in stale.err
