"""CS223: a category of settings has two documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from configsync.checks.rule import Finding, Rule
from configsync.core.diagnostic import Related, Severity
from configsync.core.document import Document

PATH = ("metadata", "name")


def check(documents: Sequence[Document]) -> Iterator[tuple[Document, Finding]]:
    seen: dict[str, Document] = {}
    for document in documents:
        first = seen.setdefault(document.name or "", document)
        if document.name is None or first is document:
            continue
        yield (
            document,
            Finding(
                PATH,
                f"the category {document.name} has a second document",
                "What patches a category, extends it or has a schema for it takes it as one.",
                help="Move these settings to the first.",
                related=(Related("the first names it here", first.locate(PATH)),),
            ),
        )


RULE = Rule(
    code="CS223",
    severity=Severity.ERROR,
    kind="Settings",
    summary="a category of settings has two documents",
    why="Whoever reads one of the two would take it for all that the category has.",
    bad="metadata: {name: ollama}\nspec: {timeout: 30}\n"
    "---\nmetadata: {name: ollama}\nspec: {model: llama3}",
    good="metadata: {name: ollama}\nspec: {timeout: 30, model: llama3}",
    check_source=check,
    needs=(PATH,),
)
