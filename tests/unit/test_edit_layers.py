"""An edit changes the layer that wins, or the one that is named."""

from __future__ import annotations

import pytest

from tests.conftest import Workspace

BASE = """\
apiVersion: configsync/v1
kind: Profile
metadata: {name: base, abstract: true}
spec:
  ai_infra: {llm_endpoint: databricks, llm_temperature: 0.2, llm_max_tokens: 100}  # all of them
  genie_spaces:
    - {space_id: one, space_name: One}
  mlflow: {experiment_name: /Shared/x}
  prompts: {system_prompt: "{max_slides}", slide_editing_instructions: x,
            user_prompt_template: "{question}"}
"""
PRODUCTION = """\
apiVersion: configsync/v1
kind: Profile
metadata: {name: production, extends: base}
spec:
  default: true
  ai_infra:
    llm_temperature: 0.7  # agreed
"""
OVERLAY = """\
apiVersion: configsync/v1
kind: Profile
metadata: {name: production}
spec:
  ai_infra: {llm_max_tokens: 5}
"""


@pytest.fixture
def layered(project: Workspace) -> Workspace:
    project.write("profiles/base.yaml", BASE)
    project.write("profiles/production.yaml", PRODUCTION)
    project.write(
        "profiles/other.yaml", PRODUCTION.replace("production", "other").replace("true", "false")
    )
    project.write("overlays/prod/p.yaml", OVERLAY)
    project.write("configsync.toml", '[targets.prod]\noverlay = "overlays/prod"\n[targets.dev]\n')
    for target in ("prod", "dev"):
        project.ok("validate", "--target", target)
    return project


@pytest.mark.parametrize(
    ("arguments", "file", "before", "after"),
    [
        (["ai_infra.llm_temperature=0.8"], "profiles/production.yaml", "0.7", "0.8"),
        (["ai_infra.llm_endpoint=other"], "profiles/base.yaml", "databricks", "other"),
        (["ai_infra.llm_max_tokens=7"], "profiles/base.yaml", "100", "7"),
        (["ai_infra.llm_max_tokens=7", "--target", "prod"], "overlays/prod/p.yaml", "5", "7"),
        (["ai_infra.llm_temperature=0.8", "--layer", "base"], "profiles/base.yaml", "0.2", "0.8"),
        (["genie_spaces[one].space_name=Uno"], "profiles/base.yaml", "One", "Uno"),
        (
            ["ai_infra.llm_endpoint=other", "--layer", "profiles/production.yaml"],
            "profiles/production.yaml",
            "    llm_temperature: 0.7  # agreed\n",
            "    llm_endpoint: other\n    llm_temperature: 0.7  # agreed\n",
        ),
    ],
)
def test_the_layer_that_wins_is_changed(
    layered: Workspace, arguments: list[str], file: str, before: str, after: str
) -> None:
    texts = {f: f.read_text() for f in layered.root.rglob("*.yaml")}
    layered.ok("set", "profile/production", *arguments)
    changed = texts[layered.root / file].replace(before, after, 1)
    assert {f: f.read_text() for f in texts} == {**texts, layered.root / file: changed}


def test_a_change_of_a_base_says_whom_else_it_reaches(layered: Workspace) -> None:
    result = layered.ok("set", "profile/production", "ai_infra.llm_endpoint=other")
    assert "profiles/base.yaml is also a base of profile/other." in result.out + result.err


def test_an_unknown_layer_is_refused_with_those_there_are(layered: Workspace) -> None:
    refused = layered.run("set", "profile/production", "default=true", "--layer", "bsae")
    assert refused.code == 1
    assert "base in profiles/base.yaml" in refused.err


@pytest.mark.parametrize("target", [[], ["--target", "prod"]])
def test_what_a_document_says_of_itself_is_said_there(
    layered: Workspace, target: list[str]
) -> None:
    """Never by its base, which says the same of itself."""
    for field in ("description=For support", "prevent_destroy=true"):
        layered.ok("set", "profile/production", f"metadata.{field}", *target)
    refused = layered.run("set", "profile/production", "--unset", "metadata.abstract", *target)
    assert refused.code == 1
    assert (layered.root / "profiles/base.yaml").read_text() == BASE
    production = (layered.root / "profiles/production.yaml").read_text()
    assert "description: For support" in production
    assert "prevent_destroy: true" in production


