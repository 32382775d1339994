"""What a rule is: a code with a check, its reason and its examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from configsync.core.diagnostic import Diagnostic, Related, Severity
from configsync.core.document import Document, Path, show_path


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule finds, before it is given its code and place.

    ``path`` leads to the node; with ``key``, to its key.
    """

    path: Path
    summary: str
    detail: str = ""
    help: str = ""
    key: bool = False
    related: tuple[Related, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule about documents of one kind, or of every kind where ``kind`` is None.

    ``check`` sees one document, ``check_source`` all of them together, but of
    each only the values at the paths that ``needs`` names; a rule has one of
    the two. Documents may not meet their schema: a check looks only at values
    of the type it expects. ``bad`` and ``good`` are YAML fragments, laid over
    a minimal document of the kind; several are divided by ``---``. A rule that
    is ``enforced`` finds what can't be stored all the same, as for the database
    refuses it, and can't be silenced.
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
    enforced: bool = False

    def __post_init__(self) -> None:
        if (self.check is None) == (self.check_source is None):
            raise ValueError(f"{self.code} needs one of check and check_source")
        if (self.check_source is None) != (self.needs == ()):
            raise ValueError(f"{self.code}: needs goes with check_source")

    def diagnostic(self, document: Document, finding: Finding) -> Diagnostic:
        """Give a finding its code, severity and place."""
        return Diagnostic(
            self.code,
            self.severity,
            finding.summary,
            finding.detail,
            document.locate(finding.path, key=finding.key),
            show_path(finding.path),
            finding.help,
            finding.related,
        )
