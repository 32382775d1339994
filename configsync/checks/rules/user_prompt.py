"""CS206: the user prompt template lacks {question}."""

from __future__ import annotations

from collections.abc import Iterator

from configsync.checks.rule import Finding, Rule
from configsync.core.diagnostic import Severity
from configsync.core.document import Document


def check(document: Document) -> Iterator[Finding]:
    for path, text in document.texts("spec", "prompts", "user_prompt_template"):
        if "{question}" not in text:
            yield Finding(
                path,
                "the user prompt template has no {question}",
                "The application fills in {question}; without it no question reaches the model.",
                help="Put {question} where the user's question belongs.",
            )


RULE = Rule(
    code="CS206",
    severity=Severity.ERROR,
    kind="Profile",
    summary="the user prompt template lacks {question}",
    why="A template that said {user_message} was filled by nobody: the model was asked nothing, "
    "and answered something.",
    bad='spec: {prompts: {user_prompt_template: "{user_message}"}}',
    good='spec: {prompts: {user_prompt_template: "{question}"}}',
    check=check,
)
