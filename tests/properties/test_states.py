"""From any state to any other: apply gives what git asks for, then nothing is left to do."""

from __future__ import annotations

import shutil
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from configsync.compiler.source import compile_source
from configsync.core.resource import State
from configsync.diff import Terms, diff
from configsync.kinds import resource_types
from configsync.source.project import Target, find_project
from configsync.store.read import read_live
from tests.conftest import Workspace
from tests.profiles import profile
from tests.times import examples

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
NAMES = st.sampled_from(["a", "b", "c/d", "e%f", "ü", "with blank", "é"])
SPACES = st.lists(st.sampled_from(["s1", "s2", "s/3"]), min_size=1, max_size=3, unique=True)
ONE = st.fixed_dictionaries(
    {
        "spec__ai_infra__llm_temperature": st.sampled_from([0, 0.1, 0.5, 0.75, 1]),
        "spec__ai_infra__llm_max_tokens": st.integers(1, 2**31 - 1),
        "metadata__description": st.none() | TEXT,
        "spec__prompts__slide_editing_instructions": TEXT,
        "spaces": SPACES,
    }
)
STATES = st.dictionaries(NAMES, ONE, min_size=1, max_size=4)


def write(workspace: Workspace, state: dict[str, Any]) -> None:
    """Write a state as files; the first of its profiles is the default."""
    shutil.rmtree(workspace.root / "profiles")
    for number, (name, values) in enumerate(state.items()):
        changes = {k: v for k, v in values.items() if k != "spaces"}
        spaces = [{"space_id": s, "default": i == 0} for i, s in enumerate(values["spaces"])]
        text = profile(name, default=number == 0, spec__genie_spaces=spaces, **changes)
        workspace.write(f"profiles/{number}.yaml", text)


def desired(workspace: Workspace) -> State:
    return compile_source(find_project(workspace.root), Target(), cached=False).state()


@settings(
    max_examples=examples(7),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(steps=st.lists(STATES, min_size=1, max_size=3))
def test_apply_gives_what_git_asks_for(workspace: Workspace, steps: list[dict[str, Any]]) -> None:
    assert workspace.database, "made, where it is SQLite's"
    revision = workspace.ok("history", "--limit", "1", "-o", "json").json["entries"]
    before = revision[0]["revision"] if revision else 0
    for state in steps:
        write(workspace, state)
        applied = workspace.ok("apply", "--auto-approve", "--force", "-o", "json").json
        changed = bool(applied["changes"])
        assert applied["revision"] == before + changed
        before += changed
        entries = workspace.ok("history", "-o", "json", "--limit", "200").json["entries"]
        newest = [e["address"] for e in entries if e["revision"] == before]
        if changed:
            assert sorted(newest) == sorted(c["address"] for c in applied["changes"])
        with workspace.database.reading() as transaction:
            live = read_live(transaction, resource_types().values())
        wanted = desired(workspace)
        assert {a: r.values for a, r in live.items()} == {a: r.values for a, r in wanted.items()}
        assert workspace.run("plan", "--detailed-exitcode", "--no-cache").code == 0


@given(state=STATES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_state_does_not_differ_from_itself(project: Workspace, state: dict[str, Any]) -> None:
    write(project, state)
    same = desired(project)
    found = diff(same, same, same, Terms(resource_types(), find_project(project.root).source))
    assert found.changes == []
    assert found.unchanged == len(same)
    assert found.unmanaged == []
    assert found.diagnostics == []
