"""Edits by position: a table of texts before and after, and what is refused."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from configsync.core.document import Path
from configsync.edit import splice
from configsync.edit.splice import (
    CannotEdit,
    document_text,
    remove_value,
    set_value,
    without_documents,
)

TABLE = """
=== the comment behind a value stays, and so does everything else
# the model
ai:   # of choice
    temperature:   0.70   # cool

    tokens: 60000
>>> ai.temperature = 0.8
# the model
ai:   # of choice
    temperature:   0.8   # cool

    tokens: 60000

=== an equal value is no edit, however it is spelled; a whole number is another one
a: 0.70
b: 1
>>> a = 0.7
>>> b = 1.0
a: 0.70
b: 1.0

=== quotes are kept
a: 'it''s'
b: "x"  # c
>>> a = "that's"
>>> b = "y"
a: 'that''s'
b: "y"  # c

=== text that some reader takes for another type is quoted
a: x
b: x
c: x
d: x
>>> a = "yes"
>>> b = "0o17"
>>> c = "1:30"
>>> d = "null"
a: "yes"
b: "0o17"
c: "1:30"
d: "null"

=== text of several lines becomes a literal block, with the indentation of the document
a:
    b: x  # why
    c: 1
>>> a.b = "one\\n\\ntwo\\n"
a:
    b: |  # why
        one

        two
    c: 1

=== a text without a last newline says so
a: |
   one
b: 1
>>> a = "one\\n- two"
a: |-
   one
   - two
b: 1

=== what a literal block can't hold for sure is quoted
a: |
  one
b: x
c: x
d: x
>>> a = "one\\n\\n"
>>> b = " one\\ntwo"
>>> c = "one \\ntwo"
>>> d = "bell\\u0007 and\\r\\nreturn"
a: "one\\n\\n"
b: " one\\ntwo"
c: "one \\ntwo"
d: "bell\\u0007 and\\r\\nreturn"

=== blank lines and comments behind a block text are not its own
a: |
  one
  two


# about b
b: 1
>>> a = 5
a: 5


# about b
b: 1

=== a folded text stays folded while it has one line
a: >-  # c
  one
  two
>>> a = "one line"
a: >-  # c
  one line

=== a block text whose first line is indented
a: |2
    one
  two
b: 1
>>> a = "x"
a: |-
    x
b: 1

=== nothing is a value that can be replaced
a:   # to do
b:
>>> a = "x"
>>> b = {"c": [1]}
a: x   # to do
b:
  c:
    - 1

=== a new key stands behind its siblings, before the comment on what follows
spec:
  ai:
    tokens: 1  # few

  # the spaces
  spaces: []
>>> spec.ai.endpoint = "e"
spec:
  ai:
    tokens: 1  # few
    endpoint: e

  # the spaces
  spaces: []

=== sections that are missing are made
spec:
   ai:
      tokens: 1
>>> spec.mlflow.name = "/x"
spec:
   ai:
      tokens: 1
   mlflow:
      name: /x

=== new keys in braces, quoted where they look like something else
a: {b: 1, c: "x"}  # d
e: {}
>>> a.f = "g, h"
>>> e.on = 1
a: {b: 1, c: "x", f: "g, h"}  # d
e: {"on": 1}

=== braces over several lines get another line
a: {
  b: 1,  # b
  c: 2   # c
}
>>> a.d = 3
a: {
  b: 1,  # b
  c: 2,   # c
  d: 3
}

=== JSON stays JSON
{
  "a": {"b": 1},
  "c": "x"
}
>>> a.b = "text"
>>> d = {"e": ["f\\ng"]}
{
  "a": {"b": "text"},
  "c": "x",
  "d": {"e": ["f\\ng"]}
}

=== lists
a:
- x  # one
- b: 1
  c: 2
>>> a[0] = "z"
>>> a[1].c = 3
>>> a[2] = {"b": 4, "c": 5}
a:
- z  # one
- b: 1
  c: 3
- b: 4
  c: 5

=== a mapping in place of a value, and the other way round
a: 1  # a
b:    # b
  c: 1
  # d
  d: 2
