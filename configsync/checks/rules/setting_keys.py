"""CS222: two settings' keys differ only in case or Unicode composition."""

from __future__ import annotations

from collections.abc import Iterator

from configsync.checks.rule import Finding, Rule
from configsync.checks.rules.setting_types import settings_of
from configsync.checks.rules.unique_names import fold
from configsync.core.diagnostic import Related, Severity
from configsync.core.document import Document, Path


def check(document: Document) -> Iterator[Finding]:
    seen: dict[str, Path] = {}
    for path, _ in settings_of(document):
        first = seen.setdefault(fold(str(path[-1])), path)
        if first != path:
            yield Finding(
                path,
                f"the key {path[-1]} differs from {first[-1]} only in case or composition",
                help="Give one of the two another name, or remove it.",
                key=True,
                related=(Related("the other key", document.locate(first, key=True)),),
            )


RULE = Rule(
    code="CS222",
    severity=Severity.ERROR,
    summary="two settings' keys differ only in case or Unicode composition",
    why="timeout and Timeout are two rows to the database; which one the application reads, the "
    "person who changes the other doesn't see.",
    bad="kind: Settings\nspec: {timeout: 30, Timeout: 60}",
    good="kind: Settings\nspec: {timeout: 30, connect_timeout: 60}",
    check=check,
)
