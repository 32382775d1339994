"""Texts with variables mean what `string.Template` and `str.format` say that they mean."""

from __future__ import annotations

import re
from string import Formatter, Template

from hypothesis import given
from hypothesis import strategies as st

from configsync.core.template import Syntax, is_name, read, render, syntax_of, variables_of

SIGNS = "ab_0!r:.<$[]{}"
TEXTS = st.text(st.sampled_from(SIGNS) | st.characters(codec="utf-8"), max_size=30)
ODD = st.text(SIGNS, max_size=12)
PARTS = ("$", "$$", "${a}", "$b", "{", "}", "{{", "}}", "{a}", "{b:>{a}}", "{a.b[0]!r}", "{}", "x")
MIXED = st.lists(st.sampled_from(PARTS), max_size=12).map("".join)
NAMES = st.from_regex("[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True)
PIECES = st.lists(st.tuples(st.sampled_from(["text", "name"]), TEXTS, NAMES), max_size=8)

_PATH = re.compile(r"(\.(?!_)[^.\[\]{}!:]+|\[[^\[\]{}]+\])*")


@given(TEXTS | ODD | MIXED)
def test_a_template_is_one_of_python(text: str) -> None:
    found, theirs = read(text, Syntax.TEMPLATE), Template(text)
    assert (not found.faults) == theirs.is_valid()
    assert list(found.names) == theirs.get_identifiers()


@given(TEXTS | ODD | MIXED)
def test_a_format_is_one_of_python(text: str) -> None:
    found, theirs = read(text, Syntax.FORMAT), _names_of(text)
    assert bool(found.faults) == (theirs is None)
    if theirs is not None:
        assert found.names == tuple(dict.fromkeys(theirs))


def _names_of(text: str, depth: int = 2) -> list[str] | None:
    """The names that Python finds in a format; None where it, or what we allow of it, ends."""
    names: list[str] = []
    try:
        for _, name, spec, conversion in Formatter().parse(text):
            if name is None:
                continue
            first = re.split(r"[.\[]", name, maxsplit=1)[0]
            narrow = re.search(r"\d{5}|\{\{|\}\}", spec or "") is None
            allowed = is_name(first) and _PATH.fullmatch(name, len(first)) and narrow
            inner = _names_of(spec or "", depth - 1) if depth > 1 or "{" in (spec or "") else []
            if not allowed or conversion not in (None, *"rsa") or inner is None or not depth:
                return None
            names += [first, *inner]
    except ValueError:
        return None
    return names


@given(PIECES)
def test_all_but_the_variables_arrives_to_the_byte(pieces: list[tuple[str, str, str]]) -> None:
    names = {name for what, _, name in pieces if what == "name"}
    values = {name: f"${{{name}}} {{{name}}} {{{{ $$" for name in names}
    wanted = "".join(values[name] if what == "name" else text for what, text, name in pieces)
    for syntax, sign, doubled in ((Syntax.TEMPLATE, "$", "$"), (Syntax.FORMAT, "", "{}")):
        content = "".join(
            f"{sign}{{{name}}}" if what == "name" else re.sub(f"[{doubled}]", r"\g<0>\g<0>", text)
            for what, text, name in pieces
        )
        assert set(variables_of(content, syntax)) == names
        # Of texts that can be both, the template is taken.
        if syntax_of(content, names) is syntax:
            assert render(content, names, values) == wanted
        if syntax is Syntax.TEMPLATE:
            assert syntax_of(content, names) is (syntax if names else Syntax.NONE)


@given(TEXTS | ODD | MIXED)
def test_a_text_without_variables_arrives_to_the_byte(text: str) -> None:
    assert render(text, [], {}) == text


@given(MIXED)
def test_a_text_with_itself_for_values_is_what_python_makes_of_it(text: str) -> None:
    for syntax in (Syntax.TEMPLATE, Syntax.FORMAT):
        names = variables_of(text, syntax)
        values = {name: f"<{name}>" for name in names}
        if names and syntax_of(text, names) is syntax and ".b" not in text:
            theirs = (
                Template(text).substitute(values)
                if syntax is Syntax.TEMPLATE
                else _formatted(text, values)
            )
            if theirs is not None:
                assert render(text, names, values) == theirs


def _formatted(text: str, values: dict[str, str]) -> str | None:
    try:
        return text.format(**values)
    except ValueError:
        return None
