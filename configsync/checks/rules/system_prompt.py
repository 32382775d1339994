"""CS207: the system prompt lacks {max_slides}."""

from __future__ import annotations

from collections.abc import Iterator

from configsync.checks.rule import Finding, Rule
from configsync.core.diagnostic import Severity
from configsync.core.document import Document


def check(document: Document) -> Iterator[Finding]:
    for path, text in document.texts("spec", "prompts", "system_prompt"):
        if "{max_slides}" not in text:
            yield Finding(
                path,
                "the system prompt has no {max_slides}",
                "The application fills in {max_slides}; without it the length is the model's.",
                help="Put {max_slides} where the limit is stated.",
            )


RULE = Rule(
    code="CS207",
    severity=Severity.WARNING,
    kind="Profile",
    summary="the system prompt lacks {max_slides}",
    why="Without it the limit that a user sets is never told to the model.",
    bad="spec: {prompts: {system_prompt: You make slides.}}",
    good='spec: {prompts: {system_prompt: "Make at most {max_slides} slides."}}',
    check=check,
)
