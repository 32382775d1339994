"""Code Quality reports, held to what GitLab documents: no schema of them is published.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace as with_
from typing import Any

import pytest

from configsync.core.diagnostic import Diagnostic, Location, Severity
from configsync.render.codequality import MAX_DESCRIPTION, render
from tests.conftest import Workspace
from tests.profiles import profile
from tests.unit.test_render_github import MISSPELT, TWICE


def parsed(output: str) -> Any:
    """The findings of a report that is built as documented."""
    findings = json.loads(output)
    assert isinstance(findings, list)
    for finding in findings:
        assert set(finding) == {
            *("description", "check_name", "fingerprint", "severity", "location")
        }
        assert set(finding["location"]) == {"path", "lines"}
        assert set(finding["location"]["lines"]) == {"begin"}
        texts = [finding[key] for key in ("description", "check_name", "fingerprint")]
        assert all(isinstance(text, str) and text for text in texts)
        assert len(finding["description"]) <= MAX_DESCRIPTION
        assert finding["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert isinstance(finding["location"]["lines"]["begin"], int)
        assert finding["location"]["lines"]["begin"] >= 1
        assert not finding["location"]["path"].startswith("./")
    # Of findings with one fingerprint, GitLab shows the first only.
    assert len({finding["fingerprint"] for finding in findings}) == len(findings)
    return findings


def fingerprints(*diagnostics: Diagnostic, folder: str = "") -> list[str]:
    return [finding["fingerprint"] for finding in parsed(render(diagnostics, folder))]


def moved(diagnostic: Diagnostic, lines: int) -> Diagnostic:
    where = diagnostic.location
    assert where is not None
    return with_(diagnostic, location=Location(where.file, where.line + lines, where.column))


def test_nothing_found_is_an_empty_report() -> None:
    assert render([]) == "[]\n"


def test_one_finding() -> None:
    (finding,) = parsed(render([MISSPELT]))
    assert finding == {
        "description": "unknown key llm_temprature. "
        "spec.ai_infra has the keys: llm_endpoint, llm_temperature. "
        "Help: Did you mean llm_temperature?",
        "check_name": "CS161",
        "fingerprint": finding["fingerprint"],
        "severity": "major",
        "location": {"path": "profiles/production.yaml", "lines": {"begin": 12}},
    }


def test_related_places_are_named() -> None:
    (finding,) = parsed(render([TWICE]))
    assert "Note: it stands here first (profiles/a.yaml:2:1)." in finding["description"]


@pytest.mark.parametrize(
    ("severity", "said"),
    [(Severity.ERROR, "major"), (Severity.WARNING, "minor"), (Severity.INFO, "info")],
)
def test_the_severity_is_that_of_the_diagnostic(severity: Severity, said: str) -> None:
    (finding,) = parsed(render([with_(MISSPELT, severity=severity)]))
    assert finding["severity"] == said


def test_what_has_no_file_stands_at_the_folder() -> None:
    nowhere = with_(MISSPELT, location=None)
    for folder, path in (("", "."), ("sub", "sub")):
        (finding,) = parsed(render([nowhere], folder))
        assert finding["location"] == {"path": path, "lines": {"begin": 1}}


def test_fingerprints_stay_when_lines_shift_and_values_change() -> None:
    changed = with_(moved(MISSPELT, 30), summary="another text", detail="", help="")
    assert fingerprints(changed) == fingerprints(MISSPELT)


def test_fingerprints_tell_findings_apart_and_projects() -> None:
    every = fingerprints(MISSPELT, moved(MISSPELT, 20), with_(MISSPELT, code="CS162"))
    assert len({*every, *fingerprints(MISSPELT, folder="other")}) == 4


def test_paths_are_those_of_the_repository(project: Workspace) -> None:
    """GitLab looks for them there, wherever in it the project lies."""
    subprocess.run(["git", "init", "-q"], cwd=project.root.parent, check=True)
    text = profile(default=True, spec__ai_infra__llm_temprature=0.2)
    project.write("profiles/production.yaml", text)
    result = project.run("validate", "-o", "codequality")
    assert (result.code, result.err) == (1, "")
    (finding,) = parsed(result.out)
    assert finding["location"]["path"] == "project/profiles/production.yaml"
    project.write("profiles/production.yaml", profile(default=True))
    assert parsed(project.ok("validate", "-o", "codequality").out) == []
