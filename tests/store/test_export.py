"""``export``: what a database holds becomes documents that change nothing."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from dotenv import dotenv_values

from tests.conftest import Workspace
from tests.profiles import profile

AWKWARD = (
    "\ufeffends in blanks  \n\n\ttab, {braces}, ${x}, ```fence```, ≤ e\u0301 é \r\n 'q\" \\ %s ? "
    "\x01\x85\u2028\u202e no newline at the end"
)


def fill(workspace: Workspace, name: str, *, default: bool = False, **texts: str | None) -> None:
    """Put a profile into the tables, past configsync."""
    if workspace.url is None and not (workspace.root / "configsync.db").exists():
        workspace.ok("db", "upgrade")

    def text(key: str, otherwise: str | None) -> str:
        value = texts.get(key, otherwise)
        return "NULL" if value is None else "'" + value.replace("'", "''") + "'"

    workspace.sql(
        "INSERT INTO config_profiles (name, description, is_default) VALUES "
        f"({text('name', name)}, {text('description', None)}, {'true' if default else 'false'})"
    )
    of = f"(SELECT id FROM config_profiles WHERE name = {text('name', name)})"
    workspace.sql(
        "INSERT INTO config_ai_infra (profile_id, llm_endpoint, llm_temperature, llm_max_tokens) "
        f"VALUES ({of}, {text('endpoint', 'databricks-claude')}, 0.70, 60000)"
    )
    workspace.sql(
        "INSERT INTO config_genie_spaces "
        "(profile_id, space_id, space_name, description, is_default) VALUES "
        f"({of}, 'b', {text('space_name', None)}, {text('space_description', None)}, false), "
        f"({of}, 'c', '', '', true)"
    )
    workspace.sql(
        "INSERT INTO config_mlflow (profile_id, experiment_name) "
        f"VALUES ({of}, {text('experiment', '/Shared/x')})"
    )
    workspace.sql(
        "INSERT INTO config_prompts "
        "(profile_id, system_prompt, slide_editing_instructions, user_prompt_template) VALUES "
        f"({of}, {text('system', 'At most {max_slides}.')}, {text('editing', 'Edit.')}, "
        f"{text('user', '{question}')})"
    )


def planned(workspace: Workspace) -> dict[str, object]:
    plan = workspace.ok("plan", "-o", "json").json
    return {"changes": plan["changes"], "unmanaged": plan["unmanaged"]}


def test_a_filled_database_becomes_a_project(workspace: Workspace) -> None:
    fill(workspace, "production", default=True, description="", system="a\nb {max_slides}\n")
    fill(workspace, "team/a: 100 %")
    exported = workspace.ok("export")
    assert exported.out == (
        "Wrote profiles/production.yaml\n"
        "Wrote profiles/production/system_prompt.md\n"
        "Wrote profiles/team-a-100.yaml\n"
        "Wrote schemas/profile.partial.schema.json\n"
        "Wrote schemas/profile.schema.json\n"
        "\n"
        "Next: configsync plan, which has nothing to change\n"
    )
    assert (workspace.root / "profiles/production.yaml").read_text() == (
        "# yaml-language-server: $schema=../schemas/profile.schema.json\n"
        "apiVersion: configsync/v1\n"
        "kind: Profile\n"
        "metadata:\n"
        "  name: production\n"
        '  description: ""\n'
        "spec:\n"
        "  default: true\n"
        "  ai_infra:\n"
        "    llm_endpoint: databricks-claude\n"
        "    llm_temperature: 0.7\n"
        "    llm_max_tokens: 60000\n"
        "  genie_spaces:\n"
        "    - space_id: c\n"
        '      space_name: ""\n'
        '      description: ""\n'
        "      default: true\n"
        "    - space_id: b\n"
        "  mlflow:\n"
        "    experiment_name: /Shared/x\n"
        "  prompts:\n"
        "    system_prompt: {$file: production/system_prompt.md}\n"
        "    slide_editing_instructions: Edit.\n"
        '    user_prompt_template: "{question}"\n'
    )
    assert planned(workspace) == {"changes": [], "unmanaged": []}
    # From here on git rules: applying records whose it is, and a change is one.
    workspace.ok("apply", "--auto-approve")
    workspace.sql("UPDATE config_ai_infra SET llm_temperature = 0.1")
    reasons = {c["reason"] for c in workspace.ok("plan", "-o", "json").json["changes"]}
    assert reasons == {"drift"}


def test_texts_come_out_to_the_byte(workspace: Workspace) -> None:
    fill(
        workspace, "a", system=f"{AWKWARD}{{max_slides}}", description=AWKWARD, user="{question}\n"
    )
    workspace.ok("export")
    written = (workspace.root / "profiles/a/system_prompt.md").read_bytes()
    assert written == f"{AWKWARD}{{max_slides}}".encode()
    assert planned(workspace)["changes"] == []


def test_null_and_empty_text_stay_apart(workspace: Workspace) -> None:
    fill(workspace, "a", default=True, description="", space_name=None, space_description="")
    fill(workspace, "b", description=None, space_name="", space_description=None)
    workspace.ok("export")
    assert planned(workspace)["changes"] == []
    file = workspace.root / "profiles/a.yaml"
    file.write_text(file.read_text().replace('  description: ""\n', "", 1))
    (change,) = workspace.ok("plan", "-o", "json").json["changes"]
    assert change["fields"] == {"description": {"old": "", "new": None}}


@pytest.mark.parametrize(
    "name",
    [
        "yes",
        "null",
        "1e3",
        "a/b%2F",
        "日本 語",
        "'\"\\",
        "x" * 100,
        "é" * 100,
        "#",
        ".",
        "a\x01b",
        "{x}",
    ],
)
def test_any_name_that_is_one_comes_back(workspace: Workspace, name: str) -> None:
    fill(workspace, name)
    workspace.ok("export")
    assert planned(workspace) == {"changes": [], "unmanaged": []}


def test_what_no_document_can_say_is_named_and_the_rest_exported(workspace: Workspace) -> None:
    fill(workspace, "good", default=True)
    fill(workspace, "Good")
    fill(workspace, " blank")
    fill(workspace, "template", user="{user_message}")
    workspace.sql("INSERT INTO config_profiles (name, is_default) VALUES ('bare', false)")
    fill(workspace, "spaces")
    workspace.sql(
        "UPDATE config_genie_spaces SET is_default = false "
        "WHERE profile_id = (SELECT id FROM config_profiles WHERE name = 'spaces')"
    )
    result = workspace.run("export")
    assert result.code == 1
    assert [f.name for f in (workspace.root / "profiles").iterdir()] == ["Good.yaml"]
    said = re.findall(
        r"^error\[(\w+)\]: (.*) can't be written as a valid document: ", result.err, re.MULTILINE
    )
    assert sorted(said) == [
        ("CS162", "profile/bare"),
        ("CS162", "profile/bare"),
        ("CS162", "profile/bare"),
        ("CS162", "profile/bare"),
        ("CS165", "profile/ blank"),
        ("CS206", "profile/template"),
        ("CS208", "profile/spaces"),
        ("CS210", "profile/good"),
    ]
    workspace.ok("validate")
    assert planned(workspace)["changes"] == []


def test_protection_outlives_an_export(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True, metadata__prevent_destroy=True))
    workspace.ok("apply", "--auto-approve")
    (workspace.root / "profiles/a.yaml").unlink()
    workspace.ok("export")
    assert "  prevent_destroy: true\n" in (workspace.root / "profiles/a.yaml").read_text()
    assert workspace.ok("plan").out == (
        "Plan: 0 to create, 0 to update, 0 to delete, 5 unchanged.\n"
    )


def test_another_owner_is_named(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.write("configsync.toml", 'source = "app"\n')
    workspace.ok("apply", "--auto-approve")
    shutil.rmtree(workspace.root / "profiles")
    workspace.write("configsync.toml", 'source = "mine"\n')
    result = workspace.ok("export")
    assert "Note: app owns some of this, and this source is mine" in result.err


def test_an_address_selects_whole_documents(workspace: Workspace) -> None:
    for name in ("prod-a", "prod-b", "staging"):
        fill(workspace, name)
    workspace.ok("export", "profile/prod*/mlflow")
    assert sorted(f.name for f in (workspace.root / "profiles").iterdir()) == [
        "prod-a.yaml",
        "prod-b.yaml",
    ]
    nothing = workspace.run("export", "profile/nothing")
    assert nothing.code == 1
    assert "has the address profile/nothing" in nothing.err


def test_nothing_to_export_is_an_error(workspace: Workspace) -> None:
    workspace.ok("db", "upgrade")
    result = workspace.run("export")
    assert result.code == 1
    assert "is there to export" in result.err


def test_documents_are_printed_whole(workspace: Workspace) -> None:
    fill(workspace, "a", default=True, system="one\n  two  \n{max_slides}\n", editing=AWKWARD)
    fill(workspace, "b")
    result = workspace.ok("export", "--out", "-")
    assert list((workspace.root / "profiles").iterdir()) == []
    assert "    system_prompt: |\n      one\n        two  \n" in result.out
    assert result.err == ""
    assert not {c for c in result.out if ord(c) < 32 or c in "\x85\u202e\ufeff"} - {"\n"}
    workspace.write("profiles/all.yaml", result.out)
    assert workspace.ok("validate", "-o", "json").json["summary"]["documents"] == 2
    assert planned(workspace)["changes"] == []


def test_nothing_is_overwritten_unless_told_to(workspace: Workspace) -> None:
    fill(workspace, "a", default=True, system="x\ny {max_slides}")
    fill(workspace, "b")
    mine = workspace.write("profiles/b.yaml", profile("b", spec__ai_infra__llm_max_tokens=1))
    refused = workspace.run("export")
    assert refused.code == 1
    assert "profiles/b.yaml exists already" in refused.err
    assert [f.name for f in (workspace.root / "profiles").iterdir()] == ["b.yaml"]
    other = workspace.write("profiles/notes.txt", "mine")
    workspace.ok("export", "--force")
    assert other.read_text() == "mine"
    assert "llm_max_tokens: 60000" in mine.read_text()
    assert planned(workspace)["changes"] == []
    again = workspace.ok("export")
    assert again.out.startswith("3 files were so already.\n")


def test_a_document_elsewhere_that_defines_the_same_is_in_the_way(workspace: Workspace) -> None:
    fill(workspace, "a", default=True)
    workspace.write("profiles/mine.yaml", profile("A"))
    result = workspace.run("export", "--force")
    assert result.code == 1
    assert "profile/a is defined already, in profiles/mine.yaml:5:13." in result.err
    workspace.write("profiles/mine.yaml", profile("other", default=True))
    result = workspace.run("export")
    assert "profile/a is the default in the database, and other in" in result.err
    assert [f.name for f in (workspace.root / "profiles").iterdir()] == ["mine.yaml"]
    elsewhere = workspace.ok("export", "--out", "found/here")
    assert "Wrote found/here/a.yaml\n" in elsewhere.out
    assert "Next: put them into profiles" in elsewhere.out


def test_a_disk_that_refuses_leaves_nothing_behind(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(workspace, "a", default=True)
    workspace.ok("export")
    before = (workspace.root / "profiles/a.yaml").read_bytes()
    workspace.sql("UPDATE config_ai_infra SET llm_max_tokens = 1")
    fill(workspace, "b")
    # A folder where a file is to be: the second of the two can't be written.
    (workspace.root / "profiles/b.yaml").mkdir()
    result = workspace.run("export", "--force")
    assert result.code == 1
    assert "can't be written" in result.err
    assert (workspace.root / "profiles/a.yaml").read_bytes() == before


def test_values_that_sqlite_lets_in_are_named(project: Workspace) -> None:
    fill(project, "a")
    project.sql("UPDATE config_ai_infra SET llm_temperature = 0.755, llm_max_tokens = 'many'")
    result = project.run("export")
    assert result.code == 1
    assert "error[CS201]: profile/a can't be written" in result.err
    assert "error[CS160]: profile/a can't be written" in result.err


def test_values_reach_applications_to_the_byte(workspace: Workspace) -> None:
    fill(workspace, "a/b", system=AWKWARD)
    name = "PROMPTS_SYSTEM_PROMPT"
    script = workspace.ok("export", "profile/a%2Fb", "-o", "env").out
    command = f'eval "$1"; printf %s "${name}"'
    shell = subprocess.run(["sh", "-c", command, "sh", script], capture_output=True, check=True)
    assert shell.stdout == AWKWARD.encode()
    workspace.ok("export", "profile/a%2Fb", "-o", "dotenv", "--out", ".env")
    assert dotenv_values(workspace.root / ".env", interpolate=False)[name] == AWKWARD
    printed = workspace.ok("export", "-o", "json")
    assert printed.json["roots"]["profile/a%2Fb"]["prompts"]["system_prompt"] == AWKWARD
    assert not re.search("[\x7f-\x9f\u2028\u202e]", printed.out)


def test_a_file_of_values_is_for_its_owner_only(workspace: Workspace) -> None:
    fill(workspace, "a")
    file = workspace.write("values.json", "")
    file.chmod(0o644)
    workspace.ok("export", "-o", "json", "--out", file.name, "--force")
    assert file.stat().st_mode & 0o777 == 0o600
    assert "profile/a" in file.read_text(encoding="utf-8")
    assert [f.name for f in workspace.root.glob(".*.new")] == []
