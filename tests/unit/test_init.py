"""A project's first files."""

from __future__ import annotations

import configsync
from configsync.usecases.workflows import ACTION, APPLY, DRIFT, PLAN, workflow_files
from tests.conftest import Workspace
from tests.test_wheel import REPOSITORY


def test_a_new_project_is_valid_and_plans(project: Workspace) -> None:
    (project.root / "profiles").rmdir()
    project.ok("init", "--source", 'my "own"', "--profile", "live")
    assert "0 errors, 0 warnings" in project.ok("validate", "--strict").out
    planned = project.ok("plan", "-o", "json").json
    assert planned["source"]["id"] == 'my "own"'
    assert planned["summary"]["create"] == 5
    project.ok("schema", "--check")


def test_a_new_project_has_the_workflows_of_this_repository(project: Workspace) -> None:
    (project.root / "profiles").rmdir()
    project.ok("init")
    for name in (PLAN, APPLY, DRIFT):
        assert (project.root / name).read_bytes() == (REPOSITORY / name).read_bytes()
    # The checkout that their action is part of here is no package there.
    ours, theirs = ((folder / ACTION).read_text() for folder in (REPOSITORY, project.root))
    here = [line for line in ours.splitlines() if line not in theirs.splitlines()]
    there = [line for line in theirs.splitlines() if line not in ours.splitlines()]
    assert ["GITHUB_ACTION_PATH" in line for line in here] == [False, True]
    assert [line.split()[-1] for line in there] == [f"configsync=={configsync.__version__}"]


def test_a_project_is_not_overwritten(project: Workspace) -> None:
    project.write("configsync.toml", "")
    refused = project.run("init")
    assert refused.code == 1
    assert "configsync.toml exists already" in refused.err
    assert sorted(p.name for p in project.root.rglob("*") if p.is_file()) == ["configsync.toml"]


def test_workflows_are_added_to_a_project_that_exists(project: Workspace) -> None:
    project.write("configsync.toml", 'source = "x"\n')
    written = project.ok("init", "--workflows").out.splitlines()
    assert [f"Wrote {name}" for name in sorted(workflow_files())] == written[:5]
    refused = project.run("init", "--workflows")
    assert (refused.code, refused.out) == (1, "")
    assert ".github/actions/configsync/action.yml exists already. Nothing was" in refused.err
