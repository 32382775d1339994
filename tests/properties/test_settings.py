"""Settings and projects: every stored row makes a document, which compiles to the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from configsync.checks.schema import packaged
from configsync.compiler.documents import compile_document
from configsync.core.document import Document
from configsync.core.kind import API_VERSION, Kind
from configsync.core.resource import Resource, ResourceType
from configsync.core.typed import spell
from configsync.core.values import Row, canonical_json
from configsync.edit.emit import emit
from configsync.kinds import all_kinds
from configsync.kinds.project import ENVIRONMENT, PROJECT, PROJECT_SETTING
from configsync.kinds.settings import SETTING
from configsync.source.load import parse
from tests.settings import CHARACTERS, FLOATS, typed_values

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9/%é _-]{0,20}[a-z]", fullmatch=True)
KEYS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="$"), min_size=1, max_size=40
)
TEXTS = st.none() | st.text(CHARACTERS)

# What YAML can carry: whole numbers within JSON have up to 19 digits. A mapping with a key that
# begins with $ may be a reference.
CARRIED: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-(10**19) + 1, 10**19 - 1)
    | FLOATS
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0$"))
)


@st.composite
def settings(draw: st.DrawFn, values: st.SearchStrategy[tuple[Any, str]]) -> dict[str, Row]:
    """Rows of settings, by their keys."""
    rows: dict[str, Row] = {}
    for key in draw(st.lists(KEYS, max_size=4, unique=True)):
        value, value_type = draw(values)
        text = spell(value, value_type)
        rows[key] = {"setting_key": key, "setting_value": text, "value_type": value_type}
    return rows


@st.composite
def categories(draw: st.DrawFn, values: st.SearchStrategy[tuple[Any, str]]) -> list[Resource]:
    """The settings of some categories."""
    return [
        resource(SETTING, {"category": name, **row, "description": draw(TEXTS)})
        for name in draw(st.lists(NAMES, max_size=2, unique=True))
        for row in draw(settings(values)).values()
    ]


@st.composite
def projects(draw: st.DrawFn, values: st.SearchStrategy[tuple[Any, str]]) -> list[Resource]:
    """A project with its parts."""
    project = resource(
        PROJECT,
        {
            "project_code": draw(NAMES),
            "project_name": draw(st.text(CHARACTERS, min_size=1, max_size=20)),
            "log_source_type": draw(st.sampled_from(["file", "loki"])),
            "description": draw(TEXTS),
        },
    )
    parts = [resource(PROJECT_SETTING, r, project) for r in draw(settings(values)).values()]
    for code in draw(st.lists(NAMES, max_size=3, unique=True)):
        texts = {name: draw(TEXTS) for name in ("env_name", "loki_namespace", "log_base_path")}
        parts.append(resource(ENVIRONMENT, {"env_code": code, **texts}, project))
    return [project, *parts]


def resource(type_: ResourceType, values: Row, parent: Resource | None = None) -> Resource:
    above = None if parent is None else parent.address
    row = {name: values[name] for name in type_.names}
    return Resource(type_.address(row, above), type_.domain, row, parent=above)


def decompiled(kind: Kind, resources: Iterable[Resource]) -> Iterator[dict[str, Any]]:
    """The documents that resources make; each within the address that it says."""
    assert kind.decompile is not None
    for at, body in kind.decompile(resources):
        assert at.split("/")[1:] == [
            body["metadata"]["name"].replace("%", "%25").replace("/", "%2F")
        ]
        yield {"apiVersion": API_VERSION, "kind": kind.name, **body}


def same(compiled: list[Resource], stored: list[Resource]) -> None:
    """Compare what matters: the addresses, and the values to the last character."""
    made, wanted = ({r.address: canonical_json(r.values) for r in s} for s in (compiled, stored))
    assert made == wanted


def compiled_as_data(kind: Kind, body: Any) -> Iterator[Resource]:
    """What a document compiles to that was never written as YAML."""
    made: list[Resource] = []
    for row in kind.compile(Document(kind.name, body)):
        made.append(resource(row.type, row.values, None if row.parent is None else made[0]))
    yield from made


def compiled_from_yaml(kind: Kind, body: Any) -> Iterator[Resource]:
    """What a document compiles to, by way of its text and its schema."""
    documents, problems = parse(emit(body), "a.yaml", all_kinds())
    assert problems == []
    assert list(packaged(kind).check(documents[0])) == []
    compilation = compile_document(documents[0], kind, "source")
    assert compilation.diagnostics == []
    yield from compilation.resources


def round_trip(
    name: str, stored: list[Resource], compiled: Callable[[Kind, Any], Iterator[Resource]]
) -> None:
    kind = all_kinds()[name]
    same([r for body in decompiled(kind, stored) for r in compiled(kind, body)], stored)


@given(stored=categories(typed_values()))
def test_settings_of_any_value_come_back(stored: list[Resource]) -> None:
    round_trip("Settings", stored, compiled_as_data)


@given(stored=projects(typed_values()))
def test_projects_with_settings_of_any_value_come_back(stored: list[Resource]) -> None:
    round_trip("Project", stored, compiled_as_data)


@given(stored=categories(typed_values(CARRIED)))
def test_settings_come_back_by_way_of_yaml(stored: list[Resource]) -> None:
    round_trip("Settings", stored, compiled_from_yaml)


@given(stored=projects(typed_values(CARRIED)))
def test_projects_come_back_by_way_of_yaml(stored: list[Resource]) -> None:
    round_trip("Project", stored, compiled_from_yaml)


@given(values=settings(typed_values()))
def test_what_is_written_in_full_says_more_than_its_value_alone(values: dict[str, Row]) -> None:
    kind = all_kinds()["Settings"]
    rows = {k: {"category": "c", **row, "description": None} for k, row in values.items()}
    for body in decompiled(kind, [resource(SETTING, row) for row in rows.values()]):
        for key, written in body["spec"].items():
            if isinstance(written, dict) and not isinstance(written["value"], dict):
                short = {**body, "spec": {key: written["value"]}}
                (again,) = compiled_as_data(kind, short)
                assert again.values != rows[key]
