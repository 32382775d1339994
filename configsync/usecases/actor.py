"""Actor: who runs configsync, and what says so."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from pathlib import Path

from configsync.core.errors import UsageError
from configsync.core.revision import MAX_ACTOR, UNKNOWN, Actor, ActorSource
from configsync.source.checkout import configured_author

CI_ACTORS = (
    # https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    # Who asked for a run to be repeated is not whom the first one was for.
    ("GITHUB_TRIGGERING_ACTOR", ActorSource.GITHUB),
    ("GITHUB_ACTOR", ActorSource.GITHUB),
    # https://docs.gitlab.com/ci/variables/predefined_variables/
    ("GITLAB_USER_LOGIN", ActorSource.GITLAB),
    # https://plugins.jenkins.io/build-user-vars-plugin/
    ("BUILD_USER_ID", ActorSource.JENKINS),
    # https://www.jenkins.io/doc/book/pipeline/multibranch/: of a build of a change request.
    ("CHANGE_AUTHOR", ActorSource.JENKINS),
    # https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
    ("BITBUCKET_STEP_TRIGGERER_UUID", ActorSource.BITBUCKET),
    # https://circleci.com/docs/variables/
    ("CIRCLE_USERNAME", ActorSource.CIRCLECI),
    # https://learn.microsoft.com/azure/devops/pipelines/build/variables
    ("BUILD_REQUESTEDFOREMAIL", ActorSource.AZURE),
    # https://buildkite.com/docs/pipelines/configure/environment-variables
    ("BUILDKITE_BUILD_CREATOR_EMAIL", ActorSource.BUILDKITE),
)
"""The variables in which CI says who started a run, the first one that is set counts."""


def find_actor(flag: str | None, root: Path, environment: Mapping[str, str]) -> Actor:
    """Who applies: the flag, else CI's variable, git's author at ``root``, or the login name.

    Else `UNKNOWN`. Of what none of the tables could hold, characters are
    replaced, and what is too long is cut, as whoever applies can't mend it.
    Raises UsageError for such a flag, and for one that names nobody.
    """
    if flag is not None:
        if not flag.strip() or flag != _storable(flag):
            raise UsageError(f"--actor names who it is in 1 to {MAX_ACTOR} characters.")
        return Actor(flag, ActorSource.FLAG)
    for variable, source in CI_ACTORS:
        if name := _storable(environment.get(variable, "")).strip():
            return Actor(name, source)
    if name := _storable(configured_author(root) or "").strip():
        return Actor(name, ActorSource.GIT)
    name = _storable(_login()).strip()
    return Actor(name, ActorSource.LOGIN) if name else Actor(UNKNOWN)


def _storable(name: str) -> str:
    """A name as the tables can hold it; the environment's may be no text at all."""
    name = name.encode(errors="replace").decode().replace("\0", "?")
    return name if len(name) <= MAX_ACTOR else name[: MAX_ACTOR - 1] + "…"


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that no account has.
        return ""