def test_what_a_layer_between_removes_is_not_set_below_it(layered: Workspace) -> None:
    removed = "spec:\n  genie_spaces: [{space_id: one, $unset: true}, {space_id: two}]\n"
    middle = f"metadata: {{name: middle, abstract: true, extends: base}}\n{removed}"
    layered.write("profiles/middle.yaml", BASE[: BASE.index("metadata")] + middle)
    top = PRODUCTION.replace("extends: base", "extends: middle")
    top += "  genie_spaces: [{space_id: one, default: true}]\n"
    layered.write("profiles/production.yaml", top)
    layered.ok("validate", "--target", "dev")
    field = "genie_spaces[one].space_name"
    refused = layered.run("set", "profile/production", f"{field}=New", "--target", "dev")
    assert (refused.code, refused.out) == (1, "")
    assert f"{field} would not become that, since a layer removes" in refused.err
    layered.ok("set", "profile/production", f"{field}=New", "--layer", "profiles/production.yaml")
    assert "space_name: New" in (layered.root / "profiles/production.yaml").read_text()


def test_an_item_that_only_a_base_has_is_changed_there_or_refused(layered: Workspace) -> None:
    refused = layered.run("set", "profile/production", "genie_spaces[one].description=x")
    assert "profiles/production.yaml says nothing of spec.genie_spaces" in refused.err
    field = "genie_spaces[one].description=x"
    layered.ok("set", "profile/production", field, "--layer", "base")
    assert "description: x" in (layered.root / "profiles/base.yaml").read_text()


def test_a_layer_of_the_documents_name_is_the_document(layered: Workspace) -> None:
    layered.ok(
        *("set", "profile/production", "ai_infra.llm_max_tokens=9"),
        *("--layer", "production", "--target", "prod"),
    )
    assert "llm_max_tokens: 9" in (layered.root / "profiles/production.yaml").read_text()
    assert (layered.root / "overlays/prod/p.yaml").read_text() == OVERLAY


def test_an_abstract_document_defines_no_rows(project: Workspace) -> None:
    kind = "apiVersion: configsync/v1\nkind: ContextRules\n"
    rules = "spec: {rules: [{context: a, ignore: i}]}\n"
    project.write("profiles/a.yaml", f"{kind}metadata: {{name: base, abstract: true}}\n{rules}")
    project.write("profiles/b.yaml", f"{kind}metadata: {{name: top, extends: base}}\n{rules}")
    project.ok("set", "context_rule/a", "rules[a].ignore=new")
    assert "ignore: new" in (project.root / "profiles/b.yaml").read_text()


def test_a_team_s_schema_of_one_document_holds_for_edits_too(project: Workspace) -> None:
    head = "apiVersion: configsync/v1\nkind: Settings\nmetadata: {name: ollama}\n"
    project.write("profiles/a.yaml", f"{head}spec: {{timeout: 10}}\n")
    project.write(
        "schemas/settings/ollama.schema.json",
        '{"properties": {"timeout": {"type": "integer", "maximum": 20}}}',
    )
    refused = project.run("set", "setting/ollama", "timeout=30")
    assert refused.code == 1
    assert "CS164" in refused.out
    project.ok("set", "setting/ollama", "timeout=20")


def test_a_spec_that_is_no_mapping_stops_no_other_edit(layered: Workspace) -> None:
    layered.write(
        "profiles/odd.yaml", BASE[: BASE.index("metadata")] + "metadata: {name: odd}\nspec: 5\n"
    )
    layered.ok("set-default", "profile/other", "--target", "dev")
    assert "failed in a way" not in layered.run("duplicate", "profile/odd", "two").err


def test_a_base_is_renamed_without_a_history_to_keep(layered: Workspace) -> None:
    said = layered.ok("rename", "profile/base", "common")
    assert "renamed_from" not in said.out + said.err
    assert "extends: common" in (layered.root / "profiles/production.yaml").read_text()
    refused = layered.run("explain", "profile/common", "--target", "dev")
    assert refused.code == 1
    assert "profile/common is only a base for others" in refused.err
