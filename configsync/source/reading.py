"""What reading a text gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from configsync.core.diagnostic import Diagnostic
from configsync.core.document import Mark


@dataclass(slots=True)
class Reading:
    """What a file's text held: the root of each document, and what was wrong.

    ``roots`` are mappings, lists or scalars; where a fault stops the parser,
    those of the documents before. A root is None if its document is empty.
    """

    roots: list[Any] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def stop(self, fault: Diagnostic) -> None:
        """Record the fault that stopped the parser, and drop what it left half read."""
        self.diagnostics.append(fault)
        del self.roots[-1:], self.marks[-1:]
