"""Rehearsals: what a constraint or trigger would refuse is told, and nothing of it remains."""

from __future__ import annotations

import select
from typing import Any

import psycopg2
import pytest

from configsync.store.backup import copied_tables, read_rows
from tests.conftest import Result, Workspace, execute
from tests.profiles import profile
from tests.store.test_roles import as_role, drop

NAMES = ("a", "b", "c", "d", "e")


@pytest.fixture
def empty(workspace: Workspace) -> Workspace:
    """A database with configsync's tables and no profile."""
    assert workspace.database.url
    return workspace


@pytest.fixture
def applied(workspace: Workspace) -> Workspace:
    """Five profiles in the database, ``a`` the default."""
    for name in NAMES:
        put(workspace, name)
    workspace.ok("apply", "--auto-approve")
    return workspace


def put(workspace: Workspace, name: str, **changes: Any) -> None:
    workspace.write(f"profiles/{name}.yaml", profile(name, default=name == "a", **changes))


def content(workspace: Workspace) -> dict[str, list[str]]:
    """Every row of configsync's tables."""
    with workspace.database.reading() as transaction:
        return {
            name: list(read_rows(transaction, table)) for name, table in copied_tables().items()
        }


def rehearse(workspace: Workspace, *options: str) -> Result:
    """Rehearse, and require that nothing of it remains."""
    before = content(workspace)
    result = workspace.run("plan", "--rehearse", "-o", "json", *options)
    assert content(workspace) == before
    return result


def refused(workspace: Workspace, *options: str) -> list[dict[str, Any]]:
    """The refusals of a rehearsal; apply must be refused too, and change nothing."""
    result = rehearse(workspace, *options)
    assert result.code == 1, result
    found = [d for d in result.json["diagnostics"] if d["severity"] == "error"]
    assert {d["code"] for d in found} == {"CS413"}
    before = content(workspace)
    assert workspace.run("apply", "--auto-approve", *options).code == 1
    assert content(workspace) == before
    return found


def accepted(workspace: Workspace, *options: str) -> None:
    """The rehearsal finds nothing, and apply agrees."""
    result = rehearse(workspace, *options)
    assert (result.json["diagnostics"], result.code) == ([], 0)
    assert "the database would take the plan" in result.err
    workspace.ok("apply", "--auto-approve", *options)
    workspace.ok("plan", "--detailed-exitcode")


def guard(workspace: Workspace, table: str, event: str, condition: str, message: str) -> None:
    """A trigger that refuses rows."""
    if workspace.url is None:
        workspace.sql(
            f"CREATE TRIGGER guard BEFORE {event} ON {table} WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    workspace.sql(
        "CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION '{message}' USING HINT = 'Ask the owner.'; END $$"
    )
    workspace.sql(
        f"CREATE TRIGGER guard BEFORE {event} ON {table} FOR EACH ROW WHEN ({condition}) "
        "EXECUTE FUNCTION guard()"
    )


def place(found: dict[str, Any]) -> tuple[str, int]:
    where = found["location"]
    return where["file"], where["line"]


def line_of(workspace: Workspace, file: str, text: str) -> int:
    lines = (workspace.root / file).read_text().splitlines()
    return next(i for i, line in enumerate(lines, 1) if text in line)


def test_a_plan_that_the_database_takes(applied: Workspace) -> None:
    put(applied, "a", spec__ai_infra__llm_temperature=0.2)
    put(applied, "b", metadata__renamed_from="b", metadata__description="x")
    put(applied, "f")
    (applied.root / "profiles/e.yaml").unlink()
    accepted(applied)


def test_names_that_are_swapped_and_a_default_that_moves(applied: Workspace) -> None:
    applied.write("profiles/a.yaml", profile("b", metadata__renamed_from="a"))
    applied.write("profiles/b.yaml", profile("a", default=True, metadata__renamed_from="b"))
    accepted(applied)


def test_a_first_plan(workspace: Workspace) -> None:
    put(workspace, "a")
    accepted(workspace)


def test_nothing_to_rehearse(applied: Workspace) -> None:
    assert rehearse(applied, "--detailed-exitcode").code == 0


