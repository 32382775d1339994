"""CS203: the endpoint is blank."""

from __future__ import annotations

from collections.abc import Iterator

from configsync.checks.rule import Finding, Rule
from configsync.core.diagnostic import Severity
from configsync.core.document import Document


def check(document: Document) -> Iterator[Finding]:
    for path, text in document.texts("spec", "ai_infra", "llm_endpoint"):
        if not text.strip():
            yield Finding(
                path, "the endpoint is blank", help="Write the name of a model serving endpoint."
            )


RULE = Rule(
    code="CS203",
    severity=Severity.ERROR,
    kind="Profile",
    summary="the endpoint is blank",
    why="Migrations have written empty strings for keys that they didn't find; the application "
    "then failed at its first request, not at the change.",
    bad='spec: {ai_infra: {llm_endpoint: "  "}}',
    good="spec: {ai_infra: {llm_endpoint: databricks-claude-sonnet-4-5}}",
    check=check,
)
