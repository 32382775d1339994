"""Whatever a database has been through, a plan against its export is the plan against it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from typing import Any

import psycopg2
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import Result, Workspace
from tests.profiles import profile
from tests.properties.test_states import STATES, write
from tests.times import examples

TEXTS = ["Check.\n", "Check {claim}.\n", "Do check.\n"]
PROMPT = st.fixed_dictionaries(
    {},
    optional={
        "content": st.sampled_from(TEXTS),
        "version": st.integers(1, 3),
        "agent": st.sampled_from(["critic", "judge"]),
    },
).filter(lambda spec: "content" in spec or "version" in spec)
NAMES = st.sampled_from(["verify", "greet", "old"])
METADATA = st.fixed_dictionaries(
    {"name": NAMES}, optional={"renamed_from": NAMES, "labels": st.just({"team": "slides"})}
)


def document(kind: str, metadata: Any, spec: Any) -> dict[str, Any]:
    return {"apiVersion": "configsync/v1", "kind": kind, "metadata": metadata, "spec": spec}


PROMPTS = st.lists(
    st.builds(document, st.just("Prompt"), METADATA, PROMPT),
    max_size=3,
    unique_by=lambda d: str(d["metadata"]["name"]),
)
SETTINGS = st.lists(
    st.builds(
        document,
        st.just("Settings"),
        METADATA,
        st.dictionaries(st.sampled_from("abc"), st.integers(1, 3), min_size=1),
    ),
    max_size=2,
    unique_by=lambda d: str(d["metadata"]["name"]),
)
GIT = st.tuples(STATES, PROMPTS, SETTINGS)
BY_HAND = st.sampled_from(
    [
        "UPDATE config_ai_infra SET llm_temperature = 0.25",
        "UPDATE config_profiles SET description = 'é' || name",
        "UPDATE config_profiles SET name = name || '!' WHERE NOT is_default",
        "UPDATE config_profiles SET name = name || '!' WHERE is_default",
        "DELETE FROM config_genie_spaces WHERE NOT is_default",
        "DELETE FROM config_mlflow",
        "DELETE FROM config_profiles WHERE NOT is_default",
        "INSERT INTO config_profiles (name, is_default) VALUES ('by hand', false)",
        "UPDATE prompts_versioned SET agent_name = 'someone' WHERE is_active",
        "UPDATE prompts_versioned SET is_active = false",
        "UPDATE prompts_versioned SET is_active = (version = 1)",
        "UPDATE app_settings SET setting_value = '9'",
        "UPDATE app_settings SET is_active = false WHERE setting_key = 'a'",
        "DELETE FROM app_settings WHERE setting_key = 'b'",
    ]
)
STEPS = st.lists(GIT | GIT | BY_HAND, max_size=5)
OPTIONS = st.lists(
    st.sampled_from(
        [
            "--refresh-only",
            "--purge",
            "--take-ownership",
            "--accept-conflicts",
            "--force",
            "--select=*/a",
            "--select=p*",
            "--select=label=team",
        ]
    ),
    max_size=3,
    unique=True,
)


@settings(
    max_examples=examples(10),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(steps=STEPS, owner=st.sampled_from(["one", "two"]), last=GIT | BY_HAND, options=OPTIONS)
def test_the_offline_plan_is_the_plan(
    workspace: Workspace, steps: list[Any], owner: str, last: Any, options: list[str]
) -> None:
    workspace.write("configsync.toml", 'source = "one"\n')
    assert workspace.database, "made, where it is SQLite's"
    for step in steps:
        carry_out(workspace, step)
        if not isinstance(step, str):
            arguments = ["apply", "--auto-approve", "--force", "--accept-conflicts"]
            assert workspace.run(*arguments).code in (0, 1, 4)
    carry_out(workspace, last)
    workspace.write("configsync.toml", f'source = "{owner}"\n')
    text = workspace.ok("export", "--state").out
    assert workspace.ok("export", "--state").out == text
    workspace.write("state.json", text)
    online = workspace.run("plan", "-o", "json", *options)
    offline = workspace.run("plan", "-o", "json", *options, "--against", "state.json")
    assert seen(offline) == seen(online)


def carry_out(workspace: Workspace, step: Any) -> None:
    """Write a state of git, or write past it."""
    if isinstance(step, str):
        if not step.startswith("INSERT") or not workspace.sql(
            "SELECT 1 FROM config_profiles WHERE name = 'by hand'"
        ):
            with suppress(sqlite3.IntegrityError, psycopg2.IntegrityError):
                workspace.sql(step)
        return
    profiles, *others = step
    write(workspace, profiles)
    for number, found in enumerate(d for documents in others for d in documents):
        workspace.write(f"profiles/other-{number}.yaml", json.dumps(found))
    old = next(iter(profiles))
    # Whoever has been renamed by hand is perhaps renamed by git.
    renamed = profile("renamed", metadata__renamed_from=f"{old}!")
    workspace.write("profiles/renamed.yaml", renamed)


def seen(result: Result) -> Any:
    """What a plan says, but for being offline and its digest; the text of errors."""
    assert "should not" not in result.err, result
    if not result.out:
        return result.code, result.err
    found = result.json
    found.pop("digest", None)
    found.pop("offline", None)
    return result.code, found
