"""CS210: two names differ only in case or Unicode composition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from unicodedata import category, normalize

from configsync.checks.rule import Finding, Rule
from configsync.core.diagnostic import Related, Severity
from configsync.core.document import Document

PATH = ("metadata", "name")


def fold(name: str) -> str:
    """Names that fold to the same text look the same.

    NFC, case folding and NFC again, without the characters that show as nothing.
    """
    if name.isascii():
        return name.casefold()
    shown = "".join(c for c in name if category(c) != "Cf")
    return normalize("NFC", normalize("NFC", shown).casefold())


def check(documents: Sequence[Document]) -> Iterator[tuple[Document, Finding]]:
    seen: dict[tuple[str, str], Document] = {}
    for document in documents:
        name = document.name
        if name is None:
            continue
        other = seen.setdefault((document.kind, fold(name)), document)
        # The very same name is a resource defined twice (CS302).
        if other is document or other.name == name:
            continue
        yield (
            document,
            Finding(
                PATH,
                f"the name {name} differs from {other.name} only in case or composition",
                "One may write é as one character, the other as e and an accent."
                if normalize("NFC", name) == normalize("NFC", other.name or "")
                else "",
                help="Give one of the two another name.",
                related=(Related("the other name", other.locate(PATH)),),
            ),
        )


RULE = Rule(
    code="CS210",
    severity=Severity.ERROR,
    summary="two names differ only in case or Unicode composition",
    why="Production and production are two rows to the database and one to the person who "
    "chooses; é has two spellings that no one can tell apart.",
    bad="metadata: {name: Production}\n---\nmetadata: {name: production}",
    good="metadata: {name: production}\n---\nmetadata: {name: staging}",
    check_source=check,
    needs=(PATH,),
)
