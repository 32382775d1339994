"""Validate: compile a project's source and weigh what was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from configsync.checks.telling import most_telling
from configsync.compiler.compiled import CompiledSource
from configsync.compiler.source import compile_source
from configsync.core.diagnostic import Diagnostic, Severity, has_errors
from configsync.core.errors import UsageError
from configsync.source.project import Project, Target

if TYPE_CHECKING:
    from configsync.core.resource import State


@dataclass(frozen=True, slots=True)
class Validation:
    """What was found in a source, and what it compiled to."""

    compiled: CompiledSource
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings that stop a command."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The other findings, which go with a plan."""
        return tuple(d for d in self.diagnostics if d.severity is not Severity.ERROR)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that were read, in order."""
        return tuple(self.compiled.files)

    @property
    def documents(self) -> int:
        """How many documents they hold."""
        return self.compiled.documents

    @property
    def desired(self) -> State:
        """The desired state, whole only if there are no errors."""
        return self.compiled.state()

    @property
    def ok(self) -> bool:
        return not has_errors(self.diagnostics)


def validate(
    project: Project,
    target: Target,
    *,
    strict: bool = False,
    resources: bool = True,
    cached: bool = True,
    online: bool = False,
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> Validation:
    """Check everything that a project's source holds; every finding in one run.

    ``strict`` makes warnings errors; without ``resources`` the desired state
    stays empty, which is faster. Opens no connection and runs nothing of the
    repository (rule 6.22), unless ``online``: then the Databricks workspace is
    asked for what the documents without errors name there. Raises UsageError,
    and NotConfigured where nothing says which workspace that is.
    """
    compiled = compile_source(
        project, target, resources=resources or online, cached=cached, advance=advance
    )
    found = _weighed(most_telling(compiled.diagnostics), project, strict)
    if online:
        from configsync.usecases.online import ask_workspace

        asked = ask_workspace(project.root, compiled.resources, project.allow_aliases)
        found += _weighed(asked, project, strict)
    return Validation(compiled, tuple(sorted(found, key=lambda d: d.sort_key)))


def validate_for(
    project: Project,
    targets: Sequence[Target],
    *,
    strict: bool = False,
    cached: bool = True,
    online: bool = False,
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> Validation:
    """Check a project's source as each of some targets would have it; see `validate`.

    What isn't found for all of them says for which. The desired state stays empty.
    """
    validations = [
        validate(
            *(project, target),
            strict=strict,
            resources=False,
            cached=cached,
            online=online,
            advance=advance,
        )
        for target in targets
    ]
    where: dict[Diagnostic, list[str]] = {}
    for target, validation in zip(targets, validations, strict=True):
        for diagnostic in validation.diagnostics:
            where.setdefault(diagnostic, []).append(target.name)
    found = (
        d if len(names) == len(targets) else replace(d, detail=_in_targets(d.detail, names))
        for d, names in where.items()
    )
    return Validation(validations[0].compiled, tuple(sorted(found, key=lambda d: d.sort_key)))


def _in_targets(detail: str, names: list[str]) -> str:
    shown = f"the target {names[0]}" if len(names) == 1 else f"the targets {', '.join(names)}"
    return f"{detail} It is so for {shown}.".lstrip()


def _weighed(found: list[Diagnostic], project: Project, strict: bool) -> list[Diagnostic]:
    """The findings with the severities that the settings give them. Raises UsageError."""
    if project.severities:
        _require_rules(project)
    weighed = []
    for diagnostic in found:
        severity = project.severities.get(diagnostic.code, diagnostic.severity)
        if severity is None:
            continue
        if strict and severity is Severity.WARNING:
            severity = Severity.ERROR
        weighed.append(replace(diagnostic, severity=severity))
    return weighed


def _require_rules(project: Project) -> None:
    """Raise UsageError for severities of what is no rule or policy, or of one that is enforced."""
    from configsync.checks.rules import all_rules

    for code in project.severities:
        rule = all_rules().get(code)
        if rule is None and not _is_policy(code, project):
            raise UsageError(f"severity.{code} in the settings: there is no rule or policy {code}.")
        if rule is not None and rule.enforced:
            raise UsageError(
                f"severity.{code} in the settings: what that rule finds can't be stored."
            )


def _is_policy(code: str, project: Project) -> bool:
    from configsync.plan.policies.judge import added_policies

    return code in {*(p.code for p in project.policies), *(p.code for p in added_policies())}
