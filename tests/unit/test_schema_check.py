"""The two schema validators agree, and the schemas are what their kinds generate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configsync.checks.generate import generate, spell
from configsync.checks.schema import Schema, packaged, packaged_text
from configsync.core.document import Document
from configsync.kinds import all_kinds
from configsync.source.reader import read
from tests.profiles import MINIMAL

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", all_kinds().values(), ids=lambda kind: kind.name)
def test_the_schema_file_is_up_to_date(kind: Any) -> None:
    for file, partial in ((kind.schema_file, False), (kind.part_file, True)):
        text = (REPOSITORY / "schemas" / file).read_text(encoding="utf-8")
        assert text == spell(generate(kind, partial=partial)), "run: configsync schema --write"
        assert text == packaged_text(file)
        jsonschema.Draft202012Validator.check_schema(json.loads(text))


@pytest.mark.parametrize("kind", all_kinds().values(), ids=lambda kind: kind.name)
def test_every_key_is_explained(kind: Any) -> None:
    def unexplained(node: Any, path: str) -> list[str]:
        found = []
        for name, value in node.get("properties", {}).items():
            if "description" not in value and "$ref" not in value:
                found.append(f"{path}.{name}")
            found += unexplained(value, f"{path}.{name}")
        return found

    schema = generate(kind)
    nodes = {"": schema, **schema["$defs"]}
    assert [p for name, node in nodes.items() for p in unexplained(node, name)] == []


PATHS: list[tuple[str | int, ...]] = [
    ("metadata",),
    ("metadata", "name"),
    ("metadata", "labels"),
    ("metadata", "surprise"),
    ("spec", "default"),
    ("spec", "ai_infra"),
    ("spec", "ai_infra", "llm_temperature"),
    ("spec", "ai_infra", "llm_max_tokens"),
    ("spec", "genie_spaces"),
    ("spec", "genie_spaces", 0, "space_id"),
    ("spec", "mlflow", "experiment_name"),
    ("spec", "prompts", "system_prompt"),
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
    | st.sampled_from(["/x", "$file", "{question}", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["$file", "$var", "space_id", "x"]), inner, max_size=2)
    ),
    max_leaves=6,
)


@given(path=st.sampled_from(PATHS), value=VALUES)
def test_the_compiled_validator_agrees_with_jsonschema(path: Any, value: Any) -> None:
    body = json.loads(json.dumps(MINIMAL))
    node = body
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    schema = packaged(all_kinds()["Profile"])
    canonical = jsonschema.Draft202012Validator(schema.content).is_valid(body)
    assert schema.compiled().is_valid(body) is canonical


@given(path=st.sampled_from(PATHS), value=VALUES)
def test_what_is_not_valid_is_explained(path: Any, value: Any) -> None:
    body = json.loads(json.dumps(MINIMAL))
    node = body
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    reading = read(json.dumps(body, ensure_ascii=False), "a.yaml")
    if reading.diagnostics:
        return
    document = Document("Profile", reading.roots[0])
    schema = packaged(all_kinds()["Profile"])
    found = list(schema.check(document))
    assert bool(found) is not jsonschema.Draft202012Validator(schema.content).is_valid(body)
    assert all(d.location is not None and d.summary for d in found)


OWN_SCHEMAS: list[dict[str, Any]] = [
    {"required": ["timeouts"]},
    {"required": ["timeouts"], "patternProperties": {"^time": {}}, "additionalProperties": False},
    {"properties": {"timeout": {"type": "integer"}}, "additionalProperties": {"type": "string"}},
    {"properties": {"timeout": True}, "unevaluatedProperties": {"type": "integer"}},
    {"properties": {"timeout": {"anyOf": [{"type": "string"}, {"type": "object"}]}}},
    {"properties": {"limits": {"oneOf": [{"required": ["timeout"]}, {"required": ["limits"]}]}}},
    {"additionalProperties": {"anyOf": [{"properties": {"x": False}}, {"const": {"timeout": 1}}]}},
    {"propertyNames": {"pattern": "^t"}, "minProperties": 1},
    {"if": {"required": ["timeout"]}, "then": {"required": ["limits"]}},
    {"dependentRequired": {"timeout": ["limits"]}, "not": {"required": ["x"]}},
    {"properties": {"limits": {"contains": {"type": "integer"}}, "x": False}},
]
SPECS = st.dictionaries(
    st.sampled_from(["timeout", "limits", "x"]),
    VALUES.filter(lambda v: not isinstance(v, dict)) | VALUES.map(lambda v: {"value": v}),
)


@given(schema=st.sampled_from(OWN_SCHEMAS), spec=SPECS)
def test_what_misses_a_schema_of_its_own_is_explained_where_it_stands(
    schema: dict[str, Any], spec: dict[str, Any]
) -> None:
    body = {"metadata": {"name": "c"}, "spec": spec}
    reading = read(json.dumps(body, ensure_ascii=False), "a.yaml")
    if reading.diagnostics:
        return
    kind = all_kinds()["Settings"]
    document = Document(kind.name, reading.roots[0])
    assert kind.subject is not None
    subject = kind.subject(document)
    found = list(Schema(schema).check(document, subject))
    assert bool(found) is not jsonschema.Draft202012Validator(schema).is_valid(subject.data)
    assert all(d.path.split(".")[0] == "spec" for d in found)
    assert all(d.location is not None and d.summary and d.location.column > 1 for d in found)


def test_nothing_outside_of_the_schema_is_fetched() -> None:
    with pytest.raises(ValueError, match="not followed"):
        Schema({"$ref": "https://example.com/schema.json"}).compiled()
