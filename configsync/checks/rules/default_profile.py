"""CS209: several profiles are the default."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from configsync.checks.rule import Finding, Rule
from configsync.core.diagnostic import Related, Severity
from configsync.core.document import Document

PATH = ("spec", "default")


def check(documents: Sequence[Document]) -> Iterator[tuple[Document, Finding]]:
    first: Document | None = None
    for document in documents:
        if document.get(PATH) is not True:
            continue
        if first is None:
            first = document
            continue
        yield (
            document,
            Finding(
                PATH,
                f"a second profile is the default: {document.name}",
                help="Keep default: true at one profile of all.",
                related=(Related(f"{first.name} is the default too", first.locate(PATH)),),
            ),
        )


RULE = Rule(
    code="CS209",
    severity=Severity.ERROR,
    kind="Profile",
    summary="several profiles are the default",
    why="With two defaults, which one an application gets depends on the order of rows.",
    bad="metadata: {name: a}\nspec: {default: true}\n"
    "---\nmetadata: {name: b}\nspec: {default: true}",
    good="metadata: {name: a}\nspec: {default: true}\n---\nmetadata: {name: b}",
    check_source=check,
    enforced=True,
    needs=(("metadata", "name"), PATH),
)
