"""Texts with variables: which ones a text uses, and the text with values in their place.

Two syntaxes are read. ``template`` is that of `string.Template`: ``$name`` or
``${name}``, and ``$$`` for a ``$``. ``format`` is that of `str.format`:
``{name}``, and ``{{`` and ``}}`` for braces; behind the name may stand
``.part``, ``[key]``, ``!r`` and ``:format``, and a format may name variables
itself, as ``{amount:>{width}}``. Which of the two a text is written in is not
stored with it: its declared variables tell (`syntax_of`).

What `str.format` takes and this refuses: names other than letters, digits and
``_`` of ASCII, parts that begin with ``_`` (they lead from a value to the whole
program), numbers of five digits in a format (a text of gigabytes), and braces
within ``[key]`` and formats that are no variable.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from string import Template

_NAME = "[A-Za-z_][A-Za-z0-9_]*"
# Possessive, so that no text takes longer than its length to match or not.
_REST = r"(?:\.(?!_)[^.\[\]{}!:]++|\[[^\[\]{}]++\])*+(?:![rsa])?+"
_INNER = rf"\{{{_NAME}{_REST}(?::(?:(?!\d{{5}})[^{{}}])*+)?+\}}"
_FIELD = rf"\{{(?P<name>{_NAME}){_REST}(?::(?P<format>(?:(?!\d{{5}})[^{{}}]|{_INNER})*+))?+\}}"
# Compiled on first use, so that not every start of configsync takes the time; re keeps it.
_FORMAT = rf"(?P<field>{_FIELD})|\{{\{{|\}}\}}|[{{}}]"
_INNER_NAME = rf"\{{({_NAME})"


class Syntax(StrEnum):
    """How variables are written in a text; in ``none``, there are none."""

    TEMPLATE = "template"
    FORMAT = "format"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as one syntax reads it.

    ``uses`` has the name and the offset of each variable, as often as it
    stands there. ``faults`` are the offsets of signs that are neither text nor part of a
    variable, so that the text can't be rendered; ``escape`` is that of the
    first doubled sign.
    """

    uses: tuple[tuple[str, int], ...] = ()
    faults: tuple[int, ...] = ()
    escape: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the variables, each once, in the order in which they are used."""
        return tuple(dict.fromkeys(name for name, _ in self.uses))

    def has_just(self, variables: Collection[str]) -> bool:
        """Tell whether the text can be rendered and uses these variables and no other."""
        return not self.faults and set(self.names) == set(variables)


class RenderError(ValueError):
    """A text can't be rendered."""


class MissingVariable(RenderError):
    """A declared variable, ``name``, is given no value."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The variable {name} has no value.")
        self.name = name


class UnknownVariable(RenderError):
    """A value is given for ``name``, which isn't declared."""

    def __init__(self, name: str, variables: Iterable[str]) -> None:
        known = ", ".join(variables) or "none"
        super().__init__(f"There is no variable {name}. The variables are: {known}.")
        self.name = name


class UnclearSyntax(RenderError):
    """A text uses just its declared variables in neither syntax."""


class UnfitValue(RenderError):
    """A value has no such part, or can't be written in such a format, as the text asks for."""


def is_name(text: str) -> bool:
    """Tell whether a variable can be called so."""
    return re.fullmatch(_NAME, text) is not None


def variables_of(content: str, syntax: Syntax) -> tuple[str, ...]:
    """The names of the variables that a text uses, each once, in the order of their first use."""
    return read(content, syntax).names


# Several rules look at one text, and an application renders the same ones again and again.
@lru_cache(maxsize=64)
def read(content: str, syntax: Syntax) -> Reading:
    """Read a text in a syntax, in time that grows with its length."""
    match syntax:
        case Syntax.TEMPLATE:
            return _read_template(content)
        case Syntax.FORMAT:
            return _read_format(content)
    return Reading()


