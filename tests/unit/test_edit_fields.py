"""Fields and values as they are written on a command line."""

from __future__ import annotations

from typing import Any

import pytest

from configsync.core.document import Document, Map, Path
from configsync.core.errors import UsageError
from configsync.edit.fields import (
    Assignment,
    locate_field,
    parse_assignment,
    parse_field,
    read_value,
)
from configsync.source.reader import read

KEYS: dict[tuple[str, ...], str] = {("spec", "genie_spaces"): "space_id"}
TEXT = """
metadata: {name: a, labels: {team: x}}
spec:
  genie_spaces:
    - space_id: 01ef
    - {space_id: "7", space_name: y}
    - {$file: space.yaml}
  prompts: {system_prompt: {$file: a.md}}
"""


@pytest.fixture
def document() -> Document:
    (root,) = read(TEXT, "f").roots
    assert isinstance(root, Map)
    return Document("Profile", root)


@pytest.mark.parametrize(
    ("text", "assignment"),
    [
        ("a.b=1", Assignment("a.b", "1")),
        ("a=b=c", Assignment("a", "b=c")),
        ("a[x=y].b=", Assignment("a[x=y].b", "")),
        ("a=[x]=y", Assignment("a", "[x]=y")),
        ("a=two\nlines", Assignment("a", "two\nlines")),
    ],
)
def test_assignments(text: str, assignment: Assignment) -> None:
    assert parse_assignment(text) == assignment


@pytest.mark.parametrize("text", ["a", "", "=1", "a[b"])
def test_what_is_no_assignment(text: str) -> None:
    with pytest.raises(UsageError, match="FIELD=VALUE"):
        parse_assignment(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.8", 0.8),
        ('"0.8"', "0.8"),
        ("'it''s'", "it's"),
        ("true", True),
        ("null", None),
        ("yes", "yes"),
        ("0x1F", 31),
        (" 5 ", 5),
        ("two words", "two words"),
        ("issue #5: all", "issue #5: all"),
        ("- a", "- a"),
        ("*star", "*star"),
        ("{a: 1, b: [x, 2]}", {"a": 1, "b": ["x", 2]}),
        ("[]", []),
        ('"a\\nb"', "a\nb"),
        ("two\nlines\n", "two\nlines\n"),
    ],
)
def test_values(text: str, value: Any) -> None:
    found = read_value(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "There is no value"),
        ("{a: 1", "none"),
        ('"a" b', "none"),
        ('"a": b', "none"),
        ("[a]: b", "none"),
        ("{question}", "put it in quotes: '\"{question}\"'"),
        (".nan", "no number"),
        ("1" * 30, "no number"),
    ],
)
def test_what_is_no_value(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        read_value(text)


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("default", ("spec", "default")),
        ("spec.default", ("spec", "default")),
        ("metadata.labels.team", ("metadata", "labels", "team")),
        ("metadata.labels[a.b]", ("metadata", "labels", "a.b")),
        ("genie_spaces[01ef].description", ("spec", "genie_spaces", 0, "description")),
        ("genie_spaces[7].space_name", ("spec", "genie_spaces", 1, "space_name")),
        ("genie_spaces[1]", ("spec", "genie_spaces", 1)),
        ("spec.genie_spaces[0].x.y", ("spec", "genie_spaces", 0, "x", "y")),
        ("prompts.system_prompt", ("spec", "prompts", "system_prompt")),
        ("new.section", ("spec", "new", "section")),
    ],
)
def test_fields(document: Document, field: str, path: Path) -> None:
    assert locate_field(document, parse_field(field), KEYS) == path


@pytest.mark.parametrize(
    ("field", "why"),
    [
        ("genie_spaces[01ee]", "has no item 01ee. Did you mean 01ef?"),
        ("genie_spaces[3]", "has no item 3. It has: 01ef, 7."),
        ("prompts.system_prompt.x", "spec.prompts.system_prompt is a reference and has no x"),
        ("a..b", "is no field"),
        ("a.", "is no field"),
        ("[", "is no field"),
        ("", "is no field"),
    ],
)
def test_what_is_no_field(document: Document, field: str, why: str) -> None:
    with pytest.raises(UsageError) as error:
        locate_field(document, parse_field(field), KEYS)
    assert why in str(error.value)
