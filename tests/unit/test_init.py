"""A project's first files."""

from __future__ import annotations

from tests.conftest import Workspace


def test_a_new_project_is_valid_and_plans(project: Workspace) -> None:
    (project.root / "profiles").rmdir()
    project.ok("init", "--source", 'my "own"', "--profile", "live")
    assert "0 errors, 0 warnings" in project.ok("validate", "--strict").out
    planned = project.ok("plan", "-o", "json").json
    assert planned["source"]["id"] == 'my "own"'
    assert planned["summary"]["create"] == 5
    project.ok("schema", "--check")


def test_a_project_is_not_overwritten(project: Workspace) -> None:
    project.write("configsync.toml", "")
    refused = project.run("init")
    assert refused.code == 1
    assert "configsync.toml exists already" in refused.err
    assert sorted(p.name for p in project.root.rglob("*") if p.is_file()) == ["configsync.toml"]
