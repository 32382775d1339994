"""CS213: a sign in a prompt is neither text nor part of a variable."""

from __future__ import annotations

from collections.abc import Iterator

from configsync.checks.rule import Finding, Rule
from configsync.checks.variables import CONTENT, prompt_texts
from configsync.core.diagnostic import Severity
from configsync.core.document import Document
from configsync.core.template import Syntax

_FORMS = {
    Syntax.TEMPLATE: "A variable is $name or ${name}, with letters, digits and _.",
    Syntax.FORMAT: "A variable is {name}, with letters, digits and _; .part, [key], !r and "
    ":format may follow the name.",
}


def check(document: Document) -> Iterator[Finding]:
    for text in prompt_texts(document):
        if not text.reading.faults:
            continue
        first, *more = text.reading.faults
        sign = text.content[first]
        detail = _FORMS[text.syntax]
        if more:
            line = text.content.count("\n", 0, more[0]) + 1
            detail += f" Another stands in line {line} of the text."
        other = "$name" if text.syntax is Syntax.FORMAT else "{name}"
        unless = "" if text.stated else f", or write variables as {other}"
        yield Finding(
            CONTENT,
            f"a {sign} in content {'ends' if sign == '}' else 'begins'} no variable",
            detail,
            help=f"Write {sign}{sign} if the {sign} is text{unless}.",
            offset=first,
        )


RULE = Rule(
    code="CS213",
    severity=Severity.ERROR,
    kind="Prompt",
    summary="a $ or a brace in a prompt is neither text nor part of a variable",
    why="Rendering the prompt would stop there: the examples of JSON in a text whose variables "
    "are written in braces are the usual case.",
    bad="""spec: {content: 'Answer {question} as {"answer": 1}', variables: [question]}""",
    good="""spec: {content: 'Answer {question} as {{"answer": 1}}', variables: [question]}""",
    check=check,
)
