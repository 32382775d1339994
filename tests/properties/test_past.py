"""What history records of a revision is what the tables held then, whoever wrote them."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from configsync.core.resource import Resource, State
from configsync.kinds import resource_types
from configsync.store import chain
from configsync.store.between import changes_between
from configsync.store.history import state_at
from configsync.store.read import read_base, read_live
from tests.conftest import Workspace
from tests.properties.test_states import STATES, write
from tests.times import examples

# Past configsync: each may find nothing to do, or be refused by a constraint.
WRITES = st.sampled_from(
    [
        "UPDATE config_ai_infra SET llm_temperature = 0.30",
        "UPDATE config_ai_infra SET llm_max_tokens = 7 WHERE llm_max_tokens < 100000",
        "UPDATE config_profiles SET description = 'ü ''quoted'' \"x\"'",
        "UPDATE config_profiles SET name = 'b/x' WHERE name = 'a'",
        "UPDATE config_profiles SET name = 'a' WHERE name = 'b/x'",
        "UPDATE config_profiles SET name = 'c/d' WHERE name = 'ü'",
        "UPDATE config_genie_spaces SET space_id = 's9' WHERE space_id = 's1'",
        "UPDATE config_genie_spaces SET space_id = 's1' WHERE space_id = 's9'",
        "DELETE FROM config_genie_spaces WHERE space_id = 's2'",
        "DELETE FROM config_profiles WHERE is_default = false",
        "DELETE FROM config_mlflow",
        "INSERT INTO config_profiles (name, is_default) VALUES ('a', false)",
        "INSERT INTO config_profiles (name, is_default) VALUES ('new', false)",
        "INSERT INTO config_genie_spaces (profile_id, space_id, is_default)"
        " SELECT id, 's1', false FROM config_profiles",
    ]
)
RENAMES = st.dictionaries(st.sampled_from(["a", "b", "c/d"]), st.sampled_from(["a", "b", "c/d"]))
STEPS = st.builds(
    lambda first, steps: [first, *steps],
    STATES,
    st.lists(st.one_of(WRITES, WRITES, RENAMES, STATES), min_size=2, max_size=8),
)
ONE = {
    "spec__ai_infra__llm_temperature": 0.5,
    "spec__ai_infra__llm_max_tokens": 1,
    "metadata__description": None,
    "spec__prompts__slide_editing_instructions": "x",
    "spaces": ["s1", "s2"],
}
REKEYED = [
    {"a": ONE, "b": ONE},
    "UPDATE config_genie_spaces SET space_id = 's9' WHERE space_id = 's1'",
    "UPDATE config_profiles SET name = 'b/x' WHERE name = 'a'",
    "UPDATE config_genie_spaces SET space_id = 's1' WHERE space_id = 's9'",
    {"a": ONE, "c/d": ONE},
    {"a": "c/d", "c/d": "a"},
]
"""Keys that come and go, and names that others take, which chance seldom brings together."""
SETTINGS = settings(
    max_examples=examples(4),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


def take(workspace: Workspace, step: Any, state: dict[str, Any]) -> dict[str, Any]:
    """Take one step; returns the state that the files then ask for."""
    if isinstance(step, str):
        try:
            workspace.sql(step)
        except Exception as error:
            if "onstraint" not in str(error):
                raise
        return state
    if step and all(isinstance(new, str) for new in step.values()):
        renames = {old: new for old, new in step.items() if old in state and old != new}
        names = [renames.get(name, name) for name in state]
        if len(set(names)) < len(names):
            return state
        former = {new: old for old, new in renames.items()}
        state = {
            new: {**values, "metadata__renamed_from": former.get(new)}
            for new, values in zip(names, state.values(), strict=True)
        }
    elif step:
        state = step
    if state:
        write(workspace, state)
        applied = workspace.run("apply", "--auto-approve")
        assert applied.code in (0, 4), applied
        state = {
            name: {k: v for k, v in values.items() if k != "metadata__renamed_from"}
            for name, values in state.items()
        }
    return state


def plain(state: State) -> dict[str, Any]:
    return {a: (r.domain, r.parent, r.values) for a, r in state.items()}


def recorded(workspace: Workspace, steps: list[Any]) -> dict[int, State]:
    """Take steps; the live state that each left behind, by revision."""
    found: dict[int, State] = {}
    state: dict[str, Any] = {}
    for step in steps:
        state = take(workspace, step, state)
        with workspace.database.reading() as transaction:
            live = read_live(transaction, resource_types().values())
            found[read_base(transaction).revision] = live
    return found


@SETTINGS
@example(steps=REKEYED)
@given(steps=STEPS)
def test_the_state_at_a_revision_is_what_was_live(workspace: Workspace, steps: list[Any]) -> None:
    found = recorded(workspace, steps)
    types = resource_types()
    with workspace.database.reading() as transaction:
        for revision, live in found.items():
            past = state_at(transaction, types, revision)
            assert plain(past) == plain(live)
            roots = {r.parent or r.address for r in live.values()} | {"profile/nowhere"}
            for root in roots:
                one = state_at(transaction, types, revision, root)
                assert plain(one) == plain(State(live.parts(root)))


@SETTINGS
@example(steps=REKEYED)
@given(steps=STEPS)
def test_the_net_changes_lead_from_one_revision_to_another(
    workspace: Workspace, steps: list[Any]
) -> None:
    found = recorded(workspace, steps)
    types = resource_types()
    with workspace.database.reading() as transaction:
        for old, before in found.items():
            for new, after in found.items():
                changes = changes_between(transaction, types, old, new)
                assert old != new or changes == ()
                touched = [c.before for c in changes if c.before is not None]
                for resource in touched:
                    assert before[resource.address].values == resource.values
                rest = {**before}
                for resource in touched:
                    del rest[resource.address]
                renamed = {
                    c.before.address: c.address
                    for c in changes
                    if c.before and c.after and c.after.parent is None
                }
                result: dict[str, Resource] = {}
                for at, resource in rest.items():
                    root = resource.parent or at
                    result[renamed.get(root, root) + at[len(root) :]] = resource
                result |= {c.after.address: c.after for c in changes if c.after is not None}
                assert {a: r.values for a, r in result.items()} == {
                    a: r.values for a, r in after.items()
                }


@SETTINGS
@example(steps=REKEYED)
@given(steps=STEPS)
def test_the_chain_is_intact_whatever_was_written(workspace: Workspace, steps: list[Any]) -> None:
    recorded(workspace, steps)
    with workspace.database.reading() as transaction:
        head = chain.read_head(transaction)
        found = chain.verify(transaction, head)
        assert found.broken == ()
        assert found.head == head
        ((sealed,),) = transaction.rows("SELECT count(digest) FROM config_revisions")
        assert found.sealed == sealed
