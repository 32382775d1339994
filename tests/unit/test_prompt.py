"""Prompts: documents to rows and back, and where their diagnostics point."""

from __future__ import annotations

from typing import Any

import pytest

from configsync.compiler.documents import compile_document
from configsync.core.document import Document
from configsync.core.resource import Resource
from configsync.core.values import Row
from configsync.kinds import all_kinds
from configsync.source.reader import read
from tests.conftest import Workspace

KIND = all_kinds()["Prompt"]
FILE = "profiles/verify.yaml"
HEAD = "apiVersion: configsync/v1\nkind: Prompt\nmetadata: {name: verify}\n"


def compiled(spec: str) -> Row:
    """The row of a prompt with this spec."""
    document = Document("Prompt", read(f"{HEAD}spec: {spec}", FILE).roots[0])
    (resource,) = compile_document(document, KIND, "tests").resources
    assert resource.address == "prompt/verify"
    return resource.values


def row(**changes: Any) -> Row:
    return {**dict.fromkeys(KIND.types[0].names), "prompt_name": "verify", **changes}


def test_a_prompt_is_one_row() -> None:
    spec = "{content: 'Is {b} in {a}?', agent: verifier, type: system, variables: [b, a]}"
    assert compiled(spec) == row(
        prompt_content="Is {b} in {a}?",
        variables=["b", "a"],
        agent_name="verifier",
        prompt_type="system",
    )
    assert compiled("{content: Answer.}") == row(prompt_content="Answer.", variables=[])


def test_of_a_pinned_version_the_database_has_the_rest() -> None:
    assert compiled("{version: 3}") == row(version=3)
    spec = "{version: 3, content: 'Is {a}?', agent: verifier, type: user, variables: [a]}"
    assert compiled(spec) == row(version=3)


def test_a_row_that_others_wrote_becomes_a_document_too() -> None:
    assert KIND.decompile is not None
    for values, spec in (
        (row(version=2), {"version": 2}),
        (row(prompt_content="x", variables=[]), {"content": "x"}),
        (
            row(prompt_content="x", variables={"a": "b"}),
            {"content": "x", "syntax": "none", "variables": {"a": "b"}},
        ),
        (
            row(prompt_content="{a}", variables=["a", 1]),
            {"content": "{a}", "syntax": "format", "variables": ["a", 1]},
        ),
    ):
        resource = Resource("prompt/verify", "prompt", values, prevent_destroy=True)
        metadata = {"name": "verify", "prevent_destroy": True}
        found = list(KIND.decompile([resource]))
        assert found == [("prompt/verify", {"metadata": metadata, "spec": spec})]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("|\n    One.\n\n    Two {b}.\n  variables: [a]", "8:9"),
        ("|2-\n    One {b}\n  variables: [a]", "6:9"),
        ("|  # {b}\r\n    One.\r\n    Two {b}.\r\n  variables: [a]", "7:9"),
        ("One {b}\n  variables: [a]", "5:16"),
        ("'One {b}'\n  variables: [a]", "5:17"),
        ('"One {b}"\n  variables: [a]', "5:17"),
        # Where the file spells the text otherwise, where it begins.
        ('"\\x41 {b}"\n  variables: [a]', "5:12"),
        (">\n    One\n    {b}\n  variables: [a]", "5:12"),
        ("One\n    {b}\n  variables: [a]", "5:12"),
        ("{$file: verify.md}\n  variables: [a]", "5:12"),
        ("\n    $file: verify.md\n  variables: [a]", "6:5"),
    ],
)
def test_a_finding_is_at_its_place_in_the_text(
    content: str, place: str, project: Workspace
) -> None:
    project.write("profiles/verify.md", "One.\nTwo {b}.\n")
    project.write(FILE, f"{HEAD}spec:\n  content: {content}\n  syntax: format\n")
    (found, _) = project.run("validate", "-o", "json").json["diagnostics"]
    where = found["location"]
    assert (found["code"], f"{where['line']}:{where['column']}") == ("CS211", place)
    exact = place != "5:12" and "$file" not in content
    assert found["detail"].startswith("It is in line ") != exact


def test_a_finding_in_a_layer_is_at_its_place_in_the_layer(project: Workspace) -> None:
    project.write("configsync.toml", '[targets.prod]\noverlay = "overlays/prod"\n')
    project.write(FILE, f"{HEAD}spec: {{content: 'One {{a}}.', variables: [a]}}\n")
    project.write("overlays/prod/verify.yaml", f"{HEAD}spec:\n  content: |\n    {{a}}\n    {{b}}\n")
    # A layer needs neither content nor version.
    project.write(
        "profiles/judge.yaml", f"{HEAD.replace('verify', 'judge')}spec: {{content: One.}}\n"
    )
    project.write(
        "overlays/prod/judge.yaml", f"{HEAD.replace('verify', 'judge')}spec: {{agent: a}}\n"
    )
    (found,) = project.run("validate", "-o", "json").json["diagnostics"]
    assert found["location"] == {"file": "overlays/prod/verify.yaml", "line": 7, "column": 5}


@pytest.mark.parametrize("place", ["content: |  # {}", "# {}\n  content: |"])
def test_a_comment_silences_what_is_found_within_a_text(place: str, project: Workspace) -> None:
    ignore = place.format("configsync: ignore CS211 the application has {b} by itself")
    spec = f"spec:\n  {ignore}\n    One {{a}}\n    Two {{b}}\n  variables: [a]\n"
    project.write(FILE, HEAD + spec)
    project.ok("validate", "--strict")
    project.write(FILE, HEAD + spec.replace("{b}\n", "{a}\n"))
    assert "CS141" in project.run("validate").out


HOSTILE = {
    "braces": ("{" * 262_144, ["a"], ["CS212"]),
    "open braces": ("{a} " + "{ " * 100_000, ["a"], ["CS213"]),
    "open fields": ("{a} " + "{a:" * 80_000, ["a"], ["CS213"]),
    "open indexes": ("{a} " + "{a[" * 80_000, ["a"], ["CS213"]),
    "dollars": ("$a " + "$ " * 100_000, ["a"], ["CS213"]),
    "fields in fields": ("{a[0].b!r:>{w}}" * 17_000, ["a", "w"], []),
    "a long name": ("{a}{" + "b" * 200_000 + "}", ["a"], ["CS211"]),
    "many variables": (
        "".join(f"{{v{n}}}" for n in range(10_000)),
        [f"v{n}" for n in range(10_000)],
        [],
    ),
    "many undeclared": (
        "".join(f"{{v{n}}}\n" for n in range(10_000)),
        [f"v{n}" for n in range(9_000)],
        ["CS211"] * 1_000,
    ),
    "many misspelt": (
        "".join(f"{{v{n}}}" for n in range(1_000)),
        ["v0", *(f"w{n}" for n in range(1_000))],
        ["CS211"] * 999 + ["CS212"] * 1_000,
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_told_in_time(name: str, project: Workspace) -> None:
    content, variables, codes = HOSTILE[name]
    project.write("profiles/verify.md", content)
    project.write(FILE, f"{HEAD}spec:\n  content: {{$file: verify.md}}\n  variables: {variables}\n")
    result = project.run("validate", "-o", "json")
    found = result.json["diagnostics"]
    assert [d["code"] for d in found] == codes
    assert all(len(d["summary"]) <= 100 for d in found)
    assert project.run("validate").code == bool(codes)
