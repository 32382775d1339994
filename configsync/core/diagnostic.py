"""Diagnostics: what is wrong, where, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from configsync.core.secrets import masked


class Severity(StrEnum):
    """How much a diagnostic matters: only errors stop a command."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file; ``line`` and ``column`` count from 1, in characters.

    ``file`` is relative to the project's folder, with ``/`` between folders.
    """

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that a diagnostic speaks of, such as the first of two definitions."""

    message: str
    location: Location


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    ``summary`` is a sentence without its full stop, ``detail`` says what was
    expected and why, ``help`` how to mend it, ``path`` names the node within
    its document (``spec.genie_spaces[0].space_id``). Whatever was quoted, no
    text of it has what may be a credential.
    """

    code: str
    severity: Severity
    summary: str
    detail: str = ""
    location: Location | None = None
    path: str = ""
    help: str = ""
    related: tuple[Related, ...] = ()

    def __post_init__(self) -> None:
        for name in ("summary", "detail", "path", "help"):
            text = getattr(self, name)
            if (clean := masked(text)) is not text:
                object.__setattr__(self, name, clean)

    @property
    def sort_key(self) -> tuple[str, int, int, str, str, str]:
        """Order by place, those without one first."""
        where = self.location or Location("", 0, 0)
        return (where.file, where.line, where.column, self.code, self.path, self.summary)


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of diagnostic: a stable identifier, its severity, and why it exists."""

    code: str
    severity: Severity
    summary: str
    why: str

    def at(
        self,
        location: Location | None,
        summary: str,
        detail: str = "",
        *,
        path: str = "",
        help: str = "",
        related: tuple[Related, ...] = (),
    ) -> Diagnostic:
        """Make a diagnostic of this code."""
        return Diagnostic(self.code, self.severity, summary, detail, location, path, help, related)


def has_errors(diagnostics: list[Diagnostic] | tuple[Diagnostic, ...]) -> bool:
    """Tell whether any of the diagnostics is an error."""
    return any(d.severity is Severity.ERROR for d in diagnostics)
