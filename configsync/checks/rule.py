"""What a rule is: a code with a check, its reason and its examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from configsync.checks.place import place_within
from configsync.core.diagnostic import Diagnostic, Location, Related, Severity
from configsync.core.document import Document, Path, show_path

Lines: TypeAlias = Callable[[str], Sequence[str]]
"""Gives the lines of a file, by its name; none of one that can't be read."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule finds, before it is given its code and place.

    ``path`` leads to the node; with ``key``, to its key; with ``offset``, to
    that character of the text there.
    """

    path: Path
    summary: str
    detail: str = ""
    help: str = ""
    key: bool = False
    related: tuple[Related, ...] = ()
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule about documents of one kind, or of every kind where ``kind`` is None.

    ``check`` sees one document, ``check_source`` all of them together, but of
    each only the values at the paths that ``needs`` names; a rule has one of
    the two. Documents may not meet their schema: a check looks only at values
    of the type it expects. ``bad`` and ``good`` are YAML fragments, laid over
    a minimal document of the kind; several are divided by ``---``. ``screen``
    tells of the text of a whole file, which refers to no other, whether
    ``check`` may find something in its documents; it saves the time of looking
    at each of their values. A rule that is ``enforced`` finds what can't be
    stored all the same, as for the database refuses it, and can't be silenced.
    """

    code: str
    severity: Severity
    summary: str
    why: str
    bad: str
    good: str
    kind: str | None = None
    check: Callable[[Document], Iterator[Finding]] | None = None
    check_source: Callable[[Sequence[Document]], Iterator[tuple[Document, Finding]]] | None = None
    needs: tuple[tuple[str, ...], ...] = ()
    screen: Callable[[str], bool] | None = None
    enforced: bool = False

    def __post_init__(self) -> None:
        if (self.check is None) == (self.check_source is None):
            raise ValueError(f"{self.code} needs one of check and check_source")
        if (self.check_source is None) != (self.needs == ()):
            raise ValueError(f"{self.code}: needs goes with check_source")

    def diagnostic(self, document: Document, finding: Finding, lines: Lines) -> Diagnostic:
        """Give a finding its code, severity and place."""
        where, detail = _place(document, finding, lines)
        return Diagnostic(
            self.code,
            self.severity,
            finding.summary,
            detail,
            where,
            show_path(finding.path),
            finding.help,
            finding.related,
        )


def _place(document: Document, finding: Finding, lines: Lines) -> tuple[Location, str]:
    """Where a finding is, and its detail; that says what the place can't."""
    where = document.locate(finding.path, key=finding.key)
    text = document.get(finding.path)
    if finding.offset is None or not isinstance(text, str):
        return where, finding.detail
    exact = place_within(lines(where.file), where, text, finding.offset)
    if exact is not None:
        return exact, finding.detail
    number = text.count("\n", 0, finding.offset) + 1
    return where, f"It is in line {number} of the text. {finding.detail}".rstrip()
