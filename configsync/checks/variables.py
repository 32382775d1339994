"""What the rules about the variables of a prompt share: its text, read as it is meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from configsync.core.document import Document
from configsync.core.template import Reading, Syntax, is_name, read, syntax_of

CONTENT = ("spec", "content")
VARIABLES = ("spec", "variables")

SIGNS = {Syntax.TEMPLATE: "$", Syntax.FORMAT: "{"}
"""What a variable begins with; the sign by itself is written twice."""

MAX_NAME = 40
"""Characters of a name in a message."""

MAX_PAIRS = 1000
"""How many names are compared with each other: more takes longer than it helps."""


@dataclass(frozen=True, slots=True)
class PromptText:
    """A prompt's text with its declared variables, read in the syntax that it is meant to have.

    ``stated`` is None where the document doesn't say which that is.
    """

    content: str
    variables: tuple[str, ...]
    stated: Syntax | None
    syntax: Syntax
    reading: Reading

    @property
    def undeclared(self) -> dict[str, int]:
        """The variables that are used and not declared, with the offset of their first use."""
        declared = {*self.variables}
        found: dict[str, int] = {}
        for name, offset in self.reading.uses:
            if name not in declared:
                found.setdefault(name, offset)
        return found

    @property
    def unused(self) -> list[str]:
        """The variables that are declared and not used; what is no name isn't one."""
        used = {*self.reading.names}
        return [name for name in self.variables if name not in used and is_name(name)]

    def meant(self) -> dict[str, str]:
        """Undeclared names that are declared ones misspelt, with those."""
        unused, undeclared = self.unused, self.undeclared
        if len(unused) * len(undeclared) > MAX_PAIRS:
            return {}
        near = {name: get_close_matches(name, unused, 1) for name in undeclared}
        return {name: found[0] for name, found in near.items() if found}


def prompt_texts(document: Document) -> Iterator[PromptText]:
    """The text of a prompt, if it has one and what it says of variables can be understood."""
    variables = document.get(VARIABLES) or []
    stated = document.get(("spec", "syntax"))
    if not isinstance(variables, list) or not all(isinstance(v, str) for v in variables):
        return
    if stated not in (None, *Syntax):
        return
    known = None if stated is None else Syntax(stated)
    for _, content in document.texts(*CONTENT):
        syntax = known or _meant_syntax(content, variables)
        yield PromptText(content, tuple(variables), known, syntax, read(content, syntax))


def cut(name: str) -> str:
    """A name as a message shows it."""
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"


def written(name: str, syntax: Syntax) -> str:
    """A variable as a syntax writes it, for a message."""
    name = cut(name)
    return f"${name}" if syntax is Syntax.TEMPLATE else f"{{{name}}}"


def _meant_syntax(content: str, variables: list[str]) -> Syntax:
    """The syntax of a text that doesn't state it: the one that it tells, or else most likely has.

    That is the one that uses more of the declared variables. Braces and ``$``
    of a text that uses none of them are most likely just text.
    """
    best, rank = syntax_of(content, variables), (0, False, 0)
    if best is not Syntax.NONE or not variables:
        return best
    declared = {*variables}
    for syntax in (Syntax.TEMPLATE, Syntax.FORMAT):
        reading = read(content, syntax)
        used = {*reading.names}
        found = (len(used & declared), not reading.faults, len(used))
        if found > rank and used and (found[0] or not reading.faults):
            best, rank = syntax, found
    return best
