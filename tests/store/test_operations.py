"""What keeps an operator from harm: owners, thresholds, selections, commits in order."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tests.conftest import Result, Workspace
from tests.profiles import profile


def codes(result: Result) -> list[str]:
    return [d["code"] for d in result.json["diagnostics"]]


def write(workspace: Workspace, *names: str, **changes: Any) -> None:
    for name in names:
        workspace.write(f"profiles/{name}.yaml", profile(name, default=name == "a", **changes))


# Ownership


@pytest.fixture
def two(workspace: Workspace) -> Workspace:
    """The source ``one`` applied profile ``a``; what follows is of the source ``two``."""
    workspace.write("configsync.toml", 'source = "one"\n')
    write(workspace, "a")
    workspace.ok("apply", "--auto-approve")
    workspace.write("configsync.toml", 'source = "two"\n')
    return workspace


def test_a_row_of_another_source_is_taken_over_only_when_asked(two: Workspace) -> None:
    write(two, "a", spec__ai_infra__llm_temperature=0.2)
    refused = two.run("apply", "--auto-approve", "-o", "json")
    assert (refused.code, codes(refused)) == (4, ["CS405"])
    two.ok("apply", "--auto-approve", "--take-ownership")
    assert two.sql("SELECT DISTINCT owner FROM config_resources") == [("two",)]
    two.write("configsync.toml", 'source = "one"\n')
    assert codes(two.run("plan", "-o", "json")) == ["CS405"]


def test_taking_over_takes_parts_that_the_new_owner_does_not_define(two: Workspace) -> None:
    two.write("configsync.toml", 'source = "one"\n')
    spaces = [{"space_id": "01effebcc2781b6b", "default": True}, {"space_id": "other"}]
    write(two, "a", spec__genie_spaces=spaces)
    two.ok("apply", "--auto-approve")
    two.write("configsync.toml", 'source = "two"\n')
    write(two, "a")
    planned = two.ok("plan", "--take-ownership", "-o", "json").json["changes"]
    assert [(c["action"], c["address"]) for c in planned] == [
        ("delete", "profile/a/genie_space/other")
    ]


def test_what_git_and_the_database_both_gave_up_leaves_the_record(workspace: Workspace) -> None:
    write(workspace, "a", "b")
    workspace.ok("apply", "--auto-approve")
    workspace.sql("DELETE FROM config_profiles WHERE name = 'b'")
    (workspace.root / "profiles/b.yaml").unlink()
    assert "took 5 from the record" in workspace.ok("apply", "--auto-approve").out
    workspace.sql("INSERT INTO config_profiles (name, is_default) VALUES ('b', false)")
    assert workspace.ok("plan", "-o", "json").json["unmanaged"] == ["profile/b"]


def test_an_agreed_change_is_the_base_of_the_next(workspace: Workspace) -> None:
    write(workspace, "a")
    workspace.ok("apply", "--auto-approve")
    workspace.sql("UPDATE config_ai_infra SET llm_temperature = 0.2")
    write(workspace, "a", spec__ai_infra__llm_temperature=0.2)
    assert workspace.ok("drift", "-o", "json").json["drift"] == []
    workspace.ok("apply", "--auto-approve")
    write(workspace, "a", spec__ai_infra__llm_temperature=0.3)
    (change,) = workspace.ok("plan", "-o", "json").json["changes"]
    assert change["reason"] == "git"


# Drift


def test_refresh_only_takes_what_is_live_for_applied(workspace: Workspace) -> None:
    write(workspace, "a")
    workspace.ok("apply", "--auto-approve")
    workspace.sql("UPDATE config_ai_infra SET llm_temperature = 0.2")
    workspace.sql("DELETE FROM config_mlflow")
    shown = workspace.ok("plan", "--refresh-only", "-o", "json").json
    assert shown["changes"] == []
    assert {d["address"]: d["action"] for d in shown["drift"]} == {
        "profile/a/ai_infra": "update",
        "profile/a/mlflow": "delete",
    }
    workspace.ok("apply", "--refresh-only", "--auto-approve")
    assert workspace.ok("drift", "-o", "json").json["drift"] == []
    changes = workspace.ok("plan", "-o", "json").json["changes"]
    assert {c["address"]: (c["action"], c["reason"]) for c in changes} == {
        "profile/a/ai_infra": ("update", "git"),
        "profile/a/mlflow": ("create", "git"),
    }


def test_a_rename_by_hand_is_drift_of_the_name(workspace: Workspace) -> None:
    write(workspace, "a", "b")
    workspace.ok("apply", "--auto-approve")
    row = workspace.sql("SELECT id FROM config_profiles WHERE name = 'b'")
    workspace.sql("UPDATE config_profiles SET name = 'x' WHERE name = 'b'")
    (change,) = workspace.ok("plan", "-o", "json").json["changes"]
    assert change["address"] == "profile/b"
    assert change["fields"] == {"name": {"old": "x", "new": "b"}}
    assert (change["reason"], change["action"]) == ("drift", "update")
    workspace.ok("apply", "--auto-approve")
    assert workspace.sql("SELECT id FROM config_profiles WHERE name = 'b'") == row
    assert workspace.ok("plan", "--detailed-exitcode").code == 0


def test_a_rename_by_hand_can_be_taken_for_applied(workspace: Workspace) -> None:
    write(workspace, "a", "b")
    workspace.ok("apply", "--auto-approve")
    workspace.sql("UPDATE config_profiles SET name = 'x' WHERE name = 'b'")
    workspace.ok("apply", "--refresh-only", "--auto-approve")
    assert workspace.ok("drift", "-o", "json").json == {
        "format_version": 1,
        "drift": [],
        "unmanaged": [],
        "pending": workspace.ok("plan", "--force", "-o", "json").json["changes"],
        "not_installed": [],
        "compared": True,
    }
    owned = workspace.sql("SELECT address FROM config_resources WHERE address LIKE 'profile/x%'")
    assert len(owned) == 5


def test_a_selection_takes_nothing_of_a_profile_that_it_leaves_out(two: Workspace) -> None:
    (two.root / "profiles/a.yaml").unlink()
    two.write("profiles/x.yaml", profile("x", default=True))
    two.write("configsync.toml", 'source = "two"\n')
    asked = ("--take-ownership", "--select", "profile/x/*", "--force", "-o", "json")
    planned = two.run("plan", *asked).json
    assert not [c for c in planned["changes"] if c["address"].startswith("profile/a")]


@pytest.mark.parametrize("renamed", [True, False])
def test_git_renames_or_removes_what_was_renamed_by_hand(
    workspace: Workspace, renamed: bool
) -> None:
    write(workspace, "a", "b")
    workspace.ok("apply", "--auto-approve")
    workspace.sql("UPDATE config_profiles SET name = 'x' WHERE name = 'b'")
    (workspace.root / "profiles/b.yaml").unlink()
    if renamed:
        workspace.write("profiles/c.yaml", profile("c", metadata__renamed_from="b"))
    workspace.ok("apply", "--auto-approve", "--accept-conflicts")
    owned = workspace.sql("SELECT address FROM config_resources WHERE address NOT LIKE '%e/a%'")
    assert len(owned) == (5 if renamed else 0)
    assert all(at.startswith("profile/c") for (at,) in owned)
    again = workspace.ok("plan", "-o", "json").json
    assert (again["changes"], again["records"], again["forgotten"]) == ([], [], [])


def test_a_profile_that_nobody_owns_is_renamed(workspace: Workspace) -> None:
    write(workspace, "a", "b")
    workspace.ok("apply", "--auto-approve")
    workspace.sql("DELETE FROM config_resources")
    (workspace.root / "profiles/b.yaml").unlink()
    workspace.write("profiles/c.yaml", profile("c", metadata__renamed_from="b"))
    workspace.ok("apply", "--auto-approve")
    again = workspace.ok("plan", "-o", "json").json
    assert (again["changes"], again["records"], again["forgotten"]) == ([], [], [])


def test_a_part_that_was_deleted_by_hand_is_not_on_record_after_a_rename(
    workspace: Workspace,
) -> None:
    write(workspace, "a", "b")
    workspace.ok("apply", "--auto-approve")
    workspace.sql("DELETE FROM config_genie_spaces")
    spaces = [{"space_id": "other"}]
    renamed = profile("c", metadata__renamed_from="b", spec__genie_spaces=spaces)
    workspace.write("profiles/b.yaml", renamed)
    workspace.ok("apply", "--auto-approve")
    again = workspace.ok("plan", "-o", "json").json
    assert (again["changes"], again["records"], again["forgotten"]) == ([], [], [])


# Thresholds and protection


def test_much_at_once_needs_force(workspace: Workspace) -> None:
    names = "abcdefgh"
    write(workspace, *names)
    workspace.ok("apply", "--auto-approve")
    for name in names[:3]:
        workspace.write(
            f"profiles/{name}.yaml",
            profile(
                name,
                default=name == "a",
                metadata__description="new",
                spec__mlflow__experiment_name="/new",
                spec__prompts__system_prompt="New {max_slides}",
                spec__ai_infra__llm_temperature=0.1,
            ),
        )
    assert codes(workspace.ok("plan", "-o", "json")) == []  # 12 of 40: 30 %
    write(workspace, "d", metadata__description="one more")
    refused = workspace.run("apply", "--auto-approve", "-o", "json")
    assert (refused.code, codes(refused)) == (4, ["CS408"])
    workspace.ok("apply", "--auto-approve", "--force")


def test_a_target_has_thresholds_of_its_own(workspace: Workspace) -> None:
    write(workspace, *"abcd")
    workspace.ok("apply", "--auto-approve")
    for name in "bcd":
        (workspace.root / f"profiles/{name}.yaml").unlink()
    assert codes(workspace.run("plan", "-o", "json")) == ["CS408"]
    workspace.write("configsync.toml", "[targets.t.policy]\nmax_delete_percent = 80\n")
    workspace.write("configsync.toml", 'source = "project"\n' + open_text(workspace))
    assert codes(workspace.ok("plan", "-o", "json")) == []


def open_text(workspace: Workspace) -> str:
    return (workspace.root / "configsync.toml").read_text()


def test_a_protected_target_takes_saved_plans_only(workspace: Workspace) -> None:
    workspace.write("configsync.toml", 'source = "s"\n[targets.prod.policy]\nprotected = true\n')
    write(workspace, "a")
    refused = workspace.run("apply", "--auto-approve", "-o", "json")
    assert (refused.code, codes(refused)) == (4, ["CS409"])
    workspace.ok("plan", "--out", "the.plan")
    workspace.ok("apply", "the.plan")
    workspace.ok("apply", "--auto-approve")  # Nothing to do is nothing to review.
    write(workspace, "a", spec__ai_infra__llm_temperature=0.2)
    workspace.ok("apply", "--auto-approve", "--force")


# Selections


def test_a_selection_says_what_it_leaves_out(workspace: Workspace) -> None:
    write(workspace, "a", "b", "c")
    workspace.ok("apply", "--auto-approve")
    for name in "ab":
        workspace.write(
            f"profiles/{name}.yaml",
            profile(
                name,
                default=name == "a",
                metadata__labels={"team": name},
                spec__ai_infra__llm_temperature=0,
            ),
        )
    (workspace.root / "profiles/c.yaml").unlink()
    planned = workspace.ok("plan", "--select", "profile/a", "-o", "json").json
    assert [c["address"] for c in planned["changes"]] == ["profile/a/ai_infra"]
    assert "profile/b/ai_infra" in planned["left_out"]
    assert "profile/c" in planned["left_out"]
    assert planned["summary"]["unchanged"] == 8
    by_label = workspace.ok("plan", "--select", "label=team=b", "-o", "json").json
    assert [c["address"] for c in by_label["changes"]] == ["profile/b/ai_infra"]
    workspace.ok("apply", "--auto-approve", "--select", "profile/c*")
    assert workspace.sql("SELECT name FROM config_profiles ORDER BY name") == [("a",), ("b",)]
    assert workspace.sql("SELECT count(*) FROM config_ai_infra WHERE llm_temperature = 0") == [(0,)]


def test_the_labels_of_what_is_gone_are_on_record(workspace: Workspace) -> None:
    write(workspace, "a")
    workspace.write("profiles/b.yaml", profile("b", metadata__labels={"team": "x"}))
    workspace.ok("apply", "--auto-approve")
    (workspace.root / "profiles/b.yaml").unlink()
    planned = workspace.ok("plan", "--select", "label=team:x", "-o", "json").json
    assert planned["summary"]["delete"] == 5


def test_a_selection_of_nothing_is_a_mistake(workspace: Workspace) -> None:
    write(workspace, "a")
    result = workspace.run("plan", "--select", "profile/aa")
    assert result.code == 1
    assert "selects nothing" in result.err


def test_a_selection_keeps_the_database_whole(workspace: Workspace) -> None:
    write(workspace, "a", "b")
    workspace.ok("apply", "--auto-approve")
    workspace.write("profiles/a.yaml", profile("a"))
    workspace.write("profiles/b.yaml", profile("b", default=True))
    workspace.write("profiles/c.yaml", profile("c"))
    half = workspace.run("plan", "--select", "profile/b", "-o", "json")
    assert (half.code, codes(half)) == (4, ["CS410"])
    other_half = workspace.run("plan", "--select", "profile/a", "-o", "json")
    assert (other_half.code, codes(other_half)) == (4, ["CS403"])
    part = workspace.run("plan", "--select", "profile/c/ai_infra", "-o", "json")
    assert (part.code, codes(part)) == (4, ["CS410"])
    workspace.ok("apply", "--auto-approve", "--select", "profile/a", "--select", "profile/b")


def test_a_rename_that_is_not_selected_moves_nothing(workspace: Workspace) -> None:
    write(workspace, "a", "b")
    workspace.ok("apply", "--auto-approve")
    (workspace.root / "profiles/b.yaml").unlink()
    renamed = profile("x", metadata__renamed_from="b", spec__ai_infra__llm_temperature=0.1)
    workspace.write("profiles/x.yaml", renamed)
    write(workspace, "a", spec__ai_infra__llm_temperature=0.1)
    planned = workspace.ok("plan", "--select", "profile/a", "-o", "json").json
    assert [c["address"] for c in planned["changes"]] == ["profile/a/ai_infra"]
    assert planned["left_out"] == ["profile/x", "profile/x/ai_infra"]
    assert planned["summary"]["unchanged"] == 4


# The order of commits


def git(workspace: Workspace, *arguments: str) -> str:
    command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *arguments]
    done = subprocess.run(command, cwd=workspace.root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def commits(workspace: Workspace) -> list[str]:
    """Three commits with temperatures 0.1 to 0.3, checked out at the last."""
    git(workspace, "init", "-q", "-b", "main")
    workspace.write(".gitignore", "configsync.db\n.configsync\n")
    found = []
    for number in (1, 2, 3):
        write(workspace, "a", spec__ai_infra__llm_temperature=number / 10)
        git(workspace, "add", ".")
        git(workspace, "commit", "-qm", f"commit {number}")
        found.append(git(workspace, "rev-parse", "HEAD"))
    return found


def test_an_older_commit_is_refused(workspace: Workspace, commits: list[str]) -> None:
    workspace.ok("apply", "--auto-approve")
    git(workspace, "checkout", "-q", commits[1])
    refused = workspace.run("apply", "--auto-approve")
    assert refused.code == 4
    assert "CS412" in refused.err
    assert "is older than" in refused.err
    workspace.ok("apply", "--auto-approve", "--allow-older")
    git(workspace, "checkout", "-q", commits[2])
    workspace.ok("apply", "--auto-approve")


def test_a_commit_that_changes_nothing_is_on_record_too(
    workspace: Workspace, commits: list[str]
) -> None:
    git(workspace, "checkout", "-q", commits[0])
    workspace.ok("apply", "--auto-approve")
    git(workspace, "checkout", "-q", "main")
    workspace.write(
        "profiles/a.yaml", profile("a", default=True, spec__ai_infra__llm_temperature=0.1)
    )
    git(workspace, "commit", "-qam", "back to 0.1")
    assert "Nothing to do" in workspace.ok("apply", "--auto-approve").out
    git(workspace, "checkout", "-q", commits[1])
    assert workspace.run("apply", "--auto-approve").code == 4


def test_a_diverged_commit_is_refused(workspace: Workspace, commits: list[str]) -> None:
    workspace.ok("apply", "--auto-approve")
    git(workspace, "checkout", "-qb", "other", commits[1])
    write(workspace, "a", spec__ai_infra__llm_temperature=0.9)
    git(workspace, "commit", "-qam", "elsewhere")
    refused = workspace.run("apply", "--auto-approve")
    assert (refused.code, "no descendant" in refused.err) == (4, True)


def test_a_shallow_clone_says_how_to_fetch_more(
    workspace: Workspace, commits: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    workspace.write("configsync.toml", 'source = "s"\n')
    git(workspace, "add", ".")
    git(workspace, "commit", "-qm", "named")
    workspace.ok("apply", "--auto-approve")
    for number in (1, 2):
        write(workspace, "a", spec__ai_infra__llm_temperature=number / 100)
        git(workspace, "commit", "-qam", f"later {number}")
    clone = tmp_path_factory.mktemp("clone") / "shallow"
    command = ["git", "clone", "-q", "--depth", "1", f"file://{workspace.root}", str(clone)]
    subprocess.run(command, check=True, capture_output=True)
    url = workspace.url or f"sqlite:///{workspace.root}/configsync.db"
    refused = workspace.run("apply", "-C", str(clone), "--database", url, "--auto-approve")
    assert refused.code == 4
    assert "git fetch --unshallow" in refused.err
    subprocess.run(["git", "fetch", "-q", "--unshallow"], cwd=clone, check=True)
    workspace.ok("apply", "-C", str(clone), "--database", url, "--auto-approve")


def test_outside_of_git_there_is_no_order(workspace: Workspace) -> None:
    write(workspace, "a")
    workspace.ok("apply", "--auto-approve")
    write(workspace, "a", spec__ai_infra__llm_temperature=0.2)
    workspace.ok("apply", "--auto-approve")
    assert workspace.sql("SELECT * FROM config_owners") == []
