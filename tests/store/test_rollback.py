"""Rollback: back to what was, as a new revision, and held until git agrees."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from configsync.kinds import resource_types
from configsync.store.read import read_live
from tests.conftest import Workspace
from tests.profiles import profile
from tests.times import examples

APPLY = ("apply", "--auto-approve", "--force", "--accept-conflicts")
BACK = ("rollback", "--auto-approve", "--force", "--accept-conflicts")


def live(workspace: Workspace) -> dict[str, Any]:
    with workspace.database.reading() as transaction:
        state = read_live(transaction, resource_types().values())
    return {at: resource.values for at, resource in state.items()}


def write(workspace: Workspace, *names: str, **changes: Any) -> None:
    for name in names:
        workspace.write(f"profiles/{name}.yaml", profile(name, default=name == "a", **changes))


def test_a_deleted_profile_comes_back_with_its_parts(workspace: Workspace) -> None:
    write(workspace, "a", "b")
    workspace.ok(*APPLY)
    before = live(workspace)
    (workspace.root / "profiles/b.yaml").unlink()
    workspace.ok(*APPLY)
    shown = workspace.ok("rollback", "--to", "1", "--out", "back.plan", "-o", "json").json
    assert shown["summary"] == {"create": 5, "update": 0, "delete": 0, "unchanged": 5}
    assert len(live(workspace)) == 5
    done = workspace.ok(*BACK, "--to", "1", "-o", "json").json
    assert (done["revision"], done["options"]["to_revision"]) == (3, 1)
    assert live(workspace) == before
    newest = workspace.ok("history", "-o", "json", "--limit", "5").json["entries"]
    assert {e["source"] for e in newest} == {"rollback"}
    owned = workspace.sql("SELECT count(*) FROM config_resources WHERE owner = 'project'")
    assert owned == [(10,)]


def test_a_saved_rollback_is_applied_once(workspace: Workspace) -> None:
    write(workspace, "a")
    workspace.ok(*APPLY)
    write(workspace, "a", spec__ai_infra__llm_temperature=0.2)
    workspace.ok(*APPLY)
    workspace.ok("rollback", "--to", "1", "--out", "back.plan")
    workspace.ok("apply", "back.plan")
    assert workspace.sql("SELECT source, to_revision FROM config_revisions WHERE revision = 3") == [
        ("rollback", 1)
    ]
    assert workspace.run("apply", "back.plan").code == 3


def test_a_saved_rollback_goes_stale_as_any_plan_does(workspace: Workspace) -> None:
    write(workspace, "a")
    workspace.ok(*APPLY)
    write(workspace, "a", spec__ai_infra__llm_temperature=0.2)
    workspace.ok(*APPLY)
    workspace.ok("rollback", "--to", "1", "--out", "back.plan")
    workspace.sql("UPDATE config_ai_infra SET llm_temperature = 0.3")
    assert workspace.run("apply", "back.plan").code == 3


def test_a_renamed_profile_gets_its_name_back_and_keeps_its_row(workspace: Workspace) -> None:
    write(workspace, "a", "b")
    workspace.ok(*APPLY)
    before = live(workspace)
    row = workspace.sql("SELECT id FROM config_profiles WHERE name = 'b'")
    (workspace.root / "profiles/b.yaml").unlink()
    write(workspace, "x", metadata__renamed_from="b", spec__mlflow__experiment_name="/x")
    workspace.ok(*APPLY)
    workspace.ok(*BACK, "--to", "1")
    assert live(workspace) == before
    assert workspace.sql("SELECT id FROM config_profiles WHERE name = 'b'") == row
    assert workspace.ok("history", "verify").code == 0


def test_what_nobody_manages_or_another_source_owns_stays(workspace: Workspace) -> None:
    write(workspace, "a")
    workspace.ok(*APPLY)
    workspace.sql("INSERT INTO config_profiles (name, is_default) VALUES ('by hand', false)")
    workspace.write("other/configsync.toml", 'source = "other"\n')
    workspace.write("other/profiles/o.yaml", profile("o"))
    url = workspace.url or f"sqlite:///{workspace.root}/configsync.db"
    workspace.ok("apply", "-C", "other", "--database", url, "--auto-approve")
    write(workspace, "a", spec__ai_infra__llm_temperature=0.2)
    workspace.ok(*APPLY)
    changes = workspace.ok("rollback", "--to", "1", "--out", "p", "-o", "json").json["changes"]
    assert [c["address"] for c in changes] == ["profile/a/ai_infra"]


def test_a_time_means_the_newest_revision_then(workspace: Workspace) -> None:
    write(workspace, "a")
    workspace.ok(*APPLY)
    write(workspace, "a", spec__ai_infra__llm_temperature=0.2)
    workspace.ok(*APPLY)
    entries = workspace.ok("history", "-o", "json").json["entries"]
    first = min(e["timestamp"] for e in entries)
    planned = workspace.ok("rollback", "--to", first, "--out", "p", "-o", "json").json
    assert planned["options"]["to_revision"] == 1
    assert workspace.run("rollback", "--to", "9", "--auto-approve").code == 1
    assert workspace.run("rollback", "--to", "1999-01-01", "--auto-approve").code == 1


def test_what_is_selected_goes_back_and_the_rest_stays(workspace: Workspace) -> None:
    write(workspace, "a", "b")
    workspace.ok(*APPLY)
    write(workspace, "a", "b", spec__ai_infra__llm_temperature=0.2)
    workspace.ok(*APPLY)
    done = workspace.ok(*BACK, "--to", "1", "--select", "profile/b", "-o", "json").json
    assert [c["address"] for c in done["changes"]] == ["profile/b/ai_infra"]
    assert done["left_out"] == ["profile/a/ai_infra"]


def git(workspace: Workspace, *arguments: str) -> str:
    command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *arguments]
    done = subprocess.run(command, cwd=workspace.root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def rolled_back(workspace: Workspace) -> Workspace:
    """Two commits are applied, and the second is rolled back."""
    git(workspace, "init", "-q", "-b", "main")
    workspace.write(".gitignore", "configsync.db\n.configsync\n")
    for number in (1, 2):
        write(workspace, "a", spec__ai_infra__llm_temperature=number / 10)
        git(workspace, "add", ".")
        git(workspace, "commit", "-qm", f"commit {number}")
        workspace.ok(*APPLY)
    workspace.ok(*BACK, "--to", "1")
    return workspace


def test_the_commit_that_was_rolled_back_is_held(rolled_back: Workspace) -> None:
    refused = rolled_back.run(*APPLY)
    assert refused.code == 4
    assert "CS411" in refused.err
    assert "was rolled back" in refused.err
    git(rolled_back, "checkout", "-q", "HEAD~1")
    write(rolled_back, "a", spec__ai_infra__llm_temperature=0.3)
    assert rolled_back.run(*APPLY).code == 4
    rolled_back.ok(*APPLY, "--allow-older")


def test_a_newer_commit_ends_the_hold(rolled_back: Workspace) -> None:
    git(rolled_back, "revert", "--no-edit", "HEAD")
    assert "Nothing to do" in rolled_back.ok(*APPLY).out
    held = "SELECT held_commit_id FROM config_owners"
    assert rolled_back.sql(held) == [(None,)]
    write(rolled_back, "a", spec__ai_infra__llm_temperature=0.4)
    git(rolled_back, "commit", "-qam", "another")
    rolled_back.ok(*APPLY)


def test_a_rollback_is_written_into_git_too(rolled_back: Workspace) -> None:
    write(rolled_back, "a", spec__ai_infra__llm_temperature=0.3)
    write(rolled_back, "b")
    git(rolled_back, "add", ".")
    git(rolled_back, "commit", "-qm", "commit 3")
    rolled_back.ok(*APPLY)
    rolled_back.ok(*BACK, "--to", "3", "--write")
    assert "0.1" in (rolled_back.root / "profiles/a.yaml").read_text()
    assert not (rolled_back.root / "profiles/b.yaml").exists()
    assert rolled_back.ok("plan", "--detailed-exitcode").code == 0
    git(rolled_back, "add", ".")
    git(rolled_back, "commit", "-qm", "what was rolled back to")
    rolled_back.ok(*APPLY)


STATES = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 9), min_size=1),
    min_size=2,
    max_size=5,
)


@settings(max_examples=examples(4), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=STATES, data=st.data())
def test_any_revision_can_be_gone_back_to(
    workspace: Workspace, states: list[dict[str, int]], data: st.DataObject
) -> None:
    seen: list[tuple[int, dict[str, Any]]] = []
    for state in states:
        for name in "abc":
            (workspace.root / f"profiles/{name}.yaml").unlink(missing_ok=True)
        for name, number in state.items():
            text = profile(
                name,
                default=name == min(state),
                spec__ai_infra__llm_temperature=number / 10,
                spec__genie_spaces=[{"space_id": f"s{number % 2}"}],
            )
            workspace.write(f"profiles/{name}.yaml", text)
        revision = workspace.ok(*APPLY, "-o", "json").json["revision"]
        seen.append((revision, live(workspace)))
    revision, then = data.draw(st.sampled_from(seen))
    workspace.ok(*BACK, "--to", str(revision))
    assert live(workspace) == then
    again = workspace.ok(*BACK, "--to", str(revision), "-o", "json").json
    assert again["changes"] == []
