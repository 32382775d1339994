"""Judges plans by the team's policies: those of the settings, and those that packages add."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location, Related
from configsync.core.errors import PluginError, UsageError
from configsync.core.plan import Change
from configsync.core.resource import ResourceType, State
from configsync.plan.policies.declared import to_policy
from configsync.plan.policies.policy import Finding, Policy, Proposal, broken_example
from configsync.plugins import load_entry_points
from configsync.source.policies import CODE, CODE_WANTED
from configsync.source.project import Project

ENTRY_POINTS = "configsync.policies"

Places = Callable[[Change, str], tuple[Location | None, str]]
"""Where a field of a change is written, and its path in the document."""


@cache
def added_policies() -> tuple[Policy, ...]:
    """The policies that other packages add, by their codes.

    Raises PluginError if one can't be used.
    """
    try:
        found = load_entry_points(ENTRY_POINTS, Policy)
    except ValueError as error:
        raise _unusable(str(error)) from error
    for policy in found:
        if not CODE.fullmatch(policy.code):
            raise _unusable(f"{policy.origin} has the code {policy.code!r}, not {CODE_WANTED}")
    return tuple(sorted(found, key=lambda policy: policy.code))


def _unusable(why: str) -> PluginError:
    return PluginError(f"{why}. Update or uninstall the package at fault.")


def policies_in_force(project: Project, types: Mapping[str, ResourceType]) -> dict[str, Policy]:
    """All policies that judge a project's plans, by code, none that ``severity`` silences.

    Raises UsageError for one of the settings that can't be used, and PluginError for one
    of a package.
    """
    every = [*added_policies(), *(to_policy(d, types) for d in project.policies)]
    if not every:
        return {}
    from configsync.checks.rules import all_rules

    found: dict[str, Policy] = {}
    for policy in every:
        taken = policy.code in found or policy.code in all_rules()
        wrong = "its code is taken" if taken else _broken(policy, types)
        if wrong is not None:
            if policy.declared is None:
                raise _unusable(f"the policy {policy.code} of {policy.origin}: {wrong}")
            raise UsageError(f"{policy.origin}: the policy {policy.code}: {wrong}.")
        found[policy.code] = policy
    for code, severity in project.severities.items():
        if code in found and severity is None:
            del found[code]
        elif code in found and severity is not None:
            found[code] = replace(found[code], severity=severity)
    return dict(sorted(found.items()))


def _broken(policy: Policy, types: Mapping[str, ResourceType]) -> str | None:
    if policy.declared is None and not (policy.refuses and policy.allows):
        return "it has no examples of what it refuses and what it allows"
    try:
        return broken_example(policy, types)
    except (Exception, SystemExit) as error:
        return f"its example can't be judged: {_told(error)}"


def judge(proposal: Proposal, policies: Iterable[Policy], places: Places) -> Iterator[Diagnostic]:
    """Yield what policies have against a plan, and what keeps one from judging."""
    for policy in policies:
        try:
            found = list(policy.check(proposal))
            for finding in found:
                _require_sound(finding)
        except (Exception, SystemExit) as error:
            # A package's own code may raise anything; unjudged is not allowed.
            yield codes.UNJUDGED.at(
                None,
                f"the policy {policy.code} can't judge the plan: {_told(error)}",
                help=f"It comes from {policy.origin}. Update or uninstall the package at fault.",
            )
        else:
            yield from (_diagnostic(policy, f, places) for f in found)


def _require_sound(finding: object) -> None:
    """Raise TypeError for what a package's check yields and nobody could show."""
    if not isinstance(finding, Finding):
        raise TypeError(f"it found a {type(finding).__name__}, no Finding")
    if not isinstance(finding.change, Change | None):
        raise TypeError(f"what it found is about a {type(finding.change).__name__}, no Change")
    for name in ("summary", "field", "detail", "help"):
        text = getattr(finding, name)
        if not isinstance(text, str):
            raise TypeError(f"the {name} of a finding is a {type(text).__name__}, no text")


def _told(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _diagnostic(policy: Policy, finding: Finding, places: Places) -> Diagnostic:
    location, path = (None, "")
    if finding.change is not None:
        location, path = places(finding.change, finding.field)
    declared = policy.declared
    detail = finding.detail
    related: tuple[Related, ...] = ()
    if declared is not None and declared.commit is None:
        related = (Related(f"{policy.code} stands here", declared.location),)
    elif declared is not None:
        # The line of another commit, which a frame of the file as it is would misquote.
        detail = f"{detail} {policy.code} stands in {declared.origin}.".lstrip()
    return Diagnostic(
        policy.code,
        policy.severity,
        finding.summary,
        detail,
        location,
        path,
        finding.help,
        related,
    )


def labels_by_root(states: Iterable[State]) -> dict[str, dict[str, frozenset[str]]]:
    """The labels of roots in some states, each with all of its values; see `Proposal`."""
    found: dict[str, dict[str, frozenset[str]]] = {}
    for state in states:
        for at, resource in state.items():
            for key, value in (resource.labels or {}).items():
                labels = found.setdefault(at, {})
                labels[key] = labels.get(key, frozenset()) | {value}
    return found
