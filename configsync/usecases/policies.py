"""A team's policies: what they have against changes, and whose of them judge.

These are those of the working tree, or of the commit that a change is based on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from configsync.checks.rules import all_rules
from configsync.compiler.places import FieldPlaces
from configsync.core.diagnostic import Diagnostic, Severity
from configsync.core.errors import UsageError
from configsync.core.plan import Change, PlanOptions
from configsync.core.policy import DeclaredPolicy
from configsync.core.resource import State
from configsync.kinds import resource_types
from configsync.plan.policies.judge import judge, labels_by_root, policies_in_force
from configsync.plan.policies.policy import Proposal
from configsync.source.checkout import resolve
from configsync.source.ci import CiRun, find_base
from configsync.source.project import (
    DEFAULT_TARGET,
    Judging,
    Limits,
    Project,
    Target,
    find_project_at,
)


def against(
    project: Project,
    target: Target,
    changes: tuple[Change, ...],
    options: PlanOptions,
    states: Iterable[State],
) -> Iterator[Diagnostic]:
    """Yield what a project's policies have against the changes of a plan.

    ``states`` hold the labels that count. Raises UsageError or PluginError for policies
    that can't be used.
    """
    policies = policies_in_force(project, resource_types())
    if policies:
        proposal = Proposal(target.name, changes, options, labels_by_root(states))
        places = FieldPlaces(project.root, aliases=project.allow_aliases)
        yield from judge(proposal, policies.values(), places.of_change)


def judged_in_ci(
    project: Project, target: Target, start: Path, run: CiRun, base: str | None
) -> tuple[Project, Target]:
    """The project and target as a run in CI has them judged; see `judged_by`.

    A run for a pull or merge request, or with a ``base`` that was asked for, takes
    the policies of the base, so that a change can't loosen what judges it; any other
    those of the working tree, which were merged. Raises UsageError where there is no base.
    """
    if base is None and run.change is None:
        return project, target
    return judged_by(project, target, start, base or run.base)


def judged_by(
    project: Project, target: Target, start: Path, name: str | None
) -> tuple[Project, Target]:
    """The project and target with the policies, limits and severities of policies of a commit.

    So it is with what could lead secrets astray: the target's database, and the variables of
    the environment that are read.

    ``start`` is the folder that the project was looked for in, ``name`` what names the commit;
    None is the remote's default branch. Policies of the working tree judge nothing then, but
    must be sound. Raises UsageError where they aren't, and for a commit that isn't
    here.
    """
    policies_in_force(project, resource_types())
    commit = resolve(project.root, name or "origin/HEAD")
    if commit is None:
        problem = find_base(project.root, name).problem
        raise UsageError(f"{problem} The change is judged by the policies of its base.")
    found = find_project_at(start, commit)
    policies, limits = _for_target(found, target.name)
    known = found.targets.get(target.name, Target())
    elsewhere = (known.database, known.database_env) != (target.database, target.database_env)
    differs = (project.policies, target.policy, _of_policies(project)) != (
        *(found.policies, limits, _of_policies(found)),
    )
    judged = replace(
        project,
        policies=policies,
        severities={**_of_rules(project), **_of_policies(found)},
        judging=Judging(commit, differs, elsewhere, found.environment),
    )
    return judged, replace(
        target, policy=limits, database=known.database, database_env=known.database_env
    )


def _for_target(base: Project, name: str) -> tuple[tuple[DeclaredPolicy, ...], Limits]:
    """The policies and limits that a base has for a target.

    One that it doesn't have may be another by a new name: so it gets the policies and the
    strictest limits of all.
    """
    known = {name: target.policy for name, target in base.targets.items()}
    known = known or {DEFAULT_TARGET: Limits()}
    if name in known:
        return base.policies, known[name]
    limits = Limits(
        max_update_percent=min(of.max_update_percent for of in known.values()),
        max_delete_percent=min(of.max_delete_percent for of in known.values()),
        threshold_from=min(of.threshold_from for of in known.values()),
        protected=any(of.protected for of in known.values()),
    )
    return tuple(replace(policy, target="*") for policy in base.policies), limits


def _of_rules(project: Project) -> Mapping[str, Severity | None]:
    return {code: s for code, s in project.severities.items() if code in all_rules()}


def _of_policies(project: Project) -> Mapping[str, Severity | None]:
    return {code: s for code, s in project.severities.items() if code not in all_rules()}
