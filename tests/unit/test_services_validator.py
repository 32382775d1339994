"""`ConfigValidator` says what `configsync validate` says: the rules are the same ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import pytest

from configsync.checks.rule import Rule
from configsync.checks.rules import all_rules
from configsync.services import ConfigValidator, ValidationResult
from tests.conftest import Workspace
from tests.profiles import MINIMAL
from tests.unit.test_rules import documents

check = ConfigValidator()
SECTIONS: Mapping[str, Callable[..., ValidationResult]] = {
    "ai_infra": check.validate_ai_infra,
    "mlflow": check.validate_mlflow,
    "prompts": check.validate_prompts,
}


def results(spec: Mapping[str, Any]) -> list[ValidationResult]:
    """The parts of a profile, each checked by itself."""
    found = [validate(**spec[section]) for section, validate in SECTIONS.items()]
    return found + [check.validate_genie_space(**space) for space in spec["genie_spaces"]]


def about_parts(rule: Rule) -> bool:
    # Which of several spaces is the default is no matter of one space.
    return rule.kind == "Profile" and rule.check is not None and rule.code != "CS208"


@pytest.mark.parametrize(
    "rule", [r for r in all_rules().values() if about_parts(r)], ids=lambda rule: rule.code
)
def test_every_rule_about_a_part_holds(rule: Rule) -> None:
    (bad,), (good,) = (documents(rule, text) for text in (rule.bad, rule.good))
    found = [d for result in results(bad.body["spec"]) for d in result.diagnostics]
    assert (rule.code, rule.severity) in {(d.code, d.severity) for d in found}
    assert all(d.path.startswith("spec.") and d.location is None for d in found)
    assert all(result.valid and not result.diagnostics for result in results(good.body["spec"]))


@pytest.mark.parametrize(
    ("section", "given"),
    [
        ("ai_infra", {"llm_temperature": 0.755}),
        ("ai_infra", {"llm_temperature": -1, "llm_max_tokens": 0, "llm_endpoint": ""}),
        ("ai_infra", {"llm_temperature": "0.5", "llm_max_tokens": None}),
        ("ai_infra", {"llm_max_tokens": 2**31}),
        ("mlflow", {"experiment_name": "Shared/x"}),
        ("mlflow", {"experiment_name": "/" + "x" * 255}),
        ("prompts", {"system_prompt": "", "user_prompt_template": "{user_message}"}),
        ("prompts", {"system_prompt": 5, "slide_editing_instructions": None}),
        ("prompts", {"system_prompt": "short"}),
    ],
)
def test_files_and_values_are_held_to_the_same(
    project: Workspace, section: str, given: dict[str, Any]
) -> None:
    document = deepcopy(MINIMAL)
    document["spec"][section] |= given
    project.write("profiles/production.yaml", json.dumps(document))
    shown = project.run("validate", "-o", "json").json["diagnostics"]
    found = SECTIONS[section](**given)
    assert sorted((d.code, d.path, d.summary, d.severity) for d in found.diagnostics) == sorted(
        (d["code"], d["path"], d["summary"], d["severity"]) for d in shown
    )
    assert found.valid is not bool(found.errors)
    assert len(found.diagnostics) == len(found.errors) + len(found.warnings) > 0


def test_what_isnt_given_isnt_checked() -> None:
    assert check.validate_ai_infra().valid
    assert check.validate_ai_infra(llm_temperature=0.5).valid
    assert not check.validate_ai_infra(llm_endpoint=None).valid  # type: ignore[arg-type]


def test_a_warning_stands_against_nothing() -> None:
    found = check.validate_prompts(system_prompt="Make slides.")
    assert found.valid
    assert [d.code for d in found.warnings] == ["CS207"]
