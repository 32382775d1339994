"""``adopt`` reads the database, writes files, and leaves to git what only git has changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import Workspace
from tests.profiles import profile

FILE = "profiles/production.yaml"
TABLES = ("config_profiles", "config_ai_infra", "config_resources", "config_history")


@pytest.fixture
def applied(workspace: Workspace) -> Workspace:
    workspace.write("profiles/a.md", "{max_slides}\n")
    prompt = {"$file": "a.md"}
    workspace.write(FILE, profile(default=True, spec__prompts__system_prompt=prompt))
    workspace.ok("apply", "--auto-approve")
    return workspace


def rows(workspace: Workspace) -> list[object]:
    return [workspace.sql(f"SELECT * FROM {table} ORDER BY id") for table in TABLES[:2]] + [
        workspace.sql("SELECT address, applied, revision FROM config_resources ORDER BY address"),
        workspace.sql("SELECT revision, address FROM config_history ORDER BY id"),
    ]


def test_the_database_is_only_read(applied: Workspace) -> None:
    applied.sql("UPDATE config_ai_infra SET llm_max_tokens = 5")
    before = rows(applied)
    assert applied.ok("adopt", "--all", "-o", "json").json["files"] == [FILE]
    assert rows(applied) == before


def test_what_git_alone_has_changed_stays_a_change_of_git(applied: Workspace) -> None:
    file = applied.root / FILE
    file.write_text(file.read_text().replace("0.7", "0.1").replace("/Shared/slides", "/new"))
    applied.sql("UPDATE config_ai_infra SET llm_max_tokens = 5")
    adopted = applied.ok("adopt", "--all", "-o", "json").json["adopted"]
    assert [list(a["fields"]) for a in adopted] == [["llm_max_tokens"]]
    changes = applied.ok("plan", "-o", "json").json["changes"]
    assert {name: c["fields"][name]["new"] for c in changes for name in c["fields"]} == {
        "llm_temperature": 0.1,
        "experiment_name": "/new",
    }


@pytest.mark.parametrize(
    "text", ["\ufeff{max_slides}\r\n\r\n", "a\rb \t\n\n", " x", "---\n", "é😀\n"]
)
def test_a_text_in_a_file_is_the_live_one_to_the_byte(applied: Workspace, text: str) -> None:
    quoted = "".join(f"chr({ord(c)})||" for c in text).removesuffix("||")
    if applied.url is None:
        quoted = quoted.replace("chr(", "char(")
    applied.sql(f"UPDATE config_prompts SET system_prompt = {quoted}")
    before = (applied.root / FILE).read_bytes()
    applied.ok("adopt", "profile/production/prompts")
    assert (applied.root / "profiles/a.md").read_bytes() == text.encode()
    assert (applied.root / FILE).read_bytes() == before
    assert applied.ok("plan", "-o", "json").json["changes"] == []


def test_all_files_are_written_or_none(applied: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = os.replace

    def failing(source: str, target: Path) -> None:
        if Path(target).name == "production.yaml":
            raise PermissionError(13, "Permission denied", str(target))
        replace(source, target)

    applied.sql("UPDATE config_ai_infra SET llm_max_tokens = 5")
    applied.sql("UPDATE config_prompts SET system_prompt = 'new {max_slides}'")
    before = (applied.root / FILE).read_bytes()
    monkeypatch.setattr(os, "replace", failing)
    result = applied.run("adopt", "--all")
    assert (result.code, result.out) == (1, "")
    assert "can't be written: Permission denied" in result.err
    assert (applied.root / FILE).read_bytes() == before
    assert (applied.root / "profiles/a.md").read_text() == "{max_slides}\n"


def test_there_is_nothing_to_adopt_from_no_database(project: Workspace) -> None:
    project.write(FILE, profile(default=True))
    result = project.run("adopt", "--all")
    assert (result.code, result.out) == (1, "")
    assert "There is no database sqlite:///configsync.db yet." in result.err
    assert not (project.root / "configsync.db").exists()


def test_a_profile_with_another_name_and_another_value_is_not_taken_for_deleted(
    applied: Workspace,
) -> None:
    applied.write("profiles/b.yaml", profile("b", spec__mlflow__experiment_name="/b"))
    applied.ok("apply", "--auto-approve")
    applied.sql("UPDATE config_mlflow SET experiment_name = '/c' WHERE experiment_name = '/b'")
    applied.sql("UPDATE config_profiles SET name = 'c' WHERE name = 'b'")
    adopted = applied.ok("adopt", "--all")
    assert "profile/b is profile/c in the database now. First run: configsync rename" in adopted.err
    assert (applied.root / "profiles/b.yaml").exists()


def test_a_deleted_profile_is_not_taken_for_one_that_was_renamed(applied: Workspace) -> None:
    for name in ("b", "c"):
        applied.write(f"profiles/{name}.yaml", profile(name))
    applied.ok("apply", "--auto-approve")
    applied.sql("DELETE FROM config_profiles WHERE name = 'b'")
    applied.sql("UPDATE config_profiles SET name = 'd' WHERE name = 'c'")
    adopted = applied.ok("adopt", "--all")
    assert "profile/c is profile/d in the database now" in adopted.err
    assert not (applied.root / "profiles/b.yaml").exists()
    assert (applied.root / "profiles/c.yaml").exists()