def syntax_of(content: str, variables: Collection[str]) -> Syntax:
    """The syntax in which a text can be rendered and uses just the declared variables.

    It is ``none`` where neither is, and where no variables are declared. Where
    both are, it is ``template``: ``${name}`` holds ``{name}``.
    """
    for syntax in (Syntax.TEMPLATE, Syntax.FORMAT) if variables else ():
        if read(content, syntax).has_just(variables):
            return syntax
    return Syntax.NONE


def render(content: str, variables: Collection[str], values: Mapping[str, object]) -> str:
    """Put values in the place of a text's variables; all else of it arrives to the byte.

    ``content`` and ``variables`` are as they are stored. The syntax is that of
    `syntax_of`: the one that has just these variables. Without variables the
    text is the result, braces, ``$`` and doubled signs included. A value is
    written as ``str`` or its own format does, and not looked into again.

    Raises MissingVariable for a variable without a value, UnknownVariable for a
    value without a variable, UnclearSyntax for a text that has just these variables in
    neither syntax (as those that an application fills in by means of its own,
    ``syntax: none``), and UnfitValue.
    """
    for name in variables:
        if name not in values:
            raise MissingVariable(name)
    for name in values:
        if name not in variables:
            raise UnknownVariable(name, variables)
    if not variables:
        return content
    match syntax_of(content, variables):
        case Syntax.TEMPLATE:
            return Template(content).substitute(values)
        case Syntax.FORMAT:
            try:
                return content.format_map(values)
            except (ValueError, TypeError, AttributeError, LookupError, OverflowError) as error:
                raise UnfitValue(f"A value doesn't fit its place in the text: {error}.") from error
    raise UnclearSyntax(
        "The text uses just its declared variables neither as $name nor as {name}: "
        f"{', '.join(variables)}."
    )


def fill(content: str, values: Mapping[str, object]) -> str:
    """Replace each ``{name}`` of a text that declares no variables by the value of that name.

    All else arrives to the byte, other and doubled braces included; values are
    written as ``str`` does and not looked into again. Raises UnknownVariable for
    a value that the text has no place for.
    """
    if not values:
        return content
    wanted = re.compile(r"\{(" + "|".join(re.escape(n) for n in sorted(values)) + r")\}")
    used: set[str] = set()

    def value(match: re.Match[str]) -> str:
        used.add(match[1])
        return str(values[match[1]])

    filled = wanted.sub(value, content)
    for name in values:
        if name not in used:
            raise UnknownVariable(name, dict.fromkeys(re.findall(rf"\{{({_NAME})\}}", content)))
    return filled


def _read_template(content: str) -> Reading:
    uses: list[tuple[str, int]] = []
    faults: list[int] = []
    escape: int | None = None
    for match in Template.pattern.finditer(content):
        name = match["named"] or match["braced"]
        if name is not None:
            uses.append((name, match.start()))
        elif match["escaped"] is None:
            faults.append(match.start())
        elif escape is None:
            escape = match.start()
    return Reading(tuple(uses), tuple(faults), escape)


def _read_format(content: str) -> Reading:
    """Read ``{name}`` as `str.format` does, but go on behind a fault: it stops at the first."""
    uses: list[tuple[str, int]] = []
    faults: list[int] = []
    escape: int | None = None
    # A brace that begins no variable, as one of JSON, and the one that closes it are one fault.
    open_faults = 0
    at = 0
    pattern = re.compile(_FORMAT)
    while (match := pattern.search(content, at)) is not None:
        start, at = match.span()
        sign = content[start]
        if match["field"] is not None:
            uses.append((match["name"], start))
            if match["format"]:
                offset = match.start("format")
                inner = re.finditer(_INNER_NAME, match["format"])
                uses += ((found[1], offset + found.start()) for found in inner)
        elif sign == "}" and open_faults:
            open_faults -= 1
            at = start + 1
        elif at - start == 2:
            escape = start if escape is None else escape
        else:
            faults.append(start)
            open_faults += sign == "{"
    return Reading(tuple(uses), tuple(faults), escape)
