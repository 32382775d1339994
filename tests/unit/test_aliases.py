"""Aliases and merge keys, where they are allowed."""

from __future__ import annotations

import pytest

from configsync.source.reader import read
from tests.conftest import Workspace

MERGED = [{"a": 1}, {"a": 2, "b": 2}, {"a": 1, "b": 2}]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x [1, {b: 2}]\nc: *x", {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}),
        ("a: &x 1\nb: [*x, *x]", {"a": 1, "b": [1, 1]}),
        ("- &x {a: 1, b: 2}\n- {b: 3, <<: *x}", [{"a": 1, "b": 2}, {"b": 3, "a": 1}]),
        ("- &x {a: 1}\n- &y {a: 2, b: 2}\n- <<: [*x, *y]", MERGED),
        ("a: &x 1\nb: &x 2\nc: *x", {"a": 1, "b": 2, "c": 2}),
    ],
)  # fmt: skip
def test_they_are_copies(text: str, value: object) -> None:
    reading = read(text, "a.yaml", aliases=True)
    assert reading.diagnostics == []
    assert reading.roots == [value]


@pytest.mark.parametrize(
    "text",
    ["a: *x", "a: &x [*x]", "a: &x {b: {<<: *x}}", "a: 1\n<<: 2", "--- &x 1\n--- *x", "*x : 1"],
)
def test_what_names_nothing_whole_is_refused(text: str) -> None:
    found = read(text, "a.yaml", aliases=True).diagnostics
    assert [d.code for d in found] == ["CS106"] or found[0].code == "CS103"


def test_a_billion_laughs_end_at_the_limit() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    found = read("\n".join(lines), "a.yaml", aliases=True).diagnostics
    assert [d.code for d in found] == ["CS113"]


def test_the_settings_allow_them(project: Workspace) -> None:
    text = """\
apiVersion: configsync/v1
kind: Profile
metadata: {name: production}
spec:
  default: true
  ai_infra: &ai {llm_endpoint: databricks-claude, llm_temperature: 0.7, llm_max_tokens: 10}
  genie_spaces: [{space_id: one}]
  mlflow: {experiment_name: /Shared/x}
  prompts: {system_prompt: "{max_slides}",
            slide_editing_instructions: x, user_prompt_template: "{question}"}
---
apiVersion: configsync/v1
kind: Profile
metadata: {name: other}
spec:
  ai_infra: {<<: &ai {llm_endpoint: databricks-claude, llm_max_tokens: 10}, llm_temperature: 0.2}
  genie_spaces: [{space_id: one}]
  mlflow: {experiment_name: /Shared/x}
  prompts: {system_prompt: "{max_slides}",
            slide_editing_instructions: x, user_prompt_template: "{question}"}
"""
    project.write("profiles/a.yaml", text)
    assert project.run("validate").code == 1
    project.write("configsync.toml", "allow_aliases = true")
    project.ok("validate")
