"""Export is the way back: of any state that the tables can hold, on both databases."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import dataclass, field

from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from configsync.edit.emit import emit
from configsync.source.reader import read
from configsync.store.url import parse_url
from tests.conftest import Workspace, execute
from tests.times import examples

CHARACTERS = st.one_of(
    st.sampled_from("aZ0/% \t\n\r\x01\x1b\x7f\x85\u2028\ufeff\u202e'\"\\#:{}[]|>-&*!?`@,~=éÅ日😀"),
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
)
WORDS = st.sampled_from(
    ["yes", "null", "~", "1e3", "0777", "1:30", "2024-01-01", "---", "...", ".", "con", "$file"]
)
TEXTS = st.one_of(WORDS, st.text(CHARACTERS, max_size=30), st.text("a \n\t\r", max_size=12))
NAMES = WORDS | st.text(CHARACTERS, min_size=1, max_size=100)


@dataclass
class Rows:
    """The rows of one profile; a part that is None is not there."""

    name: str
    description: str | None
    ai_infra: tuple[str, str, int] | None
    spaces: list[tuple[str, str | None, str | None]]
    default_space: int | None
    experiment: str | None
    prompts: tuple[str, str, str] | None


@dataclass
class Profiles:
    """A state: profiles of distinct names, at most one of which is the default."""

    rows: list[Rows] = field(default_factory=list)
    default: int | None = None


FAULTS = (
    "name",
    "endpoint",
    "space_id",
    "experiment",
    "prompts",
    "no ai_infra",
    "no spaces",
    "no default space",
    "no mlflow",
    "no prompts",
)
"""What the tables take and a document can't say, or not with any value."""


@st.composite
def profile_rows(draw: st.DrawFn, *, faulty: bool) -> Rows:
    """A profile by the tables' constraints; only a faulty one may go past what documents say."""
    faults = draw(st.lists(st.sampled_from(FAULTS), max_size=2)) if faulty else []

    def text(fault: str, before: str, after: str = "", least: int = 1, most: int = 40) -> str:
        odd = fault in faults
        short = st.text("aA-/", min_size=least, max_size=9)
        inner = draw(WORDS | short | st.text(CHARACTERS, min_size=least, max_size=most))
        return inner if odd else f"{before}{inner.translate(ONE_LINE) if before else inner}{after}"

    optional = st.none() | st.just("") | TEXTS
    space_ids = draw(st.lists(st.text(CHARACTERS, max_size=9), min_size=1, max_size=3, unique=True))
    spaces = [(f"s{i}", draw(optional), draw(optional)) for i in space_ids]
    if "space_id" in faults:
        spaces[0] = (draw(NAMES), *spaces[0][1:])
    spaces = [] if "no spaces" in faults else spaces
    default_space = draw(st.integers(0, 2)) % len(spaces) if spaces else None
    temperature = f"{draw(st.integers(0, 100)) / 100:.2f}"
    tokens = draw(st.integers(1, 2**31 - 1))
    prompts = (text("prompts", ""), text("prompts", ""), text("prompts", "", "{question}"))
    return Rows(
        name=text("name", "n", ".", most=98),
        description=draw(optional),
        ai_infra=None if "no ai_infra" in faults else (text("endpoint", "e"), temperature, tokens),
        spaces=spaces,
        default_space=None if "no default space" in faults else default_space,
        experiment=None if "no mlflow" in faults else text("experiment", "/"),
        prompts=None if "no prompts" in faults else prompts,
    )


@st.composite
def states(draw: st.DrawFn, *, faulty: bool) -> Profiles:
    """One to three profiles."""
    one = profile_rows(faulty=faulty)
    rows = draw(st.lists(one, min_size=1, max_size=3, unique_by=lambda r: r.name))
    return Profiles(rows, draw(st.none() | st.integers(0, len(rows) - 1)))


ONE_LINE = {0x0A: "·"}
"""A name has no newline."""


def quote(value: str | int | None) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def fill(workspace: Workspace, state: Profiles) -> None:
    """Make the tables hold a state, past configsync, and the project hold nothing."""
    if workspace.url is None and not (workspace.root / "configsync.db").exists():
        workspace.ok("db", "upgrade")
    shutil.rmtree(workspace.root / "profiles", ignore_errors=True)
    (workspace.root / "profiles").mkdir()
    statements = ["DELETE FROM config_profiles"]

    def insert(table: str, *values: str | int | None) -> None:
        columns = COLUMNS[table]
        row = ", ".join(quote(v) for v in values)
        statements.append(f"INSERT INTO {table} ({columns}) VALUES ({row})")

    for i, rows in enumerate(state.rows):
        default = "true" if i == state.default else "false"
        statements.append(
            "INSERT INTO config_profiles (id, name, description, is_default) "
            f"VALUES ({i}, {quote(rows.name)}, {quote(rows.description)}, {default})"
        )
        if rows.ai_infra is not None:
            insert("config_ai_infra", i, *rows.ai_infra)
        for number, space in enumerate(rows.spaces):
            chosen = "true" if number == rows.default_space else "false"
            values = ", ".join(quote(v) for v in (i, *space))
            statements.append(
                "INSERT INTO config_genie_spaces "
                "(profile_id, space_id, space_name, description, is_default) "
                f"VALUES ({values}, {chosen})"
            )
        if rows.experiment is not None:
            insert("config_mlflow", i, rows.experiment)
        if rows.prompts is not None:
            insert("config_prompts", i, *rows.prompts)
    run_all(workspace, statements)


