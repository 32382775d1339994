"""Who is named for drift, on both databases: the one who wrote it, and else nobody."""

from __future__ import annotations

import re
import sqlite3
from typing import Any
from xml.etree import ElementTree

import psycopg2
import pytest

from tests.conftest import Workspace
from tests.profiles import profile

LIVE = "profile/production"


@pytest.fixture
def applied(workspace: Workspace) -> Workspace:
    """A project whose one profile is applied."""
    workspace.write("profiles/production.yaml", profile(default=True))
    workspace.ok("apply", "--auto-approve", "--actor", "alice")
    return workspace


def drift(workspace: Workspace) -> dict[str, Any]:
    """What drifted, by address."""
    found = workspace.ok("drift", "-o", "json").json["drift"]
    return {d["address"]: d for d in found}


def unrecorded(workspace: Workspace, statement: str) -> None:
    """Run a statement so that no trigger records it."""
    if workspace.url is None:
        connection = sqlite3.connect(workspace.root / "configsync.db", isolation_level=None)
        connection.executescript(
            "BEGIN IMMEDIATE; INSERT INTO config_writer (id) VALUES (1); "
            f"{statement}; DELETE FROM config_writer; COMMIT"
        )
        connection.close()
    else:
        workspace.sql(f"SET session_replication_role = replica; {statement}")


SET = "UPDATE config_ai_infra SET llm_temperature = "


