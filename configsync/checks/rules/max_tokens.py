"""CS202: the token limit is 0 or less."""

from __future__ import annotations

from collections.abc import Iterator

from configsync.checks.rule import Finding, Rule
from configsync.core.diagnostic import Severity
from configsync.core.document import Document

PATH = ("spec", "ai_infra", "llm_max_tokens")


def check(document: Document) -> Iterator[Finding]:
    value = document.get(PATH)
    if type(value) is int and value <= 0:
        yield Finding(
            PATH,
            f"llm_max_tokens is {value}, and must be above 0",
            "A limit that leaves no token leaves no answer.",
        )


RULE = Rule(
    code="CS202",
    severity=Severity.ERROR,
    kind="Profile",
    summary="the token limit is 0 or less",
    why="An endpoint that may answer with no token answers with an error, at every request.",
    bad="spec: {ai_infra: {llm_max_tokens: 0}}",
    good="spec: {ai_infra: {llm_max_tokens: 80000}}",
    check=check,
    enforced=True,
)
