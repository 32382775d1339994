"""CS214: a prompt would be rendered in another syntax than it is meant to have."""

from __future__ import annotations

from collections.abc import Iterator

from configsync.checks.rule import Finding, Rule
from configsync.checks.variables import CONTENT, SIGNS, PromptText, prompt_texts, written
from configsync.core.diagnostic import Severity
from configsync.core.document import Document
from configsync.core.template import Syntax, read, syntax_of


def check(document: Document) -> Iterator[Finding]:
    for text in prompt_texts(document):
        if text.syntax is Syntax.NONE or not text.reading.has_just(text.variables):
            continue
        if text.stated is None:
            yield from _mixed(text)
        elif syntax_of(text.content, text.variables) is not text.stated:
            yield from _otherwise(text)


def _mixed(text: PromptText) -> Iterator[Finding]:
    """A text without a stated syntax that seems to be written in both.

    As a format it has a ``$`` before a variable, or as a template a variable
    in braces by itself.
    """
    reading = read(text.content, Syntax.FORMAT)
    if not reading.has_just(text.variables):
        return
    prefixed = text.syntax is Syntax.FORMAT
    for name, offset in reading.uses:
        if (text.content[offset - 1 : offset] == "$") is prefixed:
            braced = written(name, Syntax.FORMAT)
            shown, form = (f"${braced}", "{name}") if prefixed else (braced, "$name")
            signs = "the $ is" if prefixed else "the braces are"
            yield Finding(
                CONTENT,
                f"content has {shown} among variables that are written as {form}",
                f"A text is rendered in one syntax: {text.syntax} here, in which {signs} text.",
                help=f"Write {written(name, text.syntax)}, or set syntax: {text.syntax} if {signs} "
                "meant to stay.",
                offset=offset,
            )
            return


def _otherwise(text: PromptText) -> Iterator[Finding]:
    """A text in a stated syntax that isn't the one that it tells by itself."""
    sign = SIGNS[text.syntax]
    if not text.variables and text.reading.escape is not None:
        doubled = text.content[text.reading.escape] * 2
        yield Finding(
            CONTENT,
            f"{doubled} in content stays as it is, since no variables are declared",
            "Without variables, all of a text is text.",
            help=f"Write {doubled[0]} once, and leave syntax out.",
            offset=text.reading.escape,
        )
    elif text.variables:
        name, offset = read(text.content, Syntax.TEMPLATE).uses[0]
        braced = text.content[offset + 1] == "{"
        shown = f"${written(name, Syntax.FORMAT)}" if braced else written(name, Syntax.TEMPLATE)
        yield Finding(
            CONTENT,
            f"content can be read as template too, by its {shown}",
            "The syntax isn't stored, and a text that can be both is rendered as template.",
            help=f"Set syntax: template, or write a blank between $ and {sign}.",
            offset=offset,
        )


RULE = Rule(
    code="CS214",
    severity=Severity.ERROR,
    kind="Prompt",
    summary="a prompt would be rendered in another syntax than it is meant to have",
    why="The syntax isn't stored: whoever renders a prompt tells it from the text and its "
    "variables, and would fill in others than the author meant.",
    bad='spec: {content: "Spend at most ${budget}.", syntax: format, variables: [budget]}',
    good='spec: {content: "Spend at most {budget} $.", syntax: format, variables: [budget]}',
    check=check,
)
