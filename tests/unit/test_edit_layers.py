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
            "    llm_temperature: 0.7  # agreed\n    llm_endpoint: other\n",
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