e: 3
>>> a = {"x": "y"}
>>> b = "z"
a:  # a
  x: "y"
b: z    # b
e: 3

=== a reference is written in braces
a: x
>>> a = {"$file": "prompts/a.md"}
a: {$file: prompts/a.md}

=== a removed key takes its line along, comments above stay
a:
  # about b
  b: 1  # b
  c: |
    text

d: 2
>>> del a.b
>>> del a.c
a: {}
  # about b

d: 2

=== removed from a list
a:
  - b: 1
    c: 2
  - {b: 1, c: 2}
  - x
>>> del a[0].b
>>> del a[1].c
>>> del a[2]
a:
  - c: 2
  - {b: 1}

=== of two documents only one
%YAML 1.1
---
a: 1
...
---
a: 1
>>> 1: a = 2
%YAML 1.1
---
a: 1
...
---
a: 2
"""


def cases() -> list[Any]:
    """The table's cases: title, text before, edits, text after."""
    found = []
    for part in TABLE.split("\n=== ")[1:]:
        title, rest = part.split("\n", 1)
        before, *edits = re.split(r"^>>> (.*)\n", rest, flags=re.MULTILINE)
        after = edits.pop()
        found.append(pytest.param(before, edits[::2], after.rstrip("\n") + "\n", id=title))
    return found


def path_of(text: str) -> Path:
    """``a[0].b`` as a path."""
    steps = re.findall(r"[^.\[\]]+", text)
    return tuple(int(step) if step.isdigit() else step for step in steps)


@pytest.mark.parametrize(("before", "edits", "after"), cases())
def test_the_table(before: str, edits: list[str], after: str) -> None:
    text = before
    for edit in edits:
        document, _, command = edit.rpartition(": ") if edit[0].isdigit() else ("0", "", edit)
        if command.startswith("del "):
            text = remove_value(text, int(document), path_of(command[4:]))
        else:
            field, _, value = command.partition(" = ")
            text = set_value(text, int(document), path_of(field), json.loads(value))
    assert text == after


def test_line_breaks_and_the_byte_order_mark_stay() -> None:
    before = "\ufeffa: 1\r\nb:\r\n  c: x # 😀\r\n  d: y"
    after = set_value(before, 0, ("b", "c"), "two\nlines")
    assert after == "\ufeffa: 1\r\nb:\r\n  c: |- # 😀\r\n    two\r\n    lines\r\n  d: y"
    assert set_value(before, 0, ("b", "e"), 1) == before + "\r\n  e: 1"


def test_a_text_that_ends_without_newline_is_not_given_one_by_a_new_key() -> None:
    assert set_value("a: |\n  x", 0, ("b",), 1) == "b: 1\na: |\n  x"


def test_a_new_key_can_be_first_or_behind_another() -> None:
    before = "spec:\n  # about a\n  a: 1\n  b: 2\n"
    assert set_value(before, 0, ("spec", "c"), True, at=0) == (
        "spec:\n  c: true\n  # about a\n  a: 1\n  b: 2\n"
    )
    assert set_value(before, 0, ("spec", "c"), True, at=1) == (
        "spec:\n  # about a\n  a: 1\n  c: true\n  b: 2\n"
    )


def test_blank_lines_do_not_join_a_text_before_that_keeps_them() -> None:
    assert remove_value("a: |+\n  x\nb: 1\n\nc: 1\n", 0, ("b",)) == "a: |+\n  x\nc: 1\n"


def test_beside_aliases_edits_are_made_and_merged_keys_are_overridden() -> None:
    before = "a: &x {b: 1}\nc:\n  <<: *x\n  d: 1\n"
    assert set_value(before, 0, ("c", "d"), 2) == before.replace("d: 1", "d: 2")
    assert set_value(before, 0, ("c", "b"), 2) == before + "  b: 2\n"


@pytest.mark.parametrize("value", [1e-7, 1e22, -0.5, 10**18, True, None, 0.1, 123456.789])
def test_numbers_read_back_in_yaml_1_1_too(value: Any) -> None:
    import yaml

    assert yaml.safe_load(set_value("a: x\n", 0, ("a",), value)) == {"a": value}


