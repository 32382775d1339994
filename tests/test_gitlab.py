"""The GitLab template: valid by GitLab's own schema, which check-jsonschema carries, and tried.

Its scripts are run as a runner does, by a shell that stops at a failure, in one
checkout: check, save a plan, apply it, find drift.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import configsync
from tests.conftest import Workspace
from tests.profiles import profile
from tests.unit import test_render_codequality, test_render_junit

TEMPLATE = Path(configsync.__file__).parent / "docs/gitlab-ci.yml"
VARIABLES = {
    "CI": "true",
    "GITLAB_USER_LOGIN": "alice",
    "CONFIGSYNC_DATABASE": "sqlite:///configsync.db",
}
PROFILE = "profiles/production.yaml"
MISSPELT = profile(default=True, spec__ai_infra__llm_temprature=0.2)


class Reference(list[str]):
    """What ``!reference`` names: a job and a key of it."""


class Loader(yaml.SafeLoader):
    """YAML as GitLab has it."""


def _reference(loader: Loader, node: yaml.SequenceNode) -> Reference:
    return Reference(loader.construct_sequence(node))


Loader.add_constructor("!reference", _reference)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    """The pipeline, with the parts of others in the places that refer to them."""
    loaded: dict[str, Any] = yaml.load(TEMPLATE.read_bytes(), Loader)
    for job in loaded.values():
        lines = job.get("before_script", []) if isinstance(job, dict) else []
        for at, line in enumerate(lines):
            if isinstance(line, Reference):
                name, key = line
                lines[at : at + 1] = loaded[name][key]
    return loaded


def run(template: dict[str, Any], job: str, folder: Path, **variables: str) -> tuple[int, str]:
    """Run a job, in which configsync is installed; its exit code and its log."""
    before = template[template[job]["extends"]]["before_script"]
    lines = [line for line in before if not line.startswith("pip install")]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-ec", "\n".join([*lines, *template[job]["script"]])],
        cwd=folder,
        env={**os.environ, "PATH": path, **VARIABLES, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    return done.returncode, done.stdout


def reports(template: dict[str, Any], job: str, folder: Path) -> dict[str, str]:
    """The texts of a job's reports, from the files where GitLab takes them."""
    named = template[job]["artifacts"]["reports"]
    return {kind: (folder / file).read_text(encoding="utf-8") for kind, file in named.items()}