COLUMNS = {
    "config_ai_infra": "profile_id, llm_endpoint, llm_temperature, llm_max_tokens",
    "config_mlflow": "profile_id, experiment_name",
    "config_prompts": (
        "profile_id, system_prompt, slide_editing_instructions, user_prompt_template"
    ),
}


def run_all(workspace: Workspace, statements: list[str]) -> None:
    """Run statements as someone who goes past configsync, on one connection."""
    if workspace.url is not None:
        execute(workspace.url, "; ".join(statements))
        return
    url = parse_url("sqlite:///configsync.db", workspace.root)
    connection = sqlite3.connect(url.connect)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    finally:
        connection.close()


def check(workspace: Workspace) -> tuple[int, str]:
    """Export, and hold what was written to the promise; returns exit code and complaints."""
    (count,) = workspace.sql("SELECT count(*) FROM config_profiles")[0]
    exported = workspace.run("export")
    assert "should not" not in exported.err, exported
    refused = exported.err.count(" can't be written as a valid document: ")
    documents = len(list((workspace.root / "profiles").glob("*.yaml")))
    assert documents + (refused > 0) <= count
    assert (exported.code == 0) == (refused == 0) == (documents == count), exported
    if documents:
        assert workspace.ok("validate", "-o", "json").json["summary"]["errors"] == 0
        plan = workspace.ok("plan", "-o", "json").json
        assert plan["changes"] == []
        roots = {address for address in plan["unmanaged"] if address.count("/") == 1}
        assert len(roots) == count - documents
        assert {address for address in roots if address not in exported.err} <= {
            address for address in roots if not address.isprintable()
        }
        again = workspace.run("export")
        assert "Wrote" not in again.out, again
    return exported.code, exported.err


RELAXED = settings(
    max_examples=examples(8),
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)


@RELAXED
@given(state=states(faulty=True))
@example(state=Profiles([Rows("a", "", None, [], None, None, None)]))
def test_export_then_plan_is_empty(workspace: Workspace, state: Profiles) -> None:
    fill(workspace, state)
    code, complaints = check(workspace)
    assert bool(complaints) >= bool(code), "what isn't exported is named"
    event(f"exit {code}")


@RELAXED
@given(state=states(faulty=False))
def test_what_a_document_can_say_is_exported(workspace: Workspace, state: Profiles) -> None:
    for i, rows in enumerate(state.rows):
        # Names that differ in case only are two rows, and no two documents.
        rows.name = f"{i}{rows.name[1:]}"
    fill(workspace, state)
    code, complaints = check(workspace)
    assert code == 0, complaints


@given(
    texts=st.lists(TEXTS, max_size=4), inner=st.dictionaries(TEXTS, TEXTS | st.integers(-99, 99))
)
def test_yaml_reads_back_as_what_was_written(texts: list[str], inner: dict[str, str | int]) -> None:
    body = {"spec": {"texts": texts, "nested": [inner, [texts, inner]], "last": "".join(texts)}}
    assert read(emit(body), "").roots == [body]


@RELAXED
@given(texts=st.tuples(*[st.text(CHARACTERS, max_size=300)] * 4), description=st.none() | TEXTS)
def test_a_seed_reaches_the_database_to_the_byte(
    workspace: Workspace, texts: tuple[str, str, str, str], description: str | None
) -> None:
    fill(workspace, Profiles())
    system, editing, user, space = texts
    prompts = {
        "system_prompt": f"{system}{{max_slides}}",
        "slide_editing_instructions": f"{editing}.",
        "user_prompt_template": f"{user}{{question}}",
    }
    entry = {
        "name": "p",
        "description": description,
        "is_default": True,
        "ai_infra": {"llm_endpoint": "e", "llm_temperature": 0.5, "llm_max_tokens": 9},
        "genie_spaces": [{"space_id": "s", "space_name": description, "description": space}],
        "mlflow": {"experiment_name": "/e"},
        "prompts": prompts,
    }
    workspace.write("seed.yaml", emit({"profiles": [entry]}))
    workspace.ok("import", "seed", "seed.yaml")
    workspace.ok("apply", "--auto-approve", "--accept-conflicts")
    (row,) = workspace.sql(
        "SELECT p.description, s.space_name, s.description, t.system_prompt, "
        "t.slide_editing_instructions, t.user_prompt_template FROM config_profiles p "
        "JOIN config_genie_spaces s ON s.profile_id = p.id "
        "JOIN config_prompts t ON t.profile_id = p.id"
    )
    assert row == (description, description, space, *prompts.values())
