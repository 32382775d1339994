"""Invalid documents made by rule from a valid one: each with its code, line and column.

The hand-written ones are in ``tests/cases/invalid``; these make sure that no
field, no key and no type was forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.conftest import Workspace

VALID = """\
apiVersion: configsync/v1
kind: Profile
metadata:
  name: production
  description: the one
  labels:
    team: slides
spec:
  default: true
  ai_infra:
    llm_endpoint: databricks-claude
    llm_temperature: 0.7
    llm_max_tokens: 60000
  genie_spaces:
    - space_id: one
      space_name: One
      description: the first
      default: true
    - space_id: two
  mlflow:
    experiment_name: /Shared/x
  prompts:
    system_prompt: at most {max_slides}
    slide_editing_instructions: edit
    user_prompt_template: ask {question}
"""

WRONG = {
    "name": ["1", "true", "null", "[a]", "{a: b}"],
    "description": ["1.5", "true", "null", "[a]"],
    "labels": ["1", "text", "[a]", "null"],
    "team": ["1", "true", "[a]"],
    "default": ["1", '"true"', "yes", "null", "[true]"],
    "ai_infra": ["1", "text", "[a]", "null"],
    "llm_endpoint": ["1", "true", "null", "[a]"],
    "llm_temperature": ['"0.7"', "true", "null", "warm", "[0.7]", "0777"],
    "llm_max_tokens": ['"60000"', "60000.5", "true", "null", "1:30", "many"],
    "genie_spaces": ["1", "text", "null", "{space_id: one}"],
    "space_id": ["1", "null", "true"],
    "space_name": ["1", "null", "[a]"],
    "mlflow": ["1", "text", "null"],
    "experiment_name": ["1", "null", "[a]"],
    "prompts": ["1", "text", "null"],
    "system_prompt": ["1", "null", "[a]"],
    "slide_editing_instructions": ["1.5", "null"],
    "user_prompt_template": ["true", "null", "[a]"],
}
REQUIRED = (
    *("metadata", "name", "spec", "ai_infra", "llm_endpoint", "llm_temperature", "llm_max_tokens"),
    *("genie_spaces", "mlflow", "experiment_name", "prompts", "system_prompt"),
    *("slide_editing_instructions", "user_prompt_template"),
)
PARENTS = {"metadata": None, "spec": None, "name": "metadata"}
MISSPELT = (
    *("apiVersion", "metadata", "spec", "name", "labels", "default", "ai_infra", "llm_endpoint"),
    *("llm_temperature", "llm_max_tokens", "genie_spaces", "space_name", "mlflow"),
    *("experiment_name", "prompts", "system_prompt", "user_prompt_template"),
)
TWICE = (
    *("apiVersion", "kind", "name", "description", "default", "llm_endpoint", "llm_temperature"),
    *("llm_max_tokens", "space_name", "experiment_name", "system_prompt", "user_prompt_template"),
)


@dataclass(frozen=True)
class Case:
    """A document, and the finding that it must give: code, line and column."""

    name: str
    text: str
    code: str
    line: int
    column: int


def line_of(key: str) -> int:
    """The first line of the valid document that has a key, from 1."""
    return next(i for i, line in enumerate(LINES, 1) if re.match(rf"[ -]*{key}:", line))


LINES = VALID.splitlines()


def block(key: str) -> tuple[int, int]:
    """The lines of a key and its value, as a slice."""
    start = line_of(key) - 1
    indent = len(LINES[start]) - len(LINES[start].lstrip())
    end = start + 1
    while end < len(LINES) and len(LINES[end]) - len(LINES[end].lstrip()) > indent:
        end += 1
    return start, end


def column_of(key: str) -> int:
    """The column of a key, from 1."""
    return LINES[line_of(key) - 1].index(key) + 1


def wrong_types() -> Iterator[Case]:
    for key, values in WRONG.items():
        for value in values:
            start, end = block(key)
            if LINES[start].lstrip().startswith("-"):
                end = start + 1
            head = LINES[start][: LINES[start].index(":") + 1]
            text = "\n".join([*LINES[:start], f"{head} {value}", *LINES[end:]]) + "\n"
            yield Case(f"{key}={value}", text, "CS160", start + 1, len(head) + 2)


def missing_keys() -> Iterator[Case]:
    for key in REQUIRED:
        start, end = block(key)
        text = "\n".join([*LINES[:start], *LINES[end:]]) + "\n"
        indent = len(LINES[start]) - len(LINES[start].lstrip())
        above = [i for i in range(start) if LINES[i].endswith(":")]
        parents = [i for i in above if len(LINES[i]) - len(LINES[i].lstrip()) == indent - 2]
        line = parents[-1] + 1 if parents else 1
        column = indent - 1 if parents else 1
        if end - start == 1 and indent and [start] == _children(parents[-1]):
            # The only key of its mapping: nothing is left of the mapping but null.
            yield Case(f"without {key}", text, "CS160", line, len(LINES[line - 1]) + 1)
        else:
            yield Case(f"without {key}", text, "CS162", line, column)


def _children(parent: int) -> list[int]:
    indent = len(LINES[parent]) - len(LINES[parent].lstrip()) + 2
    end = block(LINES[parent].strip(" :"))[1]
    return [i for i in range(parent + 1, end) if LINES[i].startswith(" " * indent)]


def misspelt_keys() -> Iterator[Case]:
    for key in MISSPELT:
        start = line_of(key) - 1
        lines = list(LINES)
        lines[start] = lines[start].replace(key, key[:-1] + "x", 1)
        code = "CS151" if key == "apiVersion" else "CS161"
        column = 1 if key == "apiVersion" else column_of(key)
        yield Case(f"misspelt {key}", "\n".join(lines) + "\n", code, start + 1, column)


def keys_twice() -> Iterator[Case]:
    for key in TWICE:
        start = line_of(key) - 1
        again = (
            LINES[start].replace("-", " ", 1) if LINES[start].strip()[0] == "-" else LINES[start]
        )
        lines = [*LINES[: start + 1], again, *LINES[start + 1 :]]
        yield Case(f"{key} twice", "\n".join(lines) + "\n", "CS105", start + 2, column_of(key))


def below_a_valid_one(cases: list[Case]) -> Iterator[Case]:
    """The same documents as the second of their file."""
    first = VALID.replace("name: production", "name: first").replace("  default: true\n", "", 1)
    for case in cases:
        line = case.line + first.count("\n") + 1
        text = f"{first}---\n{case.text}"
        yield Case(f"second: {case.name}", text, case.code, line, case.column)


ALONE = [*wrong_types(), *missing_keys(), *misspelt_keys(), *keys_twice()]
CASES = [*ALONE, *below_a_valid_one(ALONE)]


def test_there_are_many_cases() -> None:
    assert len(CASES) >= 200
    assert len({c.text for c in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_invalid_document_is_shown_where_it_is_wrong(project: Workspace, case: Case) -> None:
    project.write("profiles/a.yaml", case.text)
    result = project.run("validate", "-o", "json")
    assert result.code == 1
    places = [
        (d["code"], d["location"]["line"], d["location"]["column"])
        for d in result.json["diagnostics"]
    ]
    assert places == [(case.code, case.line, case.column)]
    shown = project.run("validate")
    assert shown.code == 1
    assert f"error[{case.code}]" in shown.out
    assert f"profiles/a.yaml:{case.line}:{case.column}\n" in shown.out


def test_the_document_that_they_are_made_from_is_valid(project: Workspace) -> None:
    project.write("profiles/a.yaml", VALID)
    assert project.ok("validate", "--strict", "-o", "json").json["diagnostics"] == []
