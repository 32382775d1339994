"""Validate: compile a project's source and weigh what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from configsync.compiler.source import compile_source
from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Severity, has_errors
from configsync.core.resource import State
from configsync.source.project import Project, Target


@dataclass(frozen=True, slots=True)
class Validation:
    """What was found: ``desired`` is whole only if there are no errors."""

    files: tuple[str, ...]
    documents: int
    desired: State
    diagnostics: tuple[Diagnostic, ...]

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
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> Validation:
    """Check everything that a project's source holds; every finding in one run.

    ``strict`` makes warnings errors; without ``resources`` the desired state
    stays empty, which is faster. Opens no connection and runs nothing of the
    repository (rule 6.22).
    """
    compiled = compile_source(project, target, resources=resources, cached=cached, advance=advance)
    found = _weighed(_most_telling(compiled.diagnostics), project, strict)
    return Validation(
        files=tuple(compiled.files),
        documents=compiled.documents,
        desired=compiled.state(),
        diagnostics=tuple(sorted(found, key=lambda d: d.sort_key)),
    )


def _weighed(found: list[Diagnostic], project: Project, strict: bool) -> list[Diagnostic]:
    """The findings with the severities that the settings give them."""
    weighed = []
    for diagnostic in found:
        severity = project.severities.get(diagnostic.code, diagnostic.severity)
        if severity is None:
            continue
        if strict and severity is Severity.WARNING:
            severity = Severity.ERROR
        weighed.append(replace(diagnostic, severity=severity))
    return weighed


def _most_telling(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """Of several codes for one value, keep the one that says most.

    A rule knows why a value is wrong; the schema only that it is; the column
    only that it doesn't fit.
    """

    def rank(diagnostic: Diagnostic) -> int:
        if diagnostic.code in _OF_THE_COLUMN:
            return 2
        return 1 if diagnostic.code in _OF_THE_SCHEMA else 0

    best: dict[tuple[object, str], int] = {}
    for diagnostic in diagnostics:
        place = (diagnostic.location, diagnostic.path)
        best[place] = min(rank(diagnostic), best.get(place, 2))
    kept = (d for d in diagnostics if rank(d) == best[(d.location, d.path)])
    # A fault of a base shows in every document that extends it, and is one.
    return list(dict.fromkeys(kept))


_OF_THE_SCHEMA = {
    c.code
    for c in (codes.NOT_ALLOWED, codes.OUT_OF_RANGE, codes.BAD_TEXT, codes.BAD_LENGTH, codes.SCHEMA)
}
_OF_THE_COLUMN = {codes.UNSTORABLE.code}