def test_the_user_and_the_application_are_named(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    project.write("profiles/production.yaml", profile(default=True))
    project.ok("apply", "--auto-approve", "--actor", "alice")
    connection = psycopg2.connect(pg_url, application_name="@team | `console`\x1b[2J")
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT session_user, host(inet_client_addr())")
        user, client = cursor.fetchone() or ("", "")
        cursor.execute(f"{SET}0.9")
        cursor.execute("DELETE FROM config_mlflow")
    connection.close()
    found = drift(project)
    assert list(found) == [f"{LIVE}/ai_infra", f"{LIVE}/mlflow"]
    by = found[f"{LIVE}/ai_infra"]["by"]
    assert by == found[f"{LIVE}/mlflow"]["by"]
    assert by.pop("at")
    # PostgreSQL takes printable ASCII only for the name of an application.
    name = by.pop("application")
    assert re.fullmatch(r"@team \| `console`(\?|\\x1b)\[2J", name)
    assert by == {"user": user, "client_address": client, "revision": 2, "source": "external"}
    shown = project.ok("drift").out
    assert f"deleted by {user} ({name})" in shown
    if client is not None:
        assert f" from {client} at " in shown
    assert project.ok("drift", "-o", "markdown").out.count(f"``{name}``") == 2
    root = ElementTree.fromstring(project.ok("drift", "-o", "junit").out)
    assert [e.text for e in root.iter("failure") if f"application {name}" in (e.text or "")]


def test_a_client_by_network_is_named_with_its_address(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    project.write("profiles/production.yaml", profile(default=True))
    project.ok("apply", "--auto-approve", "--actor", "alice")
    # What the trigger would record of a client that came over TCP.
    project.sql(f"{SET}0.9")
    project.sql("ALTER TABLE config_revisions DISABLE TRIGGER USER")
    project.sql("UPDATE config_revisions SET client_address = '192.0.2.7' WHERE revision = 2")
    assert drift(project)[f"{LIVE}/ai_infra"]["by"]["client_address"] == "192.0.2.7"
    assert " from 192.0.2.7 at " in project.ok("drift").out
    assert "client `192.0.2.7`" in project.ok("drift", "-o", "markdown").out


def test_a_write_without_a_record_is_found_without_an_author(applied: Workspace) -> None:
    unrecorded(applied, f"{SET}0.9")
    unrecorded(applied, "DELETE FROM config_mlflow")
    found = drift(applied)
    assert {at: d["by"] for at, d in found.items()} == {
        f"{LIVE}/ai_infra": None,
        f"{LIVE}/mlflow": None,
    }
    assert found[f"{LIVE}/ai_infra"]["fields"] == {"llm_temperature": {"applied": 0.7, "live": 0.9}}
    assert applied.run("drift", "--detailed-exitcode").code == 2
    assert applied.ok("drift").out.count("by a write that left no record") == 2


def test_a_write_after_the_trigger_was_dropped_is_found(applied: Workspace) -> None:
    on = "" if applied.url is None else " ON config_ai_infra"
    name = "config_ai_infra_record_update" if applied.url is None else "configsync_record"
    applied.sql(f"DROP TRIGGER {name}{on}")
    applied.sql(f"{SET}0.9")
    found = drift(applied)[f"{LIVE}/ai_infra"]
    assert found["by"] is None


def test_a_write_without_a_record_is_not_blamed_on_the_one_before(applied: Workspace) -> None:
    applied.sql(f"{SET}0.9")
    assert drift(applied)[f"{LIVE}/ai_infra"]["by"]["revision"] == 2
    unrecorded(applied, f"{SET}0.8")
    found = drift(applied)[f"{LIVE}/ai_infra"]
    assert found["fields"] == {"llm_temperature": {"applied": 0.7, "live": 0.8}}
    assert found["by"] is None
    applied.sql(f"{SET}0.3")
    assert drift(applied)[f"{LIVE}/ai_infra"]["by"]["revision"] == 3
    unrecorded(applied, "DELETE FROM config_ai_infra")
    assert drift(applied)[f"{LIVE}/ai_infra"]["by"] is None


def test_a_write_that_was_put_back_is_no_drift(applied: Workspace) -> None:
    applied.sql(f"{SET}0.9")
    applied.sql(f"{SET}0.7")
    assert drift(applied) == {}


def test_who_changed_a_part_is_known_after_a_rename(applied: Workspace) -> None:
    applied.sql(f"{SET}0.9")
    applied.sql("UPDATE config_profiles SET name = 'live'")
    applied.sql("UPDATE config_mlflow SET experiment_name = '/past'")
    found = drift(applied)
    assert {at: d["by"]["revision"] for at, d in found.items()} == {
        LIVE: 3,
        f"{LIVE}/ai_infra": 2,
        f"{LIVE}/mlflow": 4,
    }


def test_what_was_renamed_several_times_is_followed(applied: Workspace) -> None:
    for name in ("b", "c", "b", "live"):
        applied.sql(f"UPDATE config_profiles SET name = '{name}'")
    found = drift(applied)
    assert {at: d["fields"]["name"]["live"] for at, d in found.items()} == {LIVE: "live"}
    assert applied.ok("plan", "-o", "json").json["summary"]["create"] == 0
    applied.ok("apply", "--auto-approve")
    assert applied.sql("SELECT name FROM config_profiles") == [("production",)]
    assert drift(applied) == {}


@pytest.mark.parametrize("value", ["9e999", "1.5", "'many'", "x'ff'"])
def test_what_a_column_must_not_hold_is_drift(project: Workspace, value: str) -> None:
    project.write("profiles/production.yaml", profile(default=True))
    project.ok("apply", "--auto-approve")
    # On SQLite the type of a column binds nobody.
    unrecorded(project, f"UPDATE config_ai_infra SET llm_max_tokens = {value}")
    unrecorded(project, f"UPDATE config_mlflow SET experiment_name = {value}")
    for output_format in ("text", "json", "markdown", "html", "junit"):
        assert project.run("drift", "-o", output_format, "--detailed-exitcode").code == 2
    assert "Infinity" not in project.ok("drift", "-o", "json").out
    project.ok("apply", "--auto-approve")
    assert drift(project) == {}


def test_fields_are_in_the_order_of_the_columns(applied: Workspace) -> None:
    applied.sql("DELETE FROM config_prompts")
    fields = drift(applied)[f"{LIVE}/prompts"]["fields"]
    assert list(fields) == ["system_prompt", "slide_editing_instructions", "user_prompt_template"]


def test_ignored_fields_are_ignored_alike(workspace: Workspace) -> None:
    workspace.write(
        "configsync.toml",
        'ignore = [{address = "profile/*/ai_infra", fields = ["llm_temp*"]}]\n',
    )
    workspace.write("profiles/production.yaml", profile(default=True))
    workspace.ok("apply", "--auto-approve")
    workspace.sql(f"{SET}0.9, llm_max_tokens = 5")
    assert list(drift(workspace)[f"{LIVE}/ai_infra"]["fields"]) == ["llm_max_tokens"]
    (planned,) = workspace.ok("plan", "-o", "json").json["changes"]
    assert list(planned["fields"]) == ["llm_max_tokens"]
    workspace.ok("apply", "--auto-approve")
    rows = workspace.sql("SELECT llm_temperature, llm_max_tokens FROM config_ai_infra")
    assert [(float(t), m) for t, m in rows] == [(0.9, 60000)]
    assert drift(workspace) == {}


def test_a_rename_that_git_has_only_added_is_drift(applied: Workspace) -> None:
    applied.sql("UPDATE config_profiles SET name = 'b', is_default = '0'")
    applied.write("profiles/b.yaml", profile("b"))
    assert LIVE in drift(applied)


def test_git_that_says_the_same_but_for_ignored_fields_is_no_drift(workspace: Workspace) -> None:
    workspace.write(
        "configsync.toml",
        'ignore = [{address = "profile/*/ai_infra", fields = ["llm_temperature"]}]\n',
    )
    workspace.write("profiles/production.yaml", profile(default=True))
    workspace.ok("apply", "--auto-approve")
    workspace.sql(f"{SET}0.9, llm_max_tokens = 5")
    text = profile(default=True, spec__ai_infra__llm_max_tokens=5)
    workspace.write("profiles/production.yaml", text)
    assert workspace.run("plan", "--detailed-exitcode").code == 0
    assert drift(workspace) == {}


def test_what_a_stranger_wrote_steers_nothing(applied: Workspace) -> None:
    text = "a|b`c @team <b>\u202e\n::error::x"
    applied.sql(f"UPDATE config_profiles SET description = '{text}'")
    for output_format in ("text", "markdown", "html", "junit"):
        out = applied.ok("drift", "-o", output_format).out
        assert "\u202e" not in out
        assert re.search(r"(?m)^\s*::", out) is None
