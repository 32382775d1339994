"""What a CI system tells, and the base that is found by it in real repositories."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from configsync.source.ci import CiRun, System, find_base, read_run

REQUEST = {
    "pull_request": {
        "number": 7,
        "base": {"sha": "b" * 40, "repo": {"full_name": "team/slides"}},
        "head": {"sha": "a" * 40, "repo": {"full_name": "team/slides"}},
    }
}


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody."""
    who = ["-c", "user.name=tester", "-c", "user.email=tester@example.com"]
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone whose branch has a commit of its own, as has main at the remote."""
    remote = tmp_path / "remote"
    remote.mkdir()
    git(remote, "init", "-q", "-b", "main")
    git(remote, "commit", "-q", "--allow-empty", "-m", "One")
    git(remote, "commit", "-q", "--allow-empty", "-m", "Two")
    git(tmp_path, "clone", "-q", str(remote), "clone")
    git(remote, "commit", "-q", "--allow-empty", "-m", "Three")
    found = tmp_path / "clone"
    git(found, "switch", "-q", "-c", "change")
    git(found, "commit", "-q", "--allow-empty", "-m", "Mine")
    git(found, "fetch", "-q")
    return found


def github(tmp_path: Path, event: Any, **more: str) -> CiRun:
    """The run of an event."""
    file = tmp_path / "event.json"
    file.write_text(event if isinstance(event, str) else json.dumps(event))
    return read_run({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(file), **more})


def test_a_pull_request_at_github(tmp_path: Path) -> None:
    run = github(
        tmp_path,
        REQUEST,
        GITHUB_STEP_SUMMARY="/s",
        GITHUB_OUTPUT="/o",
        GITHUB_RUN_ID="9",
        GITHUB_SERVER_URL="https://github.example.com",
        GITHUB_REPOSITORY="team/slides",
    )
    assert run == CiRun(
        System.GITHUB,
        base="b" * 40,
        change="7",
        summary=Path("/s"),
        output=Path("/o"),
        url="https://github.example.com/team/slides/actions/runs/9",
    )


@pytest.mark.parametrize("repo", [{"full_name": "stranger/slides"}, None])
def test_a_fork_at_github(tmp_path: Path, repo: Any) -> None:
    request = REQUEST["pull_request"] | {"head": {"repo": repo}}
    assert github(tmp_path, {"pull_request": request}).fork


def test_a_push_at_github(tmp_path: Path) -> None:
    assert github(tmp_path, {"before": "c" * 40}).base == "c" * 40
    assert github(tmp_path, {"before": "0" * 40}).base is None  # A new branch.


def test_what_waits_in_a_merge_queue_is_a_change(tmp_path: Path) -> None:
    """Not merged yet, it must not be judged by itself."""
    group = {"base_sha": "b" * 40, "head_ref": "refs/heads/gh-readonly-queue/main/pr-7"}
    run = github(tmp_path, {"merge_group": group})
    assert run == CiRun(System.GITHUB, base="b" * 40, change=group["head_ref"])
    assert github(tmp_path, {"merge_group": {}}).change is not None


@pytest.mark.parametrize("event", ["", "nonsense", "[]", "[" * 10_000, '{"pull_request": 7}'])
def test_an_event_that_is_none(tmp_path: Path, event: str) -> None:
    assert github(tmp_path, event) == CiRun(System.GITHUB)


def test_gitlab_jenkins_and_a_laptop() -> None:
    request = {
        "GITLAB_CI": "true",
        "CI_MERGE_REQUEST_IID": "3",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": "d" * 40,
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_PROJECT_ID": "2",
        "CI_JOB_URL": "https://gitlab.example.com/1",
    }
    assert read_run(request) == CiRun(
        System.GITLAB, "d" * 40, "3", True, url="https://gitlab.example.com/1"
    )
    jenkins = {"JENKINS_URL": "https://j", "CHANGE_TARGET": "main", "CHANGE_ID": "PR-3"}
    assert read_run(jenkins) == CiRun(System.JENKINS, "origin/main", "PR-3")
    assert read_run({}) == CiRun(System.NONE)


def test_the_base_is_where_the_branches_parted(clone: Path) -> None:
    parted = git(clone, "rev-parse", "HEAD~1")
    for wanted in (None, "origin/main", git(clone, "rev-parse", "origin/main")):
        assert find_base(clone, wanted).commit == parted


def test_a_detached_head_has_a_base(clone: Path) -> None:
    git(clone, "switch", "-q", "--detach")
    assert find_base(clone, "origin/main").commit == git(clone, "rev-parse", "HEAD~1")


@pytest.mark.parametrize("wanted", ["e" * 40, "origin/gone", "--help", "-n1", "a b"])
def test_a_base_that_is_gone(clone: Path, wanted: str) -> None:
    found = find_base(clone, wanted)
    assert found.commit is None
    assert "isn't in this clone. Fetch it" in found.problem


@pytest.mark.parametrize("wanted", [None, ""])
def test_a_base_that_nobody_names(clone: Path, wanted: str | None) -> None:
    # As actions/checkout leaves a clone: more of it would not help.
    git(clone, "remote", "set-head", "origin", "--delete")
    found = find_base(clone, wanted)
    assert found.commit is None
    assert "Name it with --base" in found.problem
    assert "Fetch" not in found.problem


def test_a_shallow_clone(clone: Path, tmp_path: Path) -> None:
    git(clone, "push", "-q", "origin", "change")
    remote = f"file://{tmp_path}/remote"
    git(tmp_path, "clone", "-q", "--depth=1", "-b", "change", "--no-single-branch", remote, "few")
    found = find_base(tmp_path / "few", "origin/main")
    assert found.commit is None
    assert "This clone is shallow" in found.problem


def test_no_repository_and_no_commit(tmp_path: Path) -> None:
    assert "no git repository" in find_base(tmp_path, None).problem
    git(tmp_path, "init", "-q")
    assert "no git repository with a commit" in find_base(tmp_path, None).problem


def test_nothing_in_common(clone: Path) -> None:
    git(clone, "switch", "-q", "--orphan", "other")
    git(clone, "commit", "-q", "--allow-empty", "-m", "Other")
    assert "no commit in common" in find_base(clone, "origin/main").problem
