"""CS252: a reference is written as text, so that it is none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from configsync.checks.rule import Finding, Rule
from configsync.checks.texts import every_text
from configsync.core.diagnostic import Severity
from configsync.core.document import Document, show_path

_REFERENCE = re.compile(r"\s*(\{\s*\$(?:csv|env|file|unset|var)\s*:[^{}\n]{0,500}\})\s*")


def check(document: Document) -> Iterator[Finding]:
    for path, text, is_key in every_text(document.body):
        if not is_key and (match := _REFERENCE.fullmatch(text)):
            yield Finding(
                path,
                f"{show_path(path)} is the text {match[1]}",
                "In quotes, or as a block, it is no reference: the application would get these "
                "very characters.",
                help=f"Write {match[1]} without quotes, behind the key.",
            )


def screen(text: str) -> bool:
    """Whether a YAML text may hold one as a value."""
    return "$" in text and ("\\" in text or _BEGIN.search(text) is not None)


_BEGIN = re.compile(r"\{\s*\$(?:csv|env|file|unset|var)\s*:")


RULE = Rule(
    code="CS252",
    severity=Severity.ERROR,
    summary="a reference is written as text",
    why="Quoted, {$file: prompts/system.md} is a text of 26 characters, and a model would be told "
    "these instead of the file's.",
    bad='kind: Prompt\nspec: {content: "{$file: prompts/system.md}"}',
    good='kind: Prompt\nspec: {content: "Write {$ and a name."}',
    check=check,
    screen=screen,
)
