"""What a CI system tells of the run that configsync is a part of: by its environment alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from configsync.source.checkout import Ancestry, ancestry, merge_base, resolve


class System(StrEnum):
    """A CI system that is known; ``none`` is a laptop, or another one."""

    GITHUB = "github"
    GITLAB = "gitlab"
    JENKINS = "jenkins"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class CiRun:
    """One run. What the system doesn't tell is None.

    ``base`` is the commit or branch that the change is to be merged into;
    ``change`` names the pull or merge request, or what waits in a merge queue.
    ``fork`` tells whether it comes from another repository, whose authors get no
    secrets. ``summary`` and ``output`` are files of GitHub's, of a page for people
    and of values for later steps. ``url`` is where people see the run.
    """

    system: System
    base: str | None = None
    change: str | None = None
    fork: bool = False
    summary: Path | None = None
    output: Path | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class BaseCommit:
    """The commit that a change starts from; without one, ``problem`` says why and what to do."""

    commit: str | None
    problem: str = ""


def read_run(environment: Mapping[str, str]) -> CiRun:
    """The run that an environment tells of.

    Sources: https://docs.github.com/actions/reference/variables-reference,
    https://docs.gitlab.com/ci/variables/predefined_variables/ and the page
    ``/env-vars.html`` of any Jenkins, with its branch source plugins.
    """
    if environment.get("GITHUB_ACTIONS") == "true":
        return _github(environment)
    if environment.get("GITLAB_CI"):
        return _gitlab(environment)
    if environment.get("JENKINS_URL"):
        target = environment.get("CHANGE_TARGET")
        return CiRun(
            System.JENKINS,
            base=None if target is None else f"origin/{target}",
            change=environment.get("CHANGE_ID"),
            fork=bool(environment.get("CHANGE_FORK")),
            url=environment.get("BUILD_URL"),
        )
    return CiRun(System.NONE)


def find_base(root: Path, wanted: str | None) -> BaseCommit:
    """The newest commit that ``wanted`` and what is checked out at ``root`` have in common.

    Without one wanted, it is what the remote's default branch has in common.
    Never raises: a report can do without, and says so.
    """
    head = resolve(root, "HEAD")
    if head is None:
        return BaseCommit(None, "This is no git repository with a commit, so no base is known.")
    name = wanted or "origin/HEAD"
    commit = resolve(root, name)
    if commit is None and not wanted:
        return BaseCommit(
            None,
            "What this is based on isn't known: CI doesn't tell, and the clone has no origin/HEAD. "
            "Name it with --base, as origin/main, or run: git remote set-head origin --auto.",
        )
    if commit is None:
        return BaseCommit(
            None,
            f"The base {name} isn't in this clone. Fetch it: git fetch origin, with "
            "fetch-depth: 0 in a GitHub checkout, GIT_DEPTH: 0 in GitLab.",
        )
    common = merge_base(root, commit, head)
    if common is None:
        if ancestry(root, head, commit) is Ancestry.CUT_OFF:
            return BaseCommit(
                None,
                f"This clone is shallow and doesn't reach back to the base {name}. "
                "Fetch all of it: git fetch --unshallow.",
            )
        return BaseCommit(
            None, f"The base {name} has no commit in common with what is checked out."
        )
    return BaseCommit(common)


def _github(environment: Mapping[str, str]) -> CiRun:
    event = _event(environment.get("GITHUB_EVENT_PATH"))
    request = event.get("pull_request")
    base = change = None
    fork = False
    if isinstance(request, dict):
        base = _text(request, "base", "sha")
        change = str(request.get("number") or "") or None
        head, target = (
            _text(request, "head", "repo", "full_name"),
            _text(request, "base", "repo", "full_name"),
        )
        # A fork that was deleted has no repository any more.
        fork = head != target
    elif isinstance(event.get("merge_group"), dict):
        # What waits in a merge queue isn't merged: its base judges it.
        base = _text(event, "merge_group", "base_sha")
        change = _text(event, "merge_group", "head_ref") or "merge_group"
    elif environment.get("GITHUB_BASE_REF"):
        # Set for pull requests only: that it is one is told even where the event can't be read.
        base = f"origin/{environment['GITHUB_BASE_REF']}"
        change = environment.get("GITHUB_REF_NAME", "").partition("/")[0] or base
    else:
        before = event.get("before")
        base = before if isinstance(before, str) and before.strip("0") else None
    url = None
    if environment.get("GITHUB_RUN_ID"):
        server, repository = (
            environment.get(f"GITHUB_{n}", "") for n in ("SERVER_URL", "REPOSITORY")
        )
        url = f"{server}/{repository}/actions/runs/{environment['GITHUB_RUN_ID']}"
    return CiRun(
        System.GITHUB,
        base=base,
        change=change,
        fork=fork,
        summary=_path(environment.get("GITHUB_STEP_SUMMARY")),
        output=_path(environment.get("GITHUB_OUTPUT")),
        url=url,
    )


def _gitlab(environment: Mapping[str, str]) -> CiRun:
    before = environment.get("CI_COMMIT_BEFORE_SHA", "")
    base = environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA")
    source, project = (
        environment.get(name)
        for name in ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "CI_MERGE_REQUEST_PROJECT_ID")
    )
    return CiRun(
        System.GITLAB,
        base=base or (before if before.strip("0") else None),
        change=environment.get("CI_MERGE_REQUEST_IID"),
        fork=source is not None and source != project,
        url=environment.get("CI_JOB_URL"),
    )


def _event(path: str | None) -> dict[str, object]:
    """What GitHub tells of the event; nothing where that can't be read."""
    if not path:
        return {}
    try:
        found = json.loads(Path(path).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(node: object, *steps: str) -> str | None:
    for step in steps:
        node = node.get(step) if isinstance(node, dict) else None
    return node if isinstance(node, str) else None


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None