def test_a_check_that_was_added_names_the_field(applied: Workspace) -> None:
    if applied.url is None:
        guard(applied, "config_ai_infra", "UPDATE", "NEW.llm_temperature > 0.8", "too warm")
    else:
        applied.sql(
            "ALTER TABLE config_ai_infra ADD CONSTRAINT cool CHECK (llm_temperature <= 0.8) "
            "NOT VALID"
        )
    for name, temperature in zip(NAMES, (0.8, 0.9, 0.5, 1, 0.1), strict=True):
        put(applied, name, spec__ai_infra__llm_temperature=temperature)
    found = refused(applied)
    assert [d["location"]["file"] for d in found] == ["profiles/b.yaml", "profiles/d.yaml"]
    assert all("profile/" in d["summary"] for d in found)
    if applied.url is not None:
        (first, _) = found
        line = line_of(applied, "profiles/b.yaml", "llm_temperature")
        assert (first["location"]["line"], first["path"]) == (line, "spec.ai_infra.llm_temperature")
        assert first["detail"] == "It is refused by the constraint cool of config_ai_infra."
        assert "Failing row" not in str(found)
    put(applied, "b", spec__ai_infra__llm_temperature=0.4)
    put(applied, "d", spec__ai_infra__llm_temperature=0.4)
    accepted(applied)


def test_a_trigger_that_refuses_one_of_many_new_profiles(empty: Workspace) -> None:
    guard(empty, "config_profiles", "INSERT", "NEW.name = 'c'", "no c here")
    for name in NAMES:
        put(empty, name)
    (found,) = refused(empty)
    assert found["summary"] == "profile/c would be refused: no c here"
    assert place(found)[0] == "profiles/c.yaml"
    if empty.url is not None:
        assert found["detail"] == "It is refused by the trigger function guard()."
        assert found["help"] == "Ask the owner."


def test_a_change_that_is_refused_at_several_steps_is_one_finding(applied: Workspace) -> None:
    guard(applied, "config_profiles", "UPDATE", "NEW.name = 'a'", "leave it")
    put(applied, "b", spec__ai_infra__llm_max_tokens=7)
    put(applied, "a", metadata__description="x", spec__ai_infra__llm_max_tokens=7)
    found = refused(applied)
    assert [d["summary"] for d in found] == ["profile/a would be refused: leave it"]
    assert found[0]["path"] == "metadata.description"


def test_all_that_refuse_are_found_in_several_tables(empty: Workspace) -> None:
    guard(empty, "config_mlflow", "INSERT", "NEW.experiment_name = '/no'", "no such place")
    unique = "CREATE UNIQUE INDEX one_endpoint ON config_ai_infra (llm_endpoint)"
    empty.sql(unique)
    for name in NAMES:
        put(
            empty,
            name,
            spec__ai_infra__llm_endpoint="same" if name in ("b", "d") else name,
            spec__mlflow__experiment_name="/no" if name in ("a", "e") else "/yes",
        )
    found = refused(empty)
    assert [place(d)[0] for d in found] == [f"profiles/{n}.yaml" for n in ("a", "d", "e")]
    second = found[1]
    assert place(second)[1] == line_of(empty, "profiles/d.yaml", "llm_endpoint")
    assert second["path"] == "spec.ai_infra.llm_endpoint"


@pytest.mark.parametrize("action", ["RESTRICT", "NO ACTION"])
def test_an_applications_own_table_keeps_a_profile(applied: Workspace, action: str) -> None:
    applied.sql(
        "CREATE TABLE sessions (id integer PRIMARY KEY, profile integer NOT NULL "
        f"REFERENCES config_profiles (id) ON DELETE {action})"
    )
    applied.sql("INSERT INTO sessions SELECT id, id FROM config_profiles WHERE name IN ('c', 'd')")
    for name in ("c", "d", "e"):
        (applied.root / f"profiles/{name}.yaml").unlink()
    found = refused(applied, "--force")
    assert [place(d)[0] for d in found] == ["profiles/c.yaml", "profiles/d.yaml"]
    applied.sql("DELETE FROM sessions")
    accepted(applied, "--force")


