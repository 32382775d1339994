"""Apply: carry out a plan in the name of someone."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from pathlib import Path

from configsync.core.diagnostic import Severity
from configsync.core.errors import Refused
from configsync.core.plan import Plan
from configsync.core.revision import Applied, Attribution, RevisionSource
from configsync.kinds import resource_types
from configsync.source.checkout import configured_author
from configsync.store.apply import apply_plan
from configsync.store.database import Database

CI_ACTORS = (
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "BUILD_USER_ID",
    "BITBUCKET_STEP_TRIGGERER_UUID",
    "CIRCLE_USERNAME",
    "BUILD_REQUESTEDFOREMAIL",
    "BUILDKITE_BUILD_CREATOR_EMAIL",
)
"""Who started the run: GitHub, GitLab, Jenkins, Bitbucket, CircleCI, Azure, Buildkite."""


def apply(database: Database, plan: Plan, actor: str, lock_timeout: float) -> Applied:
    """Apply a plan from git; returns what the database is then at.

    Raises Refused if a policy stands against it, StalePlan, LockTimeout or
    DatabaseError; in each case nothing was written.
    """
    against = [d for d in plan.diagnostics if d.severity is Severity.ERROR]
    if against:
        raise Refused(f"{against[0].code}: {against[0].summary}.")
    attribution = Attribution(
        source=RevisionSource.APPLY,
        actor=actor,
        commit=plan.source.commit,
        dirty=plan.source.dirty,
        author=plan.source.author,
    )
    return apply_plan(database, plan, resource_types(), attribution, lock_timeout)


def find_actor(flag: str | None, root: Path, environment: Mapping[str, str]) -> str:
    """Who applies: the flag, else CI's variable, git's author at ``root``, or the OS user."""
    if flag:
        return flag
    for name in CI_ACTORS:
        if environment.get(name):
            return environment[name]
    return configured_author(root) or _os_user()


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that no account has.
        return "unknown"
