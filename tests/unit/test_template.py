"""Texts with variables: what is one, what is text, and what rendering refuses."""

from __future__ import annotations

import pytest

from configsync.core.template import (
    MissingVariable,
    RenderError,
    Syntax,
    UnclearSyntax,
    UnfitValue,
    UnknownVariable,
    read,
    render,
    syntax_of,
    variables_of,
)

T, F, N = Syntax.TEMPLATE, Syntax.FORMAT, Syntax.NONE


@pytest.mark.parametrize(
    ("content", "syntax", "names"),
    [
        ("$trace, ${question} and $trace", T, ("trace", "question")),
        ("$$trace costs $$5", T, ()),
        ("${a}b $ab", T, ("a", "ab")),
        ("{trace}", T, ()),
        ("{trace}, {question} and {trace}", F, ("trace", "question")),
        ('{{"trace": 1}} {{trace}}', F, ()),
        ("{user.name} {rows[0]} {score:.1%} {text!r}", F, ("user", "rows", "score", "text")),
        ("{a[0].b!r:>{w}}", F, ("a", "w")),
        ("$trace", F, ()),
        ("$trace {question}", N, ()),
    ],
)
def test_the_variables_of_a_text(content: str, syntax: Syntax, names: tuple[str, ...]) -> None:
    assert variables_of(content, syntax) == names
    assert read(content, syntax).faults == ()


@pytest.mark.parametrize(
    ("content", "syntax", "faults"),
    [
        ("costs $5, or $", T, (6, 13)),
        ("${a b} ${}", T, (0, 7)),
        ("$größe", T, ()),
        ('{"a": {"b": 1}}, {c}', F, (0, 6)),
        ("{} {0} { a } {größe}", F, (0, 3, 7, 13)),
        ("a } b", F, (2,)),
        ("{a", F, (0,)),
        # What would reach into the program, or fill its memory.
        ("{a.__class__}", F, (0,)),
        ("{a:99999}", F, (0,)),
        # A format of a format: `str.format` goes no deeper either.
        ("{a:{b:{c}}}", F, (0,)),
        ("{a[{b}]}", F, (0,)),
    ],
)
def test_what_is_neither_text_nor_a_variable(
    content: str, syntax: Syntax, faults: tuple[int, ...]
) -> None:
    assert read(content, syntax).faults == faults


@pytest.mark.parametrize(
    ("content", "variables", "syntax"),
    [
        ("$a", ["a"], T),
        ("{a}", ["a"], F),
        ("{a} costs $5", ["a"], F),
        ('$a as {"json": 1}', ["a"], T),
        # Both would do.
        ("${a}", ["a"], T),
        ("$a {a}", ["a"], T),
        # Neither does.
        ("$a {b}", ["a", "b"], N),
        ("$a $b", ["a"], N),
        ("{a} {", ["a"], N),
        ("{{ a }}", ["a"], N),
        # Nothing is declared, so all is text.
        ("$a {b}", [], N),
    ],
)
def test_a_text_tells_its_syntax(content: str, variables: list[str], syntax: Syntax) -> None:
    assert syntax_of(content, variables) is syntax


def test_values_take_the_place_of_variables() -> None:
    values = {"trace": "a {question} $trace", "question": "why?\r\n"}
    wanted = "Look at a {question} $trace: why?\r\n, {} and $$"
    content = "Look at $trace: $question, {} and $$$$"
    assert render(content, ["trace", "question"], values) == wanted
    content = "Look at {trace}: {question}, {{}} and $$"
    assert render(content, ["question", "trace"], values) == wanted


def test_formats_are_those_of_python() -> None:
    values = {"a": ["x", 0.256], "w": 8}
    assert render("{a[1]:>{w}.1%}|{a[0]!r}", ["a", "w"], values) == "   25.6%|'x'"


def test_a_text_without_variables_stays_as_it_is() -> None:
    content = 'Reply as {"a": 1} or {{x}}; run `echo $HOME $$`.'
    assert render(content, [], {}) == content


def test_every_variable_needs_a_value_and_no_other_is_taken() -> None:
    with pytest.raises(MissingVariable, match=r"^The variable b has no value\.$") as missing:
        render("$a $b", ["a", "b"], {"a": "1"})
    assert missing.value.name == "b"
    with pytest.raises(UnknownVariable, match=r"no variable c\. The variables are: a\.") as unknown:
        render("$a", ["a"], {"a": "1", "c": "2"})
    assert unknown.value.name == "c"
    with pytest.raises(UnknownVariable, match=r"The variables are: none\."):
        render("$a", [], {"a": "1"})


@pytest.mark.parametrize("content", ["nothing", "{{ a }}", "{a} {", "$a $b"])
def test_a_text_that_has_its_variables_in_no_syntax_is_not_rendered(content: str) -> None:
    with pytest.raises(UnclearSyntax, match=r"neither as \$name nor as \{name\}: a\."):
        render(content, ["a"], {"a": "1"})


@pytest.mark.parametrize("content", ["{a:d}", "{a.b}", "{a[k]}", "{a[9]}", "{a:{w}}"])
def test_a_value_that_does_not_fit_its_place(content: str) -> None:
    values = dict.fromkeys(variables_of(content, F), "x")
    with pytest.raises(UnfitValue, match="A value doesn't fit"):
        render(content, list(values), values)


def test_every_refusal_is_a_value_error() -> None:
    every = (MissingVariable, UnknownVariable, UnclearSyntax, UnfitValue)
    assert all(issubclass(e, RenderError) and issubclass(e, ValueError) for e in every)