def test_a_reference_that_was_broken_before_is_no_finding(project: Workspace) -> None:
    put(project, "a")
    project.ok("apply", "--auto-approve")
    project.sql(
        "CREATE TABLE sessions (id integer PRIMARY KEY, profile integer "
        "REFERENCES config_profiles (id))"
    )
    import sqlite3

    connection = sqlite3.connect(project.root / "configsync.db", isolation_level=None)
    connection.execute("INSERT INTO sessions VALUES (1, 99)")
    connection.close()
    put(project, "b")
    accepted(project)


def test_a_deferred_trigger_names_its_documents(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    project.sql(
        "CREATE FUNCTION budget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF (SELECT llm_max_tokens FROM config_ai_infra WHERE profile_id = NEW.id) > 100 THEN "
        "RAISE EXCEPTION 'over the budget'; END IF; RETURN NULL; END $$"
    )
    project.sql(
        "CREATE CONSTRAINT TRIGGER budget AFTER INSERT ON config_profiles "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION budget()"
    )
    for name in NAMES:
        put(project, name, spec__ai_infra__llm_max_tokens=500 if name in ("b", "e") else 50)
    found = refused(project)
    assert [place(d)[0] for d in found] == ["profiles/b.yaml", "profiles/e.yaml"]
    assert found[0]["summary"] == "profile/b would be refused: over the budget"
    for name in ("b", "e"):
        put(project, name, spec__ai_infra__llm_max_tokens=50)
    accepted(project)


def test_a_deferred_constraint_that_two_documents_break_together(
    project: Workspace, pg_url: str
) -> None:
    project.url = pg_url
    project.sql(
        "ALTER TABLE config_mlflow ADD CONSTRAINT own UNIQUE (experiment_name) "
        "DEFERRABLE INITIALLY DEFERRED"
    )
    for name in NAMES:
        put(project, name, spec__mlflow__experiment_name="/both" if name in "bd" else f"/{name}")
    (found,) = refused(project)
    assert place(found) == (
        "profiles/d.yaml",
        line_of(project, "profiles/d.yaml", "experiment_name"),
    )
    assert found["detail"] == (
        "It is refused by the constraint own of config_mlflow. "
        "Key (experiment_name)=(/both) already exists."
    )


def test_what_triggers_say_is_shown(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    project.sql(
        "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE NOTICE 'mind the quota'; RAISE WARNING 'or \x1b[31mpay'; RETURN NEW; END $$"
    )
    project.sql(
        "CREATE TRIGGER tell BEFORE INSERT ON config_profiles FOR EACH ROW EXECUTE FUNCTION tell()"
    )
    put(project, "a")
    result = rehearse(project, "--out", "the.plan")
    assert result.code == 0
    told = [(d["code"], d["severity"], d["summary"]) for d in result.json["diagnostics"]]
    assert told == [
        ("CS414", "info", "profile/a: the database says: mind the quota"),
        ("CS414", "info", "profile/a: the database says: or \x1b[31mpay"),
    ]
    assert place(result.json["diagnostics"][0])[0] == "profiles/a.yaml"
    shown = project.ok("plan", "--rehearse", "-q").out
    assert "mind the quota" in shown
    assert "\x1b" not in shown
    put(project, "b")
    several = rehearse(project).json["diagnostics"]
    assert {d["location"] is None for d in several} == {True}
    (project.root / "profiles/b.yaml").unlink()
    project.ok("apply", "the.plan")


def test_a_revision_that_is_refused_has_no_place(empty: Workspace) -> None:
    guard(empty, "config_revisions", "INSERT", "true", "frozen until Monday")
    for name in NAMES:
        put(empty, name)
    (found,) = refused(empty)
    assert found["summary"] == "the apply would be refused: frozen until Monday"
    assert found["location"] is None


def test_what_refuses_whatever_the_rows_is_said_once(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    project.sql(
        "CREATE FUNCTION frozen() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'frozen until Monday'; END $$"
    )
    project.sql("CREATE TRIGGER frozen BEFORE INSERT ON config_mlflow EXECUTE FUNCTION frozen()")
    for name in NAMES:
        put(project, name)
    (found,) = refused(project)
    assert found["summary"] == "the apply would be refused: frozen until Monday"
    assert found["location"] is None


def test_a_trigger_that_ends_the_transaction_leaves_nothing(project: Workspace) -> None:
    for name in NAMES:
        put(project, name)
    project.ok("validate")
    project.ok("plan")
    project.sql(
        "CREATE TRIGGER guard AFTER INSERT ON config_mlflow "
        "BEGIN SELECT RAISE(ROLLBACK, 'all is off'); END"
    )
    result = rehearse(project)
    assert (result.code, result.out) == (1, "")
    assert "all is off" in result.err
    assert project.sql("SELECT count(*) FROM config_profiles") == [(0,)]


def test_a_rehearsal_ends_after_many_refusals(empty: Workspace) -> None:
    guard(empty, "config_profiles", "INSERT", "NEW.name LIKE 'p%'", "no")
    put(empty, "a")
    for number in range(130):
        put(empty, f"p{number}")
    found = refused(empty)
    assert len(found) == 101
    assert "more than 100 refusals" in found[0]["summary"]


def test_only_a_plan_without_findings_is_saved(applied: Workspace) -> None:
    guard(applied, "config_prompts", "UPDATE", "true", "no")
    put(applied, "b", spec__prompts__system_prompt="Other. {max_slides}\n")
    result = rehearse(applied, "--out", "the.plan")
    assert result.code == 1
    assert [c["address"] for c in result.json["changes"]] == ["profile/b/prompts"]
    assert not (applied.root / "the.plan").exists()
    shown = applied.run("plan", "--rehearse", "-q", "--detailed-exitcode")
    assert shown.code == 1
    assert "--> profiles/b.yaml:" in shown.out
    assert "Plan: 0 to create, 1 to update" in shown.out
    assert "the database would refuse the plan" in shown.err


def test_a_plan_that_policies_refuse_is_not_rehearsed(applied: Workspace) -> None:
    guard(applied, "config_profiles", "DELETE", "true", "no")
    (applied.root / "profiles/a.yaml").unlink()
    result = rehearse(applied)
    assert result.code == 4
    assert [d["code"] for d in result.json["diagnostics"]] == ["CS401"]
    assert "Not rehearsed: a policy stands against the plan." in result.err


def test_readers_are_told_nothing(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    listening = psycopg2.connect(pg_url)
    listening.autocommit = True
    with listening.cursor() as cursor:
        cursor.execute("LISTEN configsync")
    put(project, "a")
    rehearse(project)
    execute(pg_url, "NOTIFY configsync, 'the end'")
    select.select([listening], [], [], 60)
    listening.poll()
    assert [n.payload for n in listening.notifies] == ["the end"]
    listening.close()


def test_another_writer_is_waited_for(applied: Workspace) -> None:
    put(applied, "b", metadata__description="x")
    with applied.database.writing(1):
        result = applied.run("plan", "--rehearse", "--lock-timeout", "0.1")
    assert result.code == 5
    assert "--lock-timeout" in result.err


def test_who_may_only_read_is_told(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    put(project, "a")
    project.ok("apply", "--auto-approve")
    project.ok("db", "roles", "--prefix", "rehearse", "--apply")
    execute(pg_url, "CREATE ROLE rehearse_login LOGIN PASSWORD 'x' IN ROLE rehearse_reader")
    project.url = as_role(pg_url, "rehearse_login")
    put(project, "b")
    project.ok("plan")
    result = project.run("plan", "--rehearse")
    project.url = pg_url
    for role in ("login", "owner", "applier", "reader"):
        drop(pg_url, f"rehearse_{role}")
    assert result.code == 1
    assert "permission denied" in result.err
    assert "Use a login of the role that may: see configsync db roles." in result.err


def test_a_standby_is_told(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    put(project, "a")
    ((name,),) = execute(pg_url, "SELECT current_database()")
    execute(pg_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    result = project.run("plan", "--rehearse")
    assert result.code == 1
    assert "is read-only, a standby perhaps" in result.err
    assert "Name the primary." in result.err
