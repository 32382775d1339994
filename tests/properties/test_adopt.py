"""Adopt, after whatever was written past configsync: then a plan is empty, on both databases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st

from configsync.core.resource import State
from configsync.kinds import resource_types
from configsync.store.read import read_live
from tests.conftest import Workspace
from tests.properties.test_export import ONE_LINE, RELAXED, TEXTS, quote, run_all
from tests.times import examples

HEAD = """\
# About {name}, up here.
apiVersion: configsync/v1
kind: Profile
metadata:
"""
P = """\
  name: p  # p it is
  description: As ever  # @ profile description
spec:
  # Of all.
  default: true  # @ profile is_default
  ai_infra:  # the model
    llm_endpoint: databricks  # @ ai_infra llm_endpoint

    llm_temperature:   0.70   # @ ai_infra llm_temperature
    # A comment between.
    llm_max_tokens: 100 # @ ai_infra llm_max_tokens
  genie_spaces:
    # The first.
    - space_id: s1  # @ s1 space_id
      space_name: 'One'  # @ s1 space_name
      default: true  # @ s1 is_default
    - {space_id: s2, description: "Two"}  # @ s2 *
    # The end.
  mlflow: {experiment_name: /x}  # @ mlflow experiment_name
  prompts:
    system_prompt: {$file: prompts/p.md}  # stays in its file
    slide_editing_instructions: | # @ prompts slide_editing_instructions
      Return only the slides.   # @ prompts slide_editing_instructions
    user_prompt_template: "{question}"  # @ prompts user_prompt_template
# The end of all.
"""
Q = """\
  name: q
spec:
  genie_spaces:
  - space_id: s1  # @ s1 space_id
    description: >-  # @ s1 description
      folded # @ s1 description
  prompts: {system_prompt: "x {max_slides}",  # @ prompts system_prompt
            slide_editing_instructions: y,  # @ prompts slide_editing_instructions
            user_prompt_template: "{question}"}  # @ prompts user_prompt_template
  mlflow: {"experiment_name": "/q"}  # @ mlflow experiment_name
  ai_infra:
    {llm_endpoint: e,  # @ ai_infra llm_endpoint
    llm_temperature: 1,  # @ ai_infra llm_temperature
    llm_max_tokens: 1,  # @ ai_infra llm_max_tokens
    }
"""
BASE = """\
  name: base
  abstract: true
spec:
  ai_infra: {llm_endpoint: shared, llm_temperature: 0.5, llm_max_tokens: 5}  # @ ai_infra *
  genie_spaces:
    - space_id: s1  # @ s1 space_id
      space_name: Shared  # @ s1 space_name
      default: true  # @ s1 is_default
    - space_id: s2  # @ s2 space_id
  mlflow:
    experiment_name: /shared  # @ mlflow experiment_name
  prompts:
    system_prompt: {$file: prompts/shared.md}  # @ prompts system_prompt
    slide_editing_instructions: {$file: prompts/shared.md}  # @ prompts slide_editing_instructions
    user_prompt_template: {$file: prompts/shared.md}  # @ prompts user_prompt_template
"""
CHILD = """\
  name: {name}
  extends: base  # like the others
spec:
  ai_infra:
    llm_temperature: 0.{number}  # @ ai_infra llm_temperature
