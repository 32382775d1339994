"""CS212: a prompt declares a variable that it doesn't use."""

from __future__ import annotations

from collections.abc import Iterator

from configsync.checks.rule import Finding, Rule
from configsync.checks.variables import VARIABLES, PromptText, cut, prompt_texts, written
from configsync.core.diagnostic import Severity
from configsync.core.document import Document
from configsync.core.template import Syntax, variables_of

_UNLESS = " Where the text is filled in by other means, set syntax: none."


def check(document: Document) -> Iterator[Finding]:
    for text in prompt_texts(document):
        if text.stated is Syntax.NONE or text.reading.faults:
            continue
        # Those that are misspelt in the text are found there.
        unused = {*text.unused} - {*text.meant().values()}
        otherwise = _otherwise(text) if unused else set()
        for index, name in enumerate(text.variables):
            if name in unused:
                yield Finding(
                    (*VARIABLES, index),
                    f"content doesn't use {cut(name)}, which is declared",
                    "Rendering the prompt asks for a value, which would reach nobody."
                    + ("" if text.stated else _UNLESS),
                    help=_help(name, text.syntax, name in otherwise),
                )


def _otherwise(text: PromptText) -> set[str]:
    """The variables that the text uses in the other syntax than it is meant to have."""
    other = Syntax.FORMAT if text.syntax is Syntax.TEMPLATE else Syntax.TEMPLATE
    return {*variables_of(text.content, other)}


def _help(name: str, syntax: Syntax, otherwise: bool) -> str:
    dollar, braces = written(name, Syntax.TEMPLATE), written(name, Syntax.FORMAT)
    if syntax is Syntax.NONE:
        return f"Write {dollar} or {braces} where its value belongs, or remove it."
    right, wrong = (dollar, braces) if syntax is Syntax.TEMPLATE else (braces, dollar)
    if otherwise:
        return f"Write {right} for {wrong}: a text has one syntax."
    return f"Write {right} where its value belongs, or remove it."


RULE = Rule(
    code="CS212",
    severity=Severity.ERROR,
    kind="Prompt",
    summary="a prompt declares a variable that it doesn't use",
    why="Whoever renders the prompt fetches a value that never reaches the model. Often the "
    "place for it was lost in an edit. Where an application fills texts in by other means, "
    "syntax: none says so.",
    bad="spec: {content: Answer the question., variables: [question]}",
    good='spec: {content: "Answer the question: $question", variables: [question]}',
    check=check,
)
