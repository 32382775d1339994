"""Promote: what one target has tried, taken over to another by an edit of the files."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from configsync.store.url import parse_url
from tests.conftest import Workspace, execute
from tests.profiles import NEGATE_RULES, PROMPT, profile

SETTINGS = """
source = "slides"

[targets.staging]
database_env = "STAGING"
overlay = "overlays/staging"

[targets.prod]
database_env = "PROD"
overlay = "overlays/prod"
"""
TRIED = """
apiVersion: configsync/v1
kind: Profile
metadata: {name: production}
spec:
  ai_infra: {llm_temperature: 0.2}
  genie_spaces: [{space_id: 01effebcc2781b6b, default: true}, {space_id: sales}]
  prompts: {system_prompt: "Make {max_slides} slides.\\n"}
---
apiVersion: configsync/v1
kind: Prompt
metadata: {name: verify}
spec: {content: "Verify it twice.\\n"}
---
apiVersion: configsync/v1
kind: NegateRules
metadata: {name: noise}
spec: {rules: [{label: level, operator: "=", value: debug}]}
"""


@dataclass
class Pair:
    """A project with two targets, each with a database of its own."""

    project: Workspace
    urls: dict[str, str]

    def sql(self, target: str, statement: str) -> None:
        """Run a statement on one of the databases as someone who goes past configsync."""
        url = parse_url(self.urls[target], self.project.root)
        if url.dialect == "postgresql":
            execute(url.connect, statement)
            return
        Workspace(
            self.project.root, self.project.capsys, self.project.monkeypatch, self.urls[target]
        ).sql(statement)

    def apply(self, *targets: str) -> None:
        for target in targets:
            self.project.ok("apply", "--target", target, "--auto-approve", "--force")


@pytest.fixture(params=["sqlite", "postgresql", "both"])
def pair(project: Workspace, request: pytest.FixtureRequest) -> Pair:
    """Two targets that have applied the same, on either database, and one on each."""
    urls = {"staging": "sqlite:///staging.db", "prod": "sqlite:///prod.db"}
    if request.param != "sqlite":
        urls["prod"] = request.getfixturevalue("pg_url")
    if request.param == "postgresql":
        urls["staging"] = request.getfixturevalue("other_pg_url")
    for name, url in urls.items():
        project.monkeypatch.setenv(name.upper(), url)
    project.write("configsync.toml", SETTINGS)
    for name in urls:
        project.write(f"overlays/{name}/README.md", "")
    project.write("profiles/production.yaml", profile(default=True))
    project.write("profiles/verify.yaml", json.dumps(PROMPT))
    project.write("profiles/noise.yaml", json.dumps(NEGATE_RULES))
    pair = Pair(project, urls)
    pair.apply("staging", "prod")
    return pair


def test_what_was_tried_arrives_and_nothing_else(pair: Pair) -> None:
    project = pair.project
    project.write("overlays/staging/tried.yaml", TRIED)
    pair.apply("staging")
    promoted = project.ok("promote", "staging", "prod", "--write", "-o", "json").json
    assert promoted["kept"] == promoted["waiting"] == []
    assert promoted["promoted_from"]["revision"] == 2
    planned = project.ok("plan", "--target", "prod", "-o", "json").json
    assert planned["changes"] == promoted["changes"]
    assert planned["summary"] == promoted["summary"]
    assert project.run("plan", "--target", "staging", "--detailed-exitcode").code == 0
    pair.apply("prod")
    assert project.run("promote", "staging", "prod", "--detailed-exitcode").code == 0
    assert project.run("promote", "prod", "staging", "--detailed-exitcode").code == 0


def test_what_was_promoted_follows_and_what_is_its_own_stays(pair: Pair) -> None:
    project = pair.project
    own = "spec: {mlflow: {experiment_name: /prod}}"
    head = TRIED[: TRIED.index("spec:")]
    project.write("overlays/prod/own.yaml", head + own)
    project.write("overlays/staging/tried.yaml", TRIED)
    pair.apply("staging", "prod")
    project.ok("promote", "staging", "prod", "--write")
    pair.apply("prod")
    tried = TRIED.replace("0.2", "0.3").replace("{space_id: sales}", "{space_id: other}")
    project.write(
        "overlays/staging/tried.yaml", tried.replace("debug", "info").replace("twi", "on")
    )
    pair.apply("staging")
    found = project.ok("promote", "staging", "prod", "--write", "-o", "json").json
    assert [k["field"] for k in found["kept"]] == ["experiment_name"]
    assert found["summary"] == {"create": 2, "update": 2, "delete": 2, "unchanged": 4}
    pair.apply("prod")
    assert project.run("promote", "staging", "prod", "--detailed-exitcode").code == 0
    # It goes back where it came from: then the overlay says no more than the base.
    (project.root / "overlays/staging/tried.yaml").unlink()
    pair.apply("staging")
    project.ok("promote", "staging", "prod", "--write")
    pair.apply("prod")
    assert project.run("promote", "staging", "prod", "--detailed-exitcode").code == 0
    assert [f.name for f in (project.root / "overlays/prod").glob("*.yaml")] == ["own.yaml"]
    left = (project.root / "overlays/prod/own.yaml").read_text()
    assert "/prod" in left
    assert not any(word in left for word in ("llm_temperature", "system_prompt", "other"))


def test_a_promotion_that_is_only_shown_changes_no_file_and_no_database(pair: Pair) -> None:
    project = pair.project
    project.write("overlays/staging/tried.yaml", TRIED)
    pair.apply("staging")
    before = {f: f.read_bytes() for f in project.root.rglob("*.yaml")}
    for output in ("text", "json", "markdown", "html"):
        project.ok("promote", "staging", "prod", "-o", output)
    assert {f: f.read_bytes() for f in project.root.rglob("*.yaml")} == before
    for target in pair.urls:
        assert project.ok("history", "--target", target, "-o", "json").json["entries"]
        planned = project.ok("plan", "--target", target, "-o", "json").json
        assert planned["base"]["revision"] == (2 if target == "staging" else 1)
        assert planned["changes"] == []


def test_a_promotion_is_no_plan_to_apply(pair: Pair) -> None:
    project = pair.project
    project.write("overlays/staging/tried.yaml", TRIED)
    pair.apply("staging")
    project.write("file", project.ok("promote", "staging", "prod", "-o", "json").out)
    refused = project.run("apply", "--target", "prod", "file")
    assert (refused.code, "is not a plan file" in refused.err) == (1, True)


def test_drift_is_not_promoted_and_told_of(pair: Pair) -> None:
    project = pair.project
    pair.sql("staging", "UPDATE config_ai_infra SET llm_max_tokens = 1")
    pair.sql("staging", "UPDATE config_mlflow SET experiment_name = '/past'")
    pair.sql("prod", "UPDATE config_ai_infra SET llm_temperature = 0")
    found = project.ok("promote", "staging", "prod", "-o", "json").json
    assert found["changes"] == []
    assert found["notes"] == [
        "staging has 2 resources changed past git, of which what was applied is promoted. "
        "See: configsync drift --target staging"
    ]


def test_what_others_own_stays_and_is_told_of(pair: Pair) -> None:
    project = pair.project
    project.write("configsync.toml", SETTINGS.replace("slides", "other"))
    (project.root / "profiles/production.yaml").unlink()
    project.write("profiles/verify.yaml", json.dumps(PROMPT | {"metadata": {"name": "review"}}))
    project.write("profiles/noise.yaml", profile("other"))
    pair.sql("staging", "UPDATE config_resources SET owner = 'third' WHERE domain = 'negate_rule'")
    project.ok("apply", "--target", "staging", "--auto-approve")
    found = project.ok("promote", "staging", "prod", "-o", "json").json
    assert {c["address"] for c in found["changes"]} >= {"prompt/review", "profile/other"}
    assert {c["action"] for c in found["changes"]} == {"create"}
    assert found["notes"] == [
        "staging has 6 resources of the source slides: promote them there.",
        "staging has 1 resource of the source third: promote them there.",
    ]


def test_what_no_source_manages_is_told_of(pair: Pair) -> None:
    pair.sql("staging", "INSERT INTO config_profiles (name, is_default) VALUES ('mine', false)")
    found = pair.project.ok("promote", "staging", "prod", "-o", "json").json
    assert found["changes"] == []
    assert found["notes"] == [
        "staging has 1 resource that no source manages, and none is promoted."
    ]


def test_what_another_source_has_in_the_target_stays(pair: Pair) -> None:
    project = pair.project
    pair.sql("prod", "UPDATE config_resources SET owner = 'other' WHERE address LIKE 'profile/%'")
    project.write("overlays/staging/tried.yaml", TRIED)
    pair.apply("staging")
    found = project.ok("promote", "staging", "prod", "--write", "-o", "json").json
    assert not any(c["address"].startswith("profile/") for c in found["changes"])
    assert "prompt/verify" in {c["address"] for c in found["changes"]}
    (note,) = found["notes"]
    assert "belong to the source other, and stay." in note


def test_fields_that_are_ignored_are_no_difference(pair: Pair) -> None:
    project = pair.project
    rule = 'ignore = [{address = "profile/*", fields = ["llm_temperature"]}]\n'
    project.write("configsync.toml", rule + SETTINGS)
    project.write("overlays/staging/tried.yaml", TRIED)
    pair.apply("staging")
    found = project.ok("promote", "staging", "prod", "--write", "-o", "json").json
    assert "profile/production/ai_infra" not in {c["address"] for c in found["changes"]}
    assert "llm_temperature" not in (project.root / "overlays/prod/production.yaml").read_text()


def test_a_database_of_another_version_is_refused(pair: Pair) -> None:
    pair.sql("staging", "UPDATE config_schema_version SET version_num = '9999'")
    refused = pair.project.run("promote", "staging", "prod")
    assert (refused.code, "schema version 9999" in refused.err) == (1, True)


def test_one_database_by_the_environment_is_refused(pair: Pair) -> None:
    pair.project.monkeypatch.setenv("CONFIGSYNC_DATABASE", "sqlite:///other.db")
    refused = pair.project.run("promote", "staging", "prod")
    assert (refused.code, "CONFIGSYNC_DATABASE" in refused.err) == (1, True)
    assert not (pair.project.root / "other.db").exists()


SECRET = """
apiVersion: configsync/v1
kind: Settings
metadata: {name: weather}
spec:
  api_key: {value: {$env: WEATHER_KEY}, sensitive: true}
  unit: metric
"""


def test_sensitive_settings_stay_each_targets_own(pair: Pair) -> None:
    project = pair.project
    project.write("configsync.toml", 'env = ["WEATHER_KEY"]\n' + SETTINGS)
    project.write("profiles/weather.yaml", SECRET)
    for target, value in (("staging", "a-key-for-trying"), ("prod", "the-real-key")):
        project.monkeypatch.setenv("WEATHER_KEY", value)
        pair.apply(target)
    project.monkeypatch.delenv("WEATHER_KEY")
    overlay = SECRET.replace("\n  api_key: {value: {$env: WEATHER_KEY}, sensitive: true}", "")
    project.write("overlays/staging/weather.yaml", overlay.replace("metric", "imperial"))
    pair.apply("staging")
    done = project.ok("promote", "staging", "prod", "--write")
    assert "Sensitive settings have values of each target's own, and stay: setting/w" in done.err
    assert "imperial" in done.out
    assert "api_key" not in (project.root / "overlays/prod/weather.yaml").read_text()
    project.monkeypatch.setenv("WEATHER_KEY", "the-real-key")
    planned = project.ok("plan", "--target", "prod", "-o", "json").json
    assert [c["address"] for c in planned["changes"]] == ["setting/weather/unit"]