"""
NAMES = ("p", "q", "r1", "r2")
TEXT = "Slides: {max_slides}. {question}\n"
FILES = {
    "profiles/p.yaml": HEAD.format(name="p") + P,
    "profiles/q.yaml": HEAD.format(name="q") + Q,
    "profiles/base.yaml": HEAD.format(name="base") + BASE,
    "profiles/r.yaml": HEAD.format(name="r1")
    + CHILD.format(name="r1", number=1)
    + "---\n"
    + HEAD.format(name="r2")
    + CHILD.format(name="r2", number=2),
    "profiles/prompts/p.md": TEXT,
    "profiles/prompts/shared.md": TEXT,
}

ONE = TEXTS.map(lambda text: "x" + text.translate(ONE_LINE))
OPTIONAL = st.none() | st.just("") | TEXTS
PROMPT = TEXTS.map(lambda text: text + "{question} {max_slides}")
COLUMNS: dict[str, dict[str, st.SearchStrategy[str | int | None]]] = {
    "ai_infra": {
        "llm_endpoint": ONE,
        "llm_temperature": st.integers(0, 100).map(lambda n: f"{n / 100:.2f}"),
        "llm_max_tokens": st.integers(1, 2**31 - 1),
    },
    "mlflow": {"experiment_name": ONE.map(lambda text: "/" + text)},
    "prompts": dict.fromkeys(
        ("system_prompt", "slide_editing_instructions", "user_prompt_template"), PROMPT
    ),
    "genie_spaces": {"space_name": OPTIONAL, "description": OPTIONAL},
}


@st.composite
def writes(draw: st.DrawFn) -> list[str]:
    """Statements of someone who goes past configsync; what comes of them, a document can say."""
    statements: list[str] = []
    for _ in range(draw(st.integers(1, 5))):
        table = draw(st.sampled_from(sorted(COLUMNS)))
        column = draw(st.sampled_from(sorted(COLUMNS[table])))
        value = quote(draw(COLUMNS[table][column]))
        names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
        statements.append(f"UPDATE config_{table} SET {column} = {value} WHERE {_among(names)}")
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        statements += draw(_spaces(name))
    if draw(st.booleans()):
        value = quote(draw(OPTIONAL))
        name = draw(st.sampled_from(NAMES))
        statements.append(f"UPDATE config_profiles SET description = {value} WHERE name = '{name}'")
    default = draw(st.sampled_from(NAMES))
    statements += [
        "UPDATE config_profiles SET is_default = false WHERE is_default",
        f"UPDATE config_profiles SET is_default = true WHERE name = '{default}'",
    ]
    gone = draw(st.sets(st.sampled_from(NAMES), max_size=2)) - {default}
    return [*statements, *(f"DELETE FROM config_profiles WHERE name = '{n}'" for n in sorted(gone))]


@st.composite
def _spaces(draw: st.DrawFn, name: str) -> list[str]:
    """Other Genie spaces for a profile, one of which is the default."""
    new = draw(st.lists(st.sampled_from(["n1", "n/2", "12e4"]), min_size=1, unique=True))
    columns = "profile_id, space_id, space_name, description, is_default"
    made = [
        f"INSERT INTO config_genie_spaces ({columns}) SELECT id, {quote(space)}, "
        f"{quote(draw(OPTIONAL))}, {quote(draw(OPTIONAL))}, false FROM config_profiles "
        f"WHERE name = '{name}'"
        for space in new
    ]
    gone = draw(st.sets(st.sampled_from(["s1", "s2"])))
    kept = [s for s in ("s1",) if s not in gone]
    mine = _among([name])
    deleted = [f"DELETE FROM config_genie_spaces WHERE {mine} AND space_id = '{s}'" for s in gone]
    default = draw(st.sampled_from([*new, *kept]))
    return [
        *made,
        *deleted,
        f"UPDATE config_genie_spaces SET is_default = false WHERE is_default AND {mine}",
        f"UPDATE config_genie_spaces SET is_default = true WHERE {mine} AND space_id = '{default}'",
    ]


def _among(names: list[str]) -> str:
    those = ", ".join(f"'{n}'" for n in names)
    return f"profile_id IN (SELECT id FROM config_profiles WHERE name IN ({those}))"


def live(workspace: Workspace) -> State:
    with workspace.database.reading() as transaction:
        return read_live(transaction, resource_types().values())


def touched(before: State, after: State) -> Iterator[tuple[str, str, str]]:
    """What was changed: the profile, the part (of a Genie space its id) and the column."""
    for at in before.keys() | after.keys():
        old, new = before.get(at), after.get(at)
        known = old or new
        assert known is not None
        domain = known.domain
        part = at.rsplit("/", 1)[1] if domain == "genie_space" else domain
        for column in known.values if old is None or new is None else old.differing(new):
            yield at.split("/")[1], part, column


def kept_lines(text: str, names: set[str], changed: set[tuple[str, str, str]]) -> Iterator[str]:
    """The lines of a file that define nothing that was changed."""
    for line in text.splitlines(keepends=True):
        _, mark, about = line.rpartition("# @ ")
        part, _, column = about.strip().partition(" ")
        if not mark or not any(
            name in names and part == p and column in (c, "*") for name, p, c in changed
        ):
            yield line


def is_within(lines: list[str], text: str) -> bool:
    """Tell whether lines are all in a text, in their order, to the byte."""
    rest = iter(text.splitlines(keepends=True))
    return all(any(line == other for other in rest) for line in lines)


def texts(root: Path) -> dict[str, str]:
    files = (p for p in (root / "profiles").rglob("*") if p.is_file())
    return {p.relative_to(root).as_posix(): p.read_bytes().decode() for p in files}


def prepare(workspace: Workspace) -> None:
    """The project as it is at first, applied."""
    if workspace.url is None and not (workspace.root / "configsync.db").exists():
        workspace.ok("db", "upgrade")
    shutil.rmtree(workspace.root / "profiles")
    for name, text in FILES.items():
        workspace.write(name, text)
    run_all(workspace, ["DELETE FROM config_profiles"])
    workspace.ok("apply", "--auto-approve")


@settings(RELAXED, max_examples=examples(5), phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(statements=writes())
def test_adopt_then_plan_is_empty(workspace: Workspace, statements: list[str]) -> None:
    prepare(workspace)
    before = live(workspace)
    run_all(workspace, statements)
    after = live(workspace)
    changed = set(touched(before, after))
    result = workspace.run("adopt", "--all", "-o", "json")
    files = texts(workspace.root)
    if result.code:
        assert "can't be edited here" in result.err, result
        assert files == FILES
        event("refused")
        return
    adopted = result.json["adopted"]
    assert {a["address"] for a in adopted} == {
        at for at in before.keys() | after.keys() if _differs(before, after, at)
    }
    plan = workspace.ok("plan", "-o", "json").json
    assert (plan["changes"], plan["unmanaged"]) == ([], [])
    assert live(workspace).digest() == after.digest()
    for (name, text), there in product(FILES.items(), [files]):
        if name in there and name.endswith(".yaml"):
            _check_lines(name, text, there[name], after, changed)
    assert workspace.run("adopt", "--all").err == "Nothing to adopt.\n"


def _differs(before: State, after: State, at: str) -> bool:
    old, new = before.get(at), after.get(at)
    return old is None or new is None or not old.same_values(new)


def _check_lines(
    name: str, old: str, new: str, after: State, changed: set[tuple[str, str, str]]
) -> None:
    if name.endswith("/r.yaml"):
        documents = dict(zip(("r1", "r2"), old.split("---\n"), strict=True))
        for profile, text in documents.items():
            if f"profile/{profile}" in after:
                assert is_within(list(kept_lines(text, {profile}, changed)), new), new
        return
    names = {"r1", "r2"} if name.endswith("/base.yaml") else {Path(name).stem}
    assert is_within(list(kept_lines(old, names, changed)), new), new