def test_the_template_is_valid(template: dict[str, Any], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    apply = template["apply"] | {"when": "whenever"}
    wrong.write_text(yaml.safe_dump(template | {"apply": apply}), encoding="utf-8")
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci"]
    check += ["--data-transform", "gitlab-ci"]
    done = [subprocess.run([*check, str(file)], capture_output=True) for file in (TEMPLATE, wrong)]
    assert [d.returncode for d in done] == [0, 1], done


def test_jobs_refer_to_what_there_is(template: dict[str, Any]) -> None:
    jobs = {name: job for name, job in template.items() if "script" in job}
    assert list(jobs) == ["validate", "plan", "save-plan", "apply", "drift"]
    for job in jobs.values():
        assert job["extends"] in template
        assert job["stage"] in template["stages"]
        assert set(job.get("needs", [])) <= set(jobs)
        assert job["rules"]


def test_what_writes_waits_for_a_person_on_the_default_branch(template: dict[str, Any]) -> None:
    (rule,) = template["apply"]["rules"]
    assert rule["when"] == "manual"
    assert "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" in rule["if"]
    writing = [n for n, job in template.items() if "configsync apply" in "\n".join(_lines(job))]
    assert writing == ["apply"]


def test_the_version_is_this_one(template: dict[str, Any]) -> None:
    wanted = template["variables"]["CONFIGSYNC_PACKAGE"]
    assert wanted == f"configsync=={configsync.__version__}"


def test_nothing_but_known_variables_is_put_into_a_script(template: dict[str, Any]) -> None:
    """Branch names and titles are strangers' text; commits' ids are none."""
    scripts = "\n".join(line for job in template.values() for line in _lines(job))
    assert set(re.findall(r"\$\{?(\w+)", scripts)) == {
        *("CONFIGSYNC_PACKAGE", "CONFIGSYNC_DATABASE", "DRIFT_WEBHOOK"),
        "CI_MERGE_REQUEST_DIFF_BASE_SHA",
    }


def _lines(job: Any) -> list[str]:
    return [*job.get("before_script", []), *job.get("script", [])] if isinstance(job, dict) else []


def test_validate_reports_and_fails(template: dict[str, Any], project: Workspace) -> None:
    project.write(PROFILE, MISSPELT)
    code, log = run(template, "validate", project.root)
    assert code == 1
    assert f"--> {PROFILE}:" in log
    found = reports(template, "validate", project.root)
    (finding,) = test_render_codequality.parsed(found["codequality"])
    assert finding["location"]["path"] == PROFILE
    assert test_render_junit.parsed(found["junit"]).get("failures") == "1"


def test_from_a_merge_request_to_drift(template: dict[str, Any], project: Workspace) -> None:
    root = project.root
    project.write(PROFILE, profile(default=True))
    assert run(template, "validate", root)[0] == 0
    assert json.loads(reports(template, "validate", root)["codequality"]) == []
    based = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base(project, "")}
    code, log = run(template, "plan", root, **based)
    assert code == 0
    assert "Plan: 5 to create" in log
    assert run(template, "save-plan", root)[0] == 0
    (saved,) = template["save-plan"]["artifacts"]["paths"]
    assert (root / saved).is_file()
    code, log = run(template, "apply", root)
    assert (code, "Applied as revision 1." in log) == (0, True), log
    assert project.sql("SELECT actor FROM config_revisions") == [("alice",)]
    code, log = run(template, "drift", root, DRIFT_WEBHOOK="not a URL")
    assert code == 0
    assert "Warning: The webhook's URL is not understood." in log
    project.sql("UPDATE config_ai_infra SET llm_temperature = 0.9")
    code, log = run(template, "drift", root)
    assert (code, "Warning" in log) == (2, False), log
    assert (
        test_render_junit.parsed(reports(template, "drift", root)["junit"]).get("failures") == "1"
    )


def base(project: Workspace, settings: str) -> str:
    """The id of a commit with these settings and nothing else, in the project's folder."""
    project.write("configsync.toml", settings)
    who = ["-c", "user.name=tester", "-c", "user.email=tester@example.com"]
    for command in (["init", "-q"], ["add", "configsync.toml"], [*who, "commit", "-qm", "Base"]):
        subprocess.run(["git", *command], cwd=project.root, check=True)
    head = ["git", "rev-parse", "HEAD"]
    return subprocess.run(head, cwd=project.root, capture_output=True, text=True).stdout.strip()


def test_a_request_is_judged_by_the_policies_of_its_base(
    template: dict[str, Any], project: Workspace
) -> None:
    project.write(PROFILE, profile(default=True))
    strict = base(project, '[[policies]]\ncode = "TEAM-1"\nfield = "llm_temperature"\nmax = 0\n')
    project.write("configsync.toml", "")
    code, log = run(template, "plan", project.root, CI_MERGE_REQUEST_DIFF_BASE_SHA=strict)
    assert code == 4
    assert "error[TEAM-1]" in log
    code, log = run(template, "plan", project.root, CI_MERGE_REQUEST_DIFF_BASE_SHA="")
    assert (code, "Plan:" in log) == (1, False)


@pytest.mark.parametrize("job", ["plan", "save-plan", "apply", "drift"])
def test_without_a_database_nothing_is_claimed(
    template: dict[str, Any], project: Workspace, job: str
) -> None:
    project.write(PROFILE, profile(default=True))
    code, log = run(template, job, project.root, CONFIGSYNC_DATABASE="")
    assert code != 0
    assert "CONFIGSYNC_DATABASE" in log
    assert "Plan:" not in log


def test_a_plan_that_is_stale_is_not_applied(template: dict[str, Any], project: Workspace) -> None:
    project.write(PROFILE, profile(default=True))
    project.ok("apply", "--auto-approve")
    project.write(PROFILE, profile(default=True, spec__ai_infra__llm_temperature=0.2))
    assert run(template, "save-plan", project.root)[0] == 0
    project.sql("UPDATE config_ai_infra SET llm_temperature = 0.9")
    assert run(template, "apply", project.root)[0] == 3
