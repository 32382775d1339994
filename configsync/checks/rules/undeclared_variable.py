"""CS211: a prompt uses a variable that it doesn't declare."""

from __future__ import annotations

from collections.abc import Iterator

from configsync.checks.rule import Finding, Rule
from configsync.checks.variables import CONTENT, SIGNS, prompt_texts, written
from configsync.core.diagnostic import Severity
from configsync.core.document import Document


def check(document: Document) -> Iterator[Finding]:
    for text in prompt_texts(document):
        if text.reading.faults:
            continue
        meant = text.meant()
        for name, offset in text.undeclared.items():
            shown, sign = written(name, text.syntax), SIGNS[text.syntax]
            yield Finding(
                CONTENT,
                f"content uses {shown}, which isn't declared",
                "Only declared variables are given values.",
                help=f"Did you mean {written(meant[name], text.syntax)}?"
                if name in meant
                else f"Add it to spec.variables, or write {sign}{sign} if the {sign} is text.",
                offset=offset,
            )


RULE = Rule(
    code="CS211",
    severity=Severity.ERROR,
    kind="Prompt",
    summary="a prompt uses a variable that it doesn't declare",
    why="Nobody gives it a value: rendering the prompt would fail, or the model would be shown "
    "{question} and no question.",
    bad='spec: {content: "About {topic}: {question}", variables: [question]}',
    good='spec: {content: "About {topic}: {question}", variables: [topic, question]}',
    check=check,
)