@pytest.mark.parametrize(
    ("text", "path", "value", "why"),
    [
        ("a: [\n", ("a",), 1, "not YAML"),
        ("a: !!str 1\n", ("a",), 1, "the tag !!str is used in line 1"),
        ("a: &x 1\nb: *x\n", ("a",), 2, "it carries an anchor, a tag or an alias"),
        ("a: &x 1\nb: *x\n", ("b",), 2, "it carries an anchor, a tag or an alias"),
        ("a: &x {c: 1}\nb: *x\n", ("a", "c"), 2, "it carries an anchor, a tag or an alias"),
        ("b: *x\na: 1\n", ("a",), 2, "in line 1. Mend that first."),
        ("a: &x 1\n", ("a",), 2, r"a \(line 1\) can't be edited here: it carries an anchor"),
        ("a: 1\n", ("a", "b"), 2, "a is a whole number"),
        ("a: [1]\n", ("a", 5), 2, "the list ends before item 5"),
        ("- 1\n", ("a",), 2, "the document is a list"),
        ("a: 1\n", (), 2, "a whole document is not a value"),
        ("", ("a",), 2, "there is no document 1"),
        ("\nb: 1\na: 1\n", ("a",), 10**20, r"a \(line 3\) can't be edited here: the result would"),
        ("a: 1\n", ("a",), "\0", "the result would not be valid"),
        ("a: 1\n", ("a",), float("nan"), "the result would not be valid|read as something else"),
        ("\ufeff\ufeffa: 1\n", ("a",), 2, "two byte order marks|is not allowed"),
    ],
)
def test_what_is_refused_says_why(text: str, path: Path, value: Any, why: str) -> None:
    with pytest.raises(CannotEdit, match=why) as refused:
        set_value(text, 0, path, value)
    assert str(refused.value).endswith(".")


def test_nothing_is_removed_that_is_not_there() -> None:
    with pytest.raises(CannotEdit, match="there is no such value"):
        remove_value("a: 1\n", 0, ("b",))
    with pytest.raises(CannotEdit, match="nothing else stands in the document"):
        remove_value("a: 1\n", 0, ("a",))


def test_a_wrong_way_is_never_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = [
        [(3, 4, "3")],  # another value
        [(3, 4, "2"), (8, 9, "2")],  # another key as well
        [(3, 4, "'2'")],  # another type
        [(3, 4, "2\na: 2")],  # the key twice
        [(3, 4, "2\n---\nc: 1")],  # a document more
        [(0, 9, "a: 2")],  # a key less
    ]
    monkeypatch.setattr(splice, "replacements", lambda *_: iter(wrong))
    with pytest.raises(CannotEdit):
        set_value("a: 1\nb: 1\n", 0, ("a",), 2)


@pytest.mark.parametrize(
    ("text", "documents", "left"),
    [
        ("a: 1\n", [0], None),
        ("a: 1\n", [], "a: 1\n"),
        ("a: 1\n---\nb: 1\n", [0, 1], None),
        ("\ufeffa: 1\n---\nb: 1\n", [0], "\ufeff---\nb: 1\n"),
        ("# a\na: 1\n--- # b\nb: 1\n---\nc: 1", [1], "# a\na: 1\n---\nc: 1"),
        ("a: 1\n---\nb: |+\n  x\n\n---\nc: 1\n", [2], "a: 1\n---\nb: |+\n  x\n\n"),
        ("---\n---\na: 1\n", [1], None),
    ],
)
def test_documents_go_with_their_comments(
    text: str, documents: list[int], left: str | None
) -> None:
    assert without_documents(text, documents) == left


def test_one_document_of_several() -> None:
    text = "# first\na: 1\n---\n# second\na: 2\n--- # third\na: 3\n"
    assert document_text(text, 0) == "# first\na: 1\n"
    assert document_text(text, 1) == "---\n# second\na: 2\n"
    assert document_text(text, 2) == "--- # third\na: 3\n"
