"""``set``, ``duplicate``, ``rename`` and ``set-default``: files before and after."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from configsync.core.errors import ConfigsyncError
from configsync.edit.draft import Draft
from configsync.source.project import find_project
from tests.conftest import Workspace

PRODUCTION = """\
# yaml-language-server: $schema=../schemas/profile.schema.json
apiVersion: configsync/v1
kind: Profile
metadata:
  name: production  # as users meet it
spec:
  default: true
  ai_infra: {llm_endpoint: databricks-claude, llm_temperature: 0.7, llm_max_tokens: 60000}
  genie_spaces:
    # the one
    - space_id: 01effebcc2781b6b
      description: Usage  # all of it
  mlflow: {experiment_name: /Shared/slides}
  prompts:
    system_prompt: {$file: prompts/system.md}  # long
    slide_editing_instructions: |
      Return only the slides that change.

    user_prompt_template: "{question}"
"""
DEVELOPMENT = PRODUCTION.replace("production", "development").replace("  default: true\n", "")
FILE, OTHER = "profiles/production.yaml", "profiles/development.yaml"
PROMPT = "profiles/prompts/system.md"


@pytest.fixture
def workspace(project: Workspace) -> Workspace:
    project.write(FILE, PRODUCTION)
    project.write(OTHER, DEVELOPMENT)
    project.write(PROMPT, "Make at most {max_slides} slides.\n")
    project.ok("validate")
    return project


def text(workspace: Workspace, file: str = FILE) -> str:
    return (workspace.root / file).read_bytes().decode()


def test_set_changes_the_value_and_shows_it(workspace: Workspace) -> None:
    result = workspace.ok("set", "profile/production", "ai_infra.llm_temperature=0.8")
    assert text(workspace) == PRODUCTION.replace("0.7", "0.8")
    assert result.out.startswith(f"--- a/{FILE}\n+++ b/{FILE}\n@@")
    assert "\n-  ai_infra: {llm_endpoint: databricks-claude, llm_temperature: 0.7," in result.out
    assert "\n+  ai_infra: {llm_endpoint: databricks-claude, llm_temperature: 0.8," in result.out


def test_set_several_fields_at_once(workspace: Workspace) -> None:
    workspace.ok(
        "set",
        "profile/production",
        "genie_spaces[01effebcc2781b6b].description=Usage #1: all",
        "genie_spaces[0].space_name=yes",
        "metadata.description='by team'",
        'spec.prompts.user_prompt_template="Q: {question}\\nA:\\n"',
    )
    assert text(workspace) == (
        PRODUCTION.replace(
            "description: Usage ", 'space_name: "yes"\n      description: "Usage #1: all" '
        )
        .replace("meet it\n", "meet it\n  description: by team\n")
        .replace('"{question}"', "|\n      Q: {question}\n      A:")
    )


def test_what_is_edited_stands_as_fmt_has_it(workspace: Workspace) -> None:
    workspace.ok("fmt")
    workspace.ok("set", "profile/production", "genie_spaces[0].space_name=x", "metadata.labels={}")
    workspace.ok("rename", "profile/production", "live")
    workspace.ok("fmt", "--check")
    assert "  renamed_from: production\n" in text(workspace)


def test_null_and_unset_remove(workspace: Workspace) -> None:
    workspace.ok("set", "profile/production", "metadata.labels={team: x, area: eu}")
    workspace.ok("set", "profile/production", "metadata.labels.team=null")
    assert "  labels:\n    area: eu\n" in text(workspace)
    workspace.ok("set", "profile/production", "--unset", "metadata.labels")
    assert text(workspace) == PRODUCTION
    result = workspace.run("set", "profile/production", "--unset", "metadata.labels")
    assert (result.code, result.err) == (1, f"Error: metadata.labels is not set in {FILE}.\n")


def test_nothing_to_change(workspace: Workspace) -> None:
    result = workspace.ok("set", "profile/production", "ai_infra.llm_temperature=0.70")
    assert (result.out, result.err) == ("", "Nothing to change.\n")


def test_a_dry_run_shows_and_writes_nothing(workspace: Workspace) -> None:
    result = workspace.ok("set", "profile/production", "ai_infra.llm_max_tokens=9", "--dry-run")
    assert "llm_max_tokens: 9}" in result.out
    assert text(workspace) == PRODUCTION


@pytest.mark.parametrize(
    ("assignment", "found"),
    [
        ("ai_infra.llm_temperature=3", "error[CS201]"),
        ("ai_infra.llm_temprature=0.3", "unknown key llm_temprature"),
        ("spec.mlflow=null", "mlflow"),
        ("genie_spaces=[]", "error[CS"),
        ("prompts.system_prompt={$file: absent.md}", "absent.md"),
        ("mlflow={$var: nothing}", "the target has no variable nothing"),
    ],
)
def test_an_edit_that_brings_errors_is_not_made(
    workspace: Workspace, assignment: str, found: str
) -> None:
    result = workspace.run("set", "profile/production", assignment)
    assert result.code == 1
    assert found in result.out
    assert result.err.startswith("Nothing was written")
    assert text(workspace) == PRODUCTION


def test_the_errors_there_were_before_are_no_obstacle(workspace: Workspace) -> None:
    broken = DEVELOPMENT.replace("0.7", "7").replace("/Shared/slides", "slides")
    workspace.write(OTHER, broken)
    workspace.ok("set", "profile/production", "ai_infra.llm_max_tokens=9")
    workspace.ok("set", "profile/development", "ai_infra.llm_temperature=0.2")
    assert text(workspace, OTHER) == broken.replace("temperature: 7", "temperature: 0.2")


def test_text_from_a_file(workspace: Workspace) -> None:
    workspace.write("notes/new.txt", "One: {x}\n\n  two # three\n")
    workspace.ok("set", "profile/production", "prompts.slide_editing_instructions=@notes/new.txt")
    assert text(workspace) == PRODUCTION.replace(
        "Return only the slides that change.", "One: {x}\n\n        two # three"
    )
    result = workspace.run("set", "profile/production", "metadata.description=@absent")
    assert result.code == 1
    assert 'Text that begins with @ goes in quotes: "@absent".' in result.err


def test_a_text_in_a_file_is_changed_there(workspace: Workspace) -> None:
    file = workspace.root / PROMPT
    file.chmod(0o640)
    result = workspace.ok("set", "profile/production", "prompts.system_prompt=At most {max_slides}")
    assert file.read_bytes() == b"At most {max_slides}"
    assert file.stat().st_mode & 0o777 == 0o640
    assert text(workspace) == PRODUCTION
    assert "\\ No newline at end of file\n" in result.out
    assert result.err == f"Note: {PROMPT} is also a text of profile/development.\n"
    result = workspace.run("set", "profile/production", "prompts.system_prompt=5")
    assert "takes only text" in result.err


def test_another_reference_is_set_in_the_document(workspace: Workspace) -> None:
    workspace.write("profiles/prompts/other.md", "Other {max_slides}\n")
    workspace.ok("set", "profile/production", "prompts.system_prompt={$file: prompts/other.md}")
    assert text(workspace) == PRODUCTION.replace("system.md", "other.md")


def test_a_file_behind_a_link_is_not_written(workspace: Workspace, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("mine\n")
    (workspace.root / "profiles/link.md").symlink_to(outside)
    workspace.write(FILE, PRODUCTION.replace("prompts/system.md", "link.md"))
    result = workspace.run("set", "profile/production", "prompts.system_prompt=x")
    assert (result.code, outside.read_text()) == (1, "mine\n")
    assert "link.md, which spec.prompts.system_prompt refers to, can't be written" in result.err


def test_a_variable_is_not_set_in_the_document(workspace: Workspace) -> None:
    workspace.write("configsync.toml", "[targets.prod.vars]\nendpoint = 'x'\n")
    workspace.write(FILE, PRODUCTION.replace("databricks-claude,", "{$var: endpoint},"))
    result = workspace.run("set", "profile/production", "ai_infra.llm_endpoint=y")
    assert result.code == 1
    assert "spec.ai_infra.llm_endpoint is the variable endpoint of the target" in result.err
    assert "targets.NAME.vars in configsync.toml" in result.err


def test_an_edit_holds_for_every_target(workspace: Workspace) -> None:
    workspace.write(
        "configsync.toml", "[targets.dev.vars]\nx = 0.5\n[targets.prod.vars]\ny = 0.5\n"
    )
    field = "ai_infra.llm_temperature={$var: x}"
    result = workspace.run("set", "profile/production", field)
    assert (result.code, text(workspace)) == (1, PRODUCTION)
    workspace.ok("set", "profile/production", field, "--target", "dev")
    assert "llm_temperature: {$var: x}" in text(workspace)


@pytest.mark.parametrize(
    ("address", "field", "found"),
    [
        ("profile/prodction", "default=true", "Did you mean profile/production?"),
        ("profile/production/ai_infra", "default=true", "is not the address of a document"),
        ("nothing/x", "default=true", "is not the address of a document"),
        ("profile/production", "metadata.name=x", "configsync rename"),
        ("profile/production", "ai_infra", "FIELD=VALUE"),
        ("profile/production", "genie_spaces[x].default=true", "has no item x"),
        ("profile/production", "mlflow=@", "Text that begins with @"),
        ("profile/production", "mlflow={x}", "put it in quotes"),
    ],
)
def test_wrong_use(workspace: Workspace, address: str, field: str, found: str) -> None:
    result = workspace.run("set", address, field)
    assert result.code == 1
    assert found in result.err
    assert text(workspace) == PRODUCTION


def test_what_can_not_be_edited_says_where(workspace: Workspace) -> None:
    workspace.write(FILE, PRODUCTION.replace("0.7", "&warm 0.7"))
    result = workspace.run("set", "profile/production", "ai_infra.llm_temperature=0.8")
    assert result.code == 1
    assert f"{FILE}: spec.ai_infra.llm_temperature (line 8) can't be edited here" in result.err


def test_duplicate_takes_the_comments_along(workspace: Workspace) -> None:
    workspace.ok("duplicate", "profile/production", "staging")
    copy = PRODUCTION.replace("production", "staging").replace("  default: true\n", "")
    assert text(workspace, "profiles/staging.yaml") == copy
    assert text(workspace) == PRODUCTION


def test_duplicate_into_another_folder_names_the_same_texts(workspace: Workspace) -> None:
    workspace.ok("duplicate", "profile/production", "b", "--file", "profiles/teams/x/b.yaml")
    copy = text(workspace, "profiles/teams/x/b.yaml")
    assert "system_prompt: {$file: ../../prompts/system.md}  # long\n" in copy
    assert copy.startswith("# yaml-language-server: $schema=../../../schemas/profile.schema.json\n")


def test_duplicate_one_document_of_several(workspace: Workspace) -> None:
    (workspace.root / OTHER).unlink()
    renamed = DEVELOPMENT.replace("  name", "  renamed_from: old\n  name")
    workspace.write(FILE, f"{PRODUCTION}---\n{renamed}")
    workspace.ok("duplicate", "profile/development", "staging")
    copy = DEVELOPMENT.replace("development", "staging")
    assert text(workspace, "profiles/staging.yaml") == f"---\n{copy}"


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["development"], "There is a Profile development already, in profiles/development.yaml"),
        (["x", "--file", FILE], "exists already"),
        (["x", "--file", "elsewhere/x.yaml"], "would not be read"),
        (["x", "--file", "profiles/x.md"], "would not be read"),
        (["x", "--file", "../x.yaml"], "would not be read"),
    ],
)
def test_duplicate_overwrites_nothing(
    workspace: Workspace, arguments: list[str], found: str
) -> None:
    result = workspace.run("duplicate", "profile/production", *arguments)
    assert result.code == 1
    assert found in result.err


def test_rename_keeps_identity(workspace: Workspace) -> None:
    workspace.ok("rename", "profile/production", "live")
    assert text(workspace) == PRODUCTION.replace(
        "name: production  # as users meet it\n",
        "name: live  # as users meet it\n  renamed_from: production\n",
    )
    result = workspace.ok("rename", "profile/live", "prod")
    assert "renamed_from: live\n" in text(workspace)
    assert "It was renamed from production before." in result.err


def test_rename_to_a_taken_name_is_refused(workspace: Workspace) -> None:
    for name in ("development", "production"):
        assert workspace.run("rename", "profile/production", name).code == 1
    assert text(workspace) == PRODUCTION


def test_rename_takes_along_what_lies_over_it(workspace: Workspace) -> None:
    workspace.write("configsync.toml", "[targets.prod]\noverlay = 'overlays/prod'\n")
    head = "apiVersion: configsync/v1\nkind: Profile\nmetadata:\n"
    patch = f"{head}  name: production\nspec: {{ai_infra: {{llm_temperature: 0.1}}}}\n"
    child = f"{head}  name: child\n  extends: production  # base\nspec: {{default: false}}\n"
    workspace.write("overlays/prod/a.yaml", patch)
    workspace.write("profiles/child.yaml", child)
    workspace.ok("rename", "profile/production", "live")
    assert text(workspace, "overlays/prod/a.yaml") == patch.replace("production", "live")
    assert text(workspace, "profiles/child.yaml") == child.replace("production", "live")
    workspace.ok("validate")


def test_set_default_moves_the_default(workspace: Workspace) -> None:
    result = workspace.ok("set-default", "profile/development")
    assert text(workspace) == PRODUCTION.replace("  default: true\n", "")
    assert text(workspace, OTHER) == DEVELOPMENT.replace("spec:\n", "spec:\n  default: true\n")
    assert f"--- a/{OTHER}\n" in result.out
    assert f"--- a/{FILE}\n" in result.out
    result = workspace.ok("set-default", "profile/development")
    assert result.err == "Nothing to change.\n"


def test_files_are_written_all_or_none(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, done = os.replace, []

    def failing(source: str, target: Path) -> None:
        if Path(target).name == "production.yaml":
            raise PermissionError(13, "Permission denied", str(target))
        done.append(Path(target).name)
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    result = workspace.run("set-default", "profile/development")
    assert result.code == 1
    assert f"{FILE} can't be written: Permission denied" in result.err
    # The first file was written, and put back.
    assert done == ["development.yaml", "development.yaml"]
    assert (text(workspace), text(workspace, OTHER)) == (PRODUCTION, DEVELOPMENT)
    assert sorted(p.name for p in (workspace.root / "profiles").iterdir()) == [
        "development.yaml",
        "production.yaml",
        "prompts",
    ]


def test_a_file_that_goes_is_put_back_if_not_all_can_be_written(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = Path.unlink

    def failing(file: Path, missing_ok: bool = False) -> None:
        if file.name == "production.yaml":
            raise PermissionError(13, "Permission denied", str(file))
        unlink(file, missing_ok=missing_ok)

    draft = Draft(find_project(workspace.root))
    draft.put(PROMPT, "Other.\n")
    draft.drop(OTHER, 0)
    draft.drop(FILE, 0)
    monkeypatch.setattr(Path, "unlink", failing)
    with pytest.raises(ConfigsyncError, match=r"production\.yaml can't be written"):
        draft.write()
    assert (text(workspace), text(workspace, OTHER)) == (PRODUCTION, DEVELOPMENT)
    assert text(workspace, PROMPT) == "Make at most {max_slides} slides.\n"


def test_a_file_that_changed_meanwhile_is_not_overwritten(workspace: Workspace) -> None:
    draft = Draft(find_project(workspace.root))
    draft.put(FILE, draft.text(FILE) + "# mine\n")
    workspace.write(FILE, PRODUCTION + "# theirs\n")
    with pytest.raises(ConfigsyncError, match="was changed meanwhile"):
        draft.write()
    assert text(workspace) == PRODUCTION + "# theirs\n"


def test_hostile_text_does_not_reach_the_terminal(workspace: Workspace) -> None:
    workspace.write(FILE, PRODUCTION.replace("# the one", "# the \u202eone"))
    result = workspace.ok("set", "profile/production", 'genie_spaces[0].space_name="\\e[2J"')
    assert "\x1b" not in result.out
    assert "\u202e" not in result.out


def test_a_document_that_is_not_found_may_be_in_a_file_with_errors(workspace: Workspace) -> None:
    workspace.write(FILE, PRODUCTION + "  - x\n")
    result = workspace.run("set", "profile/production", "default=true")
    assert "There is no profile/production in profiles." in result.err
    assert "see configsync validate" in result.err


def test_of_two_documents_with_one_name_none_is_edited(workspace: Workspace) -> None:
    workspace.write(OTHER, PRODUCTION)
    result = workspace.run("set", "profile/production", "default=true")
    assert f"defined twice, at {OTHER}:5:9 and at {FILE}:5:9" in result.err
