"""Plan and apply, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from tests.conftest import Workspace
from tests.profiles import profile


def test_apply_then_plan_is_empty(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    applied = workspace.ok("apply", "--auto-approve", "-o", "json").json
    assert applied["revision"] == 1
    assert applied["summary"] == {"create": 5, "update": 0, "delete": 0, "unchanged": 0}
    planned = workspace.ok("plan", "-o", "json", "--detailed-exitcode").json
    assert planned["changes"] == []
    assert planned["summary"]["unchanged"] == 5


def test_a_second_apply_writes_nothing(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("apply", "--auto-approve")
    again = workspace.ok("apply", "--auto-approve", "-o", "json").json
    assert again["revision"] == 1
    assert workspace.sql("SELECT count(*) FROM config_history") == [(5,)]
    assert workspace.sql("SELECT count(*) FROM config_revisions") == [(1,)]


def test_the_spelling_of_a_number_is_no_change(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("apply", "--auto-approve")
    text = profile("a", default=True).replace("0.7", "0.70").replace('"a"', "a")
    workspace.write("profiles/a.yaml", text)
    assert workspace.run("plan", "--detailed-exitcode").code == 0


def test_each_changed_resource_has_one_history_row(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("apply", "--auto-approve")
    workspace.write(
        "profiles/a.yaml",
        profile("a", default=True, spec__ai_infra__llm_temperature=0.25, metadata__description="x"),
    )
    workspace.ok("apply", "--auto-approve", "--actor", "alice")
    entries = workspace.ok("history", "-o", "json").json["entries"]
    newest = [e for e in entries if e["revision"] == 2]
    assert [(e["address"], e["action"], e["changed_by"], e["changes"]) for e in newest] == [
        (
            "profile/a/ai_infra",
            "update",
            "alice",
            {"llm_temperature": {"old": 0.7, "new": 0.25}},
        ),
        ("profile/a", "update", "alice", {"description": {"old": None, "new": "x"}}),
    ]
    assert newest[0]["snapshot"] == {
        "llm_endpoint": "databricks-claude",
        "llm_temperature": 0.25,
        "llm_max_tokens": 60000,
    }
    assert newest[0]["source"] == "apply"


def test_history_outlives_what_it_describes(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.write("profiles/b.yaml", profile("b"))
    workspace.ok("apply", "--auto-approve")
    (workspace.root / "profiles/b.yaml").unlink()
    workspace.ok("apply", "--auto-approve")
    assert workspace.sql("SELECT name FROM config_profiles") == [("a",)]
    entries = workspace.ok("history", "profile/b", "-o", "json").json["entries"]
    assert [e["action"] for e in entries] == ["delete"] * 5 + ["create"] * 5
    ids = workspace.sql("SELECT DISTINCT profile_id FROM config_history WHERE address LIKE '%/b%'")
    assert len(ids) == 1
    assert ids[0][0] is not None


def test_the_default_switches_in_one_apply(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.write("profiles/b.yaml", profile("b"))
    workspace.ok("apply", "--auto-approve")
    workspace.write("profiles/a.yaml", profile("a"))
    workspace.write("profiles/b.yaml", profile("b", default=True))
    applied = workspace.ok("apply", "--auto-approve", "-o", "json").json
    assert [(c["address"], c["action"]) for c in applied["changes"]] == [
        ("profile/a", "update"),
        ("profile/b", "set_default"),
    ]
    assert workspace.sql("SELECT name FROM config_profiles WHERE is_default") == [("b",)]


def test_the_old_default_goes_once_another_is_set(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.write("profiles/b.yaml", profile("b"))
    workspace.ok("apply", "--auto-approve")
    (workspace.root / "profiles/a.yaml").unlink()
    refused = workspace.run("plan", "-o", "json")
    assert refused.code == 4
    assert [d["code"] for d in refused.json["diagnostics"]] == ["CS401"]
    workspace.write("profiles/b.yaml", profile("b", default=True))
    workspace.ok("apply", "--auto-approve")
    assert workspace.sql("SELECT name, is_default FROM config_profiles") in (
        [("b", True)],
        [("b", 1)],
    )


def test_two_profiles_swap_their_names(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.write("profiles/b.yaml", profile("b", spec__mlflow__experiment_name="/b"))
    workspace.ok("apply", "--auto-approve")
    before = dict(workspace.sql("SELECT name, id FROM config_profiles"))
    workspace.write("profiles/a.yaml", profile("b", default=True, metadata__renamed_from="a"))
    workspace.write(
        "profiles/b.yaml",
        profile("a", metadata__renamed_from="b", spec__mlflow__experiment_name="/b"),
    )
    applied = workspace.ok("apply", "--auto-approve", "-o", "json").json
    assert [(c["address"], c["reason"], c["fields"]) for c in applied["changes"]] == [
        ("profile/a", "rename", {"name": {"old": "b", "new": "a"}}),
        ("profile/b", "rename", {"name": {"old": "a", "new": "b"}}),
    ]
    after = dict(workspace.sql("SELECT name, id FROM config_profiles"))
    assert after == {"a": before["b"], "b": before["a"]}
    assert workspace.run("plan", "--detailed-exitcode").code == 0


def test_a_rename_keeps_its_parts_and_takes_a_change(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("apply", "--auto-approve")
    workspace.write(
        "profiles/a.yaml",
        profile("b", default=True, metadata__renamed_from="a", spec__ai_infra__llm_max_tokens=100),
    )
    applied = workspace.ok("apply", "--auto-approve", "-o", "json").json
    assert [(c["address"], c["action"], c["reason"]) for c in applied["changes"]] == [
        ("profile/b", "update", "rename"),
        ("profile/b/ai_infra", "update", "git"),
    ]
    assert workspace.run("plan", "--detailed-exitcode").code == 0
    owned = workspace.sql("SELECT address FROM config_resources ORDER BY address")
    assert {row[0].split("/")[1] for row in owned} == {"b"}


def test_a_name_passes_from_a_deleted_profile_to_a_renamed_one(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.write("profiles/b.yaml", profile("b"))
    workspace.ok("apply", "--auto-approve")
    before = dict(workspace.sql("SELECT name, id FROM config_profiles"))
    (workspace.root / "profiles/a.yaml").unlink()
    workspace.write("profiles/b.yaml", profile("a", default=True, metadata__renamed_from="b"))
    result = workspace.run("apply", "--auto-approve", "-o", "json")
    # The name is live: whether the row of that name is to go is more than the source says.
    assert result.code == 4
    assert [d["code"] for d in result.json["diagnostics"]] == ["CS404"]
    assert dict(workspace.sql("SELECT name, id FROM config_profiles")) == before


def test_the_last_genie_space_stays(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("apply", "--auto-approve")
    workspace.write("profiles/a.yaml", profile("a", default=True, spec__genie_spaces=[]))
    assert workspace.run("validate").code == 1
    assert workspace.sql("SELECT count(*) FROM config_genie_spaces") == [(1,)]


def test_what_nobody_owns_is_reported_and_left(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("apply", "--auto-approve")
    workspace.sql("INSERT INTO config_profiles (name, is_default) VALUES ('manual', false)")
    planned = workspace.ok("plan", "-o", "json", "--detailed-exitcode").json
    assert planned["unmanaged"] == ["profile/manual"]
    assert workspace.sql("SELECT count(*) FROM config_profiles") == [(2,)]


def test_text_reaches_the_database_to_the_byte(workspace: Workspace) -> None:
    text = (
        "ends in blanks  \n\n\ttab, {braces}, ${x}, ```fence```, ≤ ≥ é é \r\n 'quotes\" \\ %s ?\n\n"
    )
    workspace.write("profiles/prompts/system.md", text + "{max_slides}")
    workspace.write(
        "profiles/a.yaml",
        profile("a", default=True, spec__prompts__system_prompt={"$file": "prompts/system.md"}),
    )
    workspace.ok("apply", "--auto-approve")
    stored = workspace.sql("SELECT system_prompt FROM config_prompts")
    assert stored == [(text + "{max_slides}",)]
    assert workspace.run("plan", "--detailed-exitcode").code == 0


def test_a_write_past_configsync_is_on_record_and_reverted(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("apply", "--auto-approve")
    workspace.sql("UPDATE config_ai_infra SET llm_temperature = 0.9")
    planned = workspace.ok("plan", "-o", "json").json
    assert [(c["address"], c["reason"], c["fields"]) for c in planned["changes"]] == [
        ("profile/a/ai_infra", "drift", {"llm_temperature": {"old": 0.9, "new": 0.7}})
    ]
    entry = workspace.ok("history", "--limit", "1", "-o", "json").json["entries"][0]
    assert (entry["source"], entry["address"]) == ("external", "profile/a/ai_infra")
    assert entry["changes"] == {"llm_temperature": {"old": 0.7, "new": 0.9}}
    workspace.ok("apply", "--auto-approve")
    assert workspace.run("plan", "--detailed-exitcode").code == 0


def test_a_deletion_past_configsync_is_on_record_with_the_parts(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.write("profiles/b.yaml", profile("b/c%"))
    workspace.ok("apply", "--auto-approve")
    workspace.sql("DELETE FROM config_profiles WHERE name = 'b/c%'")
    entries = workspace.ok("history", "profile/b%2Fc%25", "-o", "json").json["entries"]
    external = {e["address"]: e["action"] for e in entries if e["source"] == "external"}
    assert external == {
        "profile/b%2Fc%25": "delete",
        "profile/b%2Fc%25/ai_infra": "delete",
        "profile/b%2Fc%25/genie_space/01effebcc2781b6b": "delete",
        "profile/b%2Fc%25/mlflow": "delete",
        "profile/b%2Fc%25/prompts": "delete",
    }
    workspace.ok("apply", "--auto-approve")
    assert workspace.run("plan", "--detailed-exitcode").code == 0


def test_history_follows_a_rename(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.write("profiles/b.yaml", profile("b", spec__ai_infra__llm_max_tokens=7))
    workspace.ok("apply", "--auto-approve", "--actor", "alice")
    workspace.write("profiles/a.yaml", profile("b", default=True, metadata__renamed_from="a"))
    swapped = profile("a", metadata__renamed_from="b", spec__ai_infra__llm_max_tokens=7)
    workspace.write("profiles/b.yaml", swapped)
    workspace.ok("apply", "--auto-approve")
    workspace.write("profiles/b.yaml", swapped.replace("7", "8"))
    workspace.ok("apply", "--auto-approve")

    def entries(address: str) -> list[tuple[int, str, str]]:
        found = workspace.ok("history", address, "-o", "json").json["entries"]
        return [(e["revision"], e["address"], e["action"]) for e in found]

    assert entries("profile/a/ai_infra") == [
        (3, "profile/a/ai_infra", "update"),
        (1, "profile/b/ai_infra", "create"),
    ]
    assert entries("profile/b/ai_infra") == [(1, "profile/a/ai_infra", "create")]
    assert entries("profile/b")[0] == (2, "profile/b", "update")
    assert {a.split("/")[1] for r, a, _ in entries("profile/b") if r == 1} == {"a"}
    explained = workspace.ok("explain", "profile/b/mlflow", "-o", "json").json
    assert explained["fields"]["experiment_name"]["database"]["changed_by"] == "alice"


def test_a_profile_that_was_deleted_by_hand_leaves_no_parts(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("apply", "--auto-approve")
    if workspace.url is None:
        import sqlite3

        # As most programs connect: without foreign keys.
        connection = sqlite3.connect(workspace.root / "configsync.db", isolation_level=None)
        connection.execute("DELETE FROM config_profiles")
        connection.close()
    else:
        workspace.sql("DELETE FROM config_profiles")
    assert workspace.sql("SELECT count(*) FROM config_prompts") == [(0,)]
    entries = workspace.ok("history", "-o", "json").json["entries"]
    assert sorted(e["address"] for e in entries if e["action"] == "delete") == [
        "profile/a",
        "profile/a/ai_infra",
        "profile/a/genie_space/01effebcc2781b6b",
        "profile/a/mlflow",
        "profile/a/prompts",
    ]
    workspace.ok("apply", "--auto-approve")
    assert workspace.run("plan", "--detailed-exitcode").code == 0


def test_what_is_protected_is_not_deleted_with_its_file(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.write("profiles/b.yaml", profile("b"))
    workspace.ok("apply", "--auto-approve")
    workspace.write("profiles/b.yaml", profile("b", metadata__prevent_destroy=True))
    assert "Recorded 5 unchanged" in workspace.ok("apply", "--auto-approve").out
    other = [{"space_id": "another"}]
    text = profile("b", metadata__prevent_destroy=True, spec__genie_spaces=other)
    workspace.write("profiles/b.yaml", text)
    workspace.ok("apply", "--auto-approve")
    (workspace.root / "profiles/b.yaml").unlink()
    refused = workspace.run("apply", "--auto-approve", "-o", "json")
    assert refused.code == 4
    assert [d["code"] for d in refused.json["diagnostics"]] == ["CS406"]
    assert workspace.sql("SELECT count(*) FROM config_profiles") == [(2,)]
    workspace.write("profiles/b.yaml", profile("b", spec__genie_spaces=other))
    workspace.ok("apply", "--auto-approve")
    (workspace.root / "profiles/b.yaml").unlink()
    workspace.ok("apply", "--auto-approve")
    assert workspace.sql("SELECT count(*) FROM config_profiles") == [(1,)]
