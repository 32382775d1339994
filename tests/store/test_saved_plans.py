"""Saved plans: what was reviewed is what is applied, once, or nothing is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Workspace
from tests.profiles import profile
from tests.times import examples

MINE = (
    "UPDATE config_ai_infra SET llm_temperature = 0.11 WHERE profile_id = "
    "(SELECT id FROM config_profiles WHERE name = 'a')"
)


@pytest.fixture
def applied(workspace: Workspace) -> Workspace:
    """Profiles ``a`` (the default), ``b`` and ``c`` in the database."""
    workspace.write("profiles/a.yaml", profile("a", default=True))
    for name in ("b", "c"):
        workspace.write(f"profiles/{name}.yaml", profile(name))
    workspace.ok("apply", "--auto-approve")
    return workspace


def save(workspace: Workspace, *options: str) -> dict[str, Any]:
    workspace.ok("plan", "--out", "the.plan", *options)
    content: dict[str, Any] = json.loads((workspace.root / "the.plan").read_text())
    return content


def live(workspace: Workspace) -> list[tuple[Any, ...]]:
    return workspace.sql("SELECT llm_temperature FROM config_ai_infra ORDER BY profile_id")


def test_a_saved_plan_is_applied_as_it_was_shown_and_once(applied: Workspace) -> None:
    applied.write(
        "profiles/a.yaml", profile("a", default=True, spec__ai_infra__llm_temperature=0.2)
    )
    saved = save(applied)
    shown = applied.ok("show", "the.plan", "-o", "json").json
    assert shown == saved
    done = applied.ok("apply", "the.plan", "-o", "json").json
    assert (done["revision"], done["plan_id"]) == (2, saved["plan_id"])
    assert done["changes"] == saved["changes"]
    again = applied.run("apply", "the.plan")
    assert again.code == 3
    assert "already applied, as revision 2" in again.err
    assert "llm_temperature: 0.7 → 0.2" in applied.ok("show", "the.plan").out


def test_a_plan_from_an_empty_database_is_applied_once(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    save(workspace)
    workspace.ok("apply", "the.plan")
    assert workspace.run("apply", "the.plan").code == 3
    workspace.sql("DELETE FROM config_profiles")
    assert workspace.run("apply", "the.plan").code == 3
    assert workspace.sql("SELECT count(*) FROM config_profiles") == [(0,)]


def test_what_was_deleted_is_created_again_by_a_plan_of_its_own(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.write("profiles/b.yaml", profile("b"))
    first = save(workspace)
    workspace.ok("apply", "the.plan")
    (workspace.root / "profiles/b.yaml").unlink()
    workspace.ok("apply", "--auto-approve")
    workspace.write("profiles/b.yaml", profile("b"))
    second = save(workspace)
    assert second["plan_id"] != first["plan_id"]
    workspace.ok("apply", "the.plan")
    assert workspace.ok("plan", "--detailed-exitcode").code == 0


def test_a_moved_row_makes_a_plan_stale_and_is_named(applied: Workspace) -> None:
    applied.write(
        "profiles/a.yaml", profile("a", default=True, spec__ai_infra__llm_temperature=0.2)
    )
    save(applied)
    applied.sql(MINE)
    before = live(applied)
    stale = applied.run("apply", "the.plan")
    assert stale.code == 3
    assert "profile/a/ai_infra (revision 2, past configsync, by " in stale.err
    assert live(applied) == before
    applied.ok("show", "the.plan")


OTHERS = st.lists(
    st.sampled_from(
        [
            "UPDATE config_ai_infra SET llm_max_tokens = 5 WHERE profile_id = "
            "(SELECT id FROM config_profiles WHERE name = 'b')",
            "UPDATE config_profiles SET description = 'by hand' WHERE name = 'c'",
            "DELETE FROM config_mlflow WHERE profile_id = "
            "(SELECT id FROM config_profiles WHERE name = 'c')",
            "INSERT INTO config_profiles (name, is_default) VALUES ('d', false)",
            "INSERT INTO config_genie_spaces (profile_id, space_id, is_default) "
            "SELECT id, 'more', false FROM config_profiles WHERE name = 'b'",
        ]
    ),
    max_size=4,
    unique=True,
)


@settings(max_examples=examples(3), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(others=OTHERS, number=st.integers(0, 99))
def test_unrelated_changes_do_not_make_a_plan_stale(
    applied: Workspace, others: list[str], number: int
) -> None:
    applied.sql("DELETE FROM config_profiles WHERE name = 'd'")
    applied.sql("DELETE FROM config_genie_spaces WHERE space_id = 'more'")
    applied.ok("apply", "--auto-approve", "--accept-conflicts", "--force")
    text = profile("a", default=True, metadata__description=f"{number} {len(others)}")
    applied.write("profiles/a.yaml", text)
    saved = save(applied)
    for statement in others:
        applied.sql(statement)
    done = applied.ok("apply", "the.plan", "-o", "json").json
    assert done["changes"] == saved["changes"]
    drift = applied.ok("drift", "-o", "json").json["drift"]
    assert "profile/a" not in {d["address"] for d in drift}


def test_other_files_make_a_plan_stale(applied: Workspace) -> None:
    applied.write(
        "profiles/a.yaml", profile("a", default=True, spec__ai_infra__llm_temperature=0.2)
    )
    save(applied)
    applied.write("profiles/b.yaml", profile("b", spec__ai_infra__llm_temperature=0.3))
    stale = applied.run("apply", "the.plan")
    assert stale.code == 3
    assert "made from other files" in stale.err


def test_another_database_is_refused(applied: Workspace, tmp_path: Path) -> None:
    applied.write(
        "profiles/a.yaml", profile("a", default=True, spec__ai_infra__llm_temperature=0.2)
    )
    save(applied)
    applied.url = f"sqlite:///{tmp_path}/other.db"
    assert applied.run("apply", "the.plan").code == 3
    assert applied.ok("history", "-o", "json").json["entries"] == []


def _new_value(plan: dict[str, Any]) -> None:
    plan["changes"][0]["fields"]["llm_temperature"]["new"] = 0.9


def _other_row(plan: dict[str, Any]) -> None:
    plan["changes"][0]["address"] = "profile/b/ai_infra"


def _forced(plan: dict[str, Any]) -> None:
    plan["options"]["force"] = True


def _one_less(plan: dict[str, Any]) -> None:
    plan["changes"].pop()
    plan["summary"]["update"] -= 1


def _commit(plan: dict[str, Any]) -> None:
    plan["source"]["commit"] = "0" * 40


def _new_digest(plan: dict[str, Any]) -> None:
    from configsync.core.values import digest

    _new_value(plan)
    plan["digest"] = digest({k: v for k, v in plan.items() if k != "digest"})


EDITS = [_new_value, _other_row, _forced, _one_less, _commit, _new_digest]


@pytest.mark.parametrize("edit", EDITS, ids=lambda e: e.__name__[1:])
def test_an_edited_plan_is_refused(applied: Workspace, edit: Any) -> None:
    applied.write(
        "profiles/a.yaml", profile("a", default=True, spec__ai_infra__llm_temperature=0.2)
    )
    plan = save(applied)
    edit(plan)
    applied.write("the.plan", json.dumps(plan))
    before = live(applied)
    result = applied.run("apply", "the.plan")
    assert result.code == 4
    assert "was edited" in result.err
    assert live(applied) == before


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a plan file"),
        ("[]", "wrong type"),
        ("{}", "no key"),
        ('{"format_version": 2}', "format version 2"),
        ('{"format_version": 1, "format_version": 1}', "a key stands in it twice"),
        ("[" * 100_000, "not a plan file"),
        ('{"digest": NaN}', "not a plan file"),
        ('{"digest": "\\ud800"}', "not a plan file"),
        (b"\xff\xfe", "not UTF-8"),
    ],
    ids=str,
)
def test_what_is_no_plan_file_is_refused(project: Workspace, text: Any, why: str) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    project.write("the.plan", text)
    for command in ("show", "apply"):
        result = project.run(command, "the.plan")
        assert result.code == 1
        assert why in result.err


def test_unknown_keys_are_refused_wherever_they_stand(project: Workspace) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    plan = save(project)
    for part in (plan, plan["source"], plan["changes"][0], plan["options"]):
        part["more"] = 1
        project.write("the.plan", json.dumps(plan))
        result = project.run("apply", "the.plan")
        assert (result.code, "unknown key more" in result.err) == (1, True)
        del part["more"]


def test_a_plan_with_an_error_is_not_saved(applied: Workspace) -> None:
    applied.sql(MINE)
    applied.write(
        "profiles/a.yaml", profile("a", default=True, spec__ai_infra__llm_temperature=0.2)
    )
    assert applied.run("plan", "--out", "the.plan").code == 4
    assert not (applied.root / "the.plan").exists()


def test_a_saved_plan_brings_its_own_options(applied: Workspace) -> None:
    applied.sql(MINE)
    applied.write(
        "profiles/a.yaml", profile("a", default=True, spec__ai_infra__llm_temperature=0.2)
    )
    save(applied, "--accept-conflicts")
    assert applied.run("apply", "the.plan", "--force").code == 1
    applied.ok("apply", "the.plan")
    assert [float(t) for (t,) in live(applied)] == [0.2, 0.7, 0.7]


def test_a_plan_outlives_a_squash_merge(applied: Workspace) -> None:
    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *arguments]
        done = subprocess.run(command, cwd=applied.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "-q", "-b", "main")
    applied.write(".gitignore", "configsync.db\n.configsync\nthe.plan\n")
    git("add", ".")
    git("commit", "-qm", "first")
    git("checkout", "-qb", "cooler")
    applied.write(
        "profiles/a.yaml", profile("a", default=True, spec__ai_infra__llm_temperature=0.2)
    )
    git("commit", "-qam", "cooler")
    planned = git("rev-parse", "HEAD")
    save(applied)
    git("checkout", "-q", "main")
    assert applied.run("apply", "the.plan").code == 3
    git("merge", "-q", "--squash", "cooler")
    git("commit", "-qm", "cooler, squashed")
    applied.ok("apply", "the.plan")
    assert applied.sql(
        "SELECT commit_id, planned_commit_id FROM config_revisions ORDER BY revision DESC LIMIT 1"
    ) == [(git("rev-parse", "HEAD"), planned)]


@pytest.mark.parametrize("command", [["plan"], ["rollback", "--to", "1"]], ids=["plan", "rollback"])
def test_nothing_but_a_plan_is_overwritten(applied: Workspace, command: list[str]) -> None:
    applied.write("configsync.toml", 'source = "project"\n')
    for name in ("configsync.toml", "profiles/a.yaml", "profiles"):
        result = applied.run(*command, "--out", name)
        assert (result.code, "not overwritten" in result.err) == (1, True)
    assert (applied.root / "configsync.toml").read_text() == 'source = "project"\n'
    for _ in range(2):
        applied.ok(*command, "--out", "the.plan")
