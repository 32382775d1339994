"""Exports of a state that anybody may have written: each is read, or refused with a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from configsync.core.values import digest
from configsync.usecases import given as limits
from tests.conftest import Result, Workspace
from tests.profiles import PROMPT, profile
from tests.times import examples

Content = dict[str, Any]
FILE = "state.json"


@pytest.fixture
def content(project: Workspace) -> Content:
    """An export of a database with a profile, a prompt of two versions, and drift."""
    project.write("profiles/a.yaml", profile("a", default=True))
    project.write("profiles/verify.yaml", json.dumps(PROMPT))
    project.ok("apply", "--auto-approve")
    project.ok("set", "prompt/verify", "content=Do verify.")
    project.ok("apply", "--auto-approve")
    project.sql("UPDATE config_ai_infra SET llm_temperature = 0.1")
    project.sql("UPDATE config_profiles SET name = 'b'")
    project.ok("set", "prompt/verify", "content=Verify again.")
    found: Content = project.ok("export", "--state").json
    return found


def plan(project: Workspace, content: Any, *options: str) -> Result:
    """Plan against an export, with the digest that it should have."""
    if isinstance(content, dict):
        content = {**content, "digest": ""}
        content["digest"] = digest({k: v for k, v in content.items() if k != "digest"})
    project.write(FILE, json.dumps(content))
    return project.run("plan", "--against", FILE, *options)


def test_it_is_read_as_it_was_written(project: Workspace, content: Content) -> None:
    assert plan(project, content).code == 0


def _of(address: str, rows: list[Content]) -> Content:
    return next(row for row in rows if row["address"] == address)


def _without_a_column(found: Content) -> None:
    del found["live"][0]["values"]["name"]


def _another_column(found: Content) -> None:
    found["live"][0]["values"]["more"] = 1


def _null_in_a_column(found: Content) -> None:
    found["live"][0]["values"]["is_default"] = None


def _a_list_in_a_column(found: Content) -> None:
    found["live"][0]["values"]["description"] = ["a"]


def _another_address(found: Content) -> None:
    found["live"][0]["address"] = "profile/x"


def _twice(found: Content) -> None:
    found["live"].append(found["live"][0])


def _a_part_of_nothing(found: Content) -> None:
    del found["live"][0]


def _an_applied_address(found: Content) -> None:
    found["applied"][0]["address"] = "profile"


def _a_version_of_a_profile(found: Content) -> None:
    found["versions"][0]["address"] = "profile/a"


def _another_number(found: Content) -> None:
    found["versions"][0]["number"] = 9


def _a_rename_of_nothing(found: Content) -> None:
    found["renamed"]["profile/x"] = "profile/y"


def _an_option_for_git(found: Content) -> None:
    found["owners"] = {"project": {"commit": "--output=x", "held": None}}


def _a_word(found: Content) -> None:
    found["past_git"][0]["by"]["source"] = "magic"


def _a_time(found: Content) -> None:
    found["past_git"][0]["by"]["at"] = "now\n"


def _a_moment(found: Content) -> None:
    found["moment"] = "\x1b[31m"


def _an_unknown_key(found: Content) -> None:
    found["\x1b[31m\u202e"] = 1


def _a_deactivated_address(found: Content) -> None:
    found["deactivated"] = ["prompt"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_without_a_column, "profile/b has other columns than here"),
        (_another_column, "profile/b has other columns than here"),
        (_null_in_a_column, "profile/b can't have that is_default"),
        (_a_list_in_a_column, "profile/b can't have that description"),
        (_another_address, "profile/x is not called as its values say"),
        (_twice, "profile/b stands in it twice"),
        (_a_part_of_nothing, "profile/b/ai_infra is a part of what isn't there"),
        (_an_applied_address, "profile is no address of profile"),
        (_a_version_of_a_profile, "profile/a has no versions"),
        (_another_number, "prompt/verify has no such version"),
        (_a_rename_of_nothing, "profile/x was not renamed"),
        (_an_option_for_git, "project has no such commit"),
        (_a_word, "'magic' in past_git[0].by.source"),
        (_a_time, "now\\n is no time"),
        (_a_moment, "\\x1b[31m is no time"),
        (_an_unknown_key, "unknown key \\x1b[31m\\u202e"),
        (_a_deactivated_address, "prompt is no address of prompt"),
    ],
)
def test_what_no_database_could_hold_is_refused(
    project: Workspace, content: Content, change: Callable[[Content], None], told: str
) -> None:
    change(content)
    refused = plan(project, content)
    assert refused.code == 1
    assert refused.err.startswith(f"Error: {FILE} is not a state export: {told}")
    assert refused.out == ""


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("format", "configsync-backup", "name a file that configsync export --state wrote"),
        ("format_version", 2, "the format version 2, this configsync reads 1"),
        ("format_version", "1" * 1000, "the format version '111"),
        ("schema_version", "0001", "at schema version 0001, this configsync needs"),
        ("domains", ["profile"], "doesn't tell of ai_infra"),
    ],
)
def test_another_version_says_what_to_do(
    project: Workspace, content: Content, key: str, value: Any, told: str
) -> None:
    refused = plan(project, {**content, key: value})
    assert (refused.code, told in refused.err) == (1, True)
    assert len(refused.err) < 600


def test_kinds_that_are_not_installed_here_are_left_out(
    project: Workspace, content: Content
) -> None:
    route = {"address": "route/x", "domain": "route", "values": {"path": "/"}}
    content["live"].append(route)
    content["applied"].append({**content["applied"][0], **route})
    content["domains"].append("route")
    planned = plan(project, content, "-o", "json").json
    told = [d["summary"] for d in planned["diagnostics"]]
    assert told == ["1 route resource is left as they are: no kind that is installed has them"]
    assert planned["unmanaged"] == []


def test_its_texts_change_no_line_of_what_is_printed(project: Workspace, content: Content) -> None:
    hostile = "x\x1b[31m\u202e\n::error::y\nPlan: 9 to create"
    content["database_id"] = hostile
    for write in content["past_git"]:
        write["by"] |= dict.fromkeys(("user", "application", "client_address"), hostile)
    content["live"].append({**content["live"][0], "address": "profile/z"})
    content["live"][-1]["values"] = {**content["live"][0]["values"], "name": "z"}
    printed = plan(project, content).out
    assert "Offline: against an export of the database x" in printed
    assert "\x1b" not in printed
    assert "\u202e" not in printed
    assert [line for line in printed.splitlines() if line.startswith(("::", "Plan:"))] == [
        "Plan: 0 to create, 4 to update, 0 to delete, 3 unchanged."
    ]


def test_an_edit_is_found(project: Workspace, content: Content) -> None:
    text = project.ok("export", "--state").out
    project.write(FILE, text.replace('"llm_max_tokens":60000', '"llm_max_tokens":60001'))
    refused = project.run("plan", "--against", FILE)
    assert (refused.code, "its digest differs" in refused.err) == (1, True)


def test_a_cut_off_export_is_refused(project: Workspace, content: Content) -> None:
    text = project.ok("export", "--state").out.strip().encode()
    for length in (0, 1, 100, len(text) // 2, len(text) - 1):
        project.write(FILE, text[:length])
        refused = project.run("plan", "--against", FILE)
        assert refused.code == 1
        assert refused.err.startswith(f"Error: {FILE} is not a state export")


def test_a_huge_export_is_not_read(project: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    monkeypatch.setattr(limits, "MAX_BYTES", 1000)
    project.write(FILE, b" " * 1001)
    refused = project.run("plan", "--against", FILE)
    assert (refused.code, refused.err) == (
        *(1, f"Error: {FILE} is not a state export: it is too large.\n"),
    )


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@given(data=st.data())
@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_it_holds_gives_a_plan_or_a_sentence(
    project: Workspace, content: Content, data: st.DataObject
) -> None:
    changed = json.loads(json.dumps(content))
    for _ in range(data.draw(st.integers(1, 3))):
        node, key = data.draw(st.sampled_from([*_places(changed)]))
        others = [value[k] for value, k in _places(changed)]
        if data.draw(st.booleans()):
            node[key] = json.loads(json.dumps(data.draw(st.sampled_from(others) | ODD)))
        else:
            del node[key]
    option = data.draw(st.sampled_from(["--refresh-only", "--purge", "--take-ownership", "-q"]))
    result = plan(project, changed, option)
    assert result.code in (0, 1, 4)
    assert "in a way that it should not" not in result.err


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every value within JSON, as what holds it and its key or index."""
    inner = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in list(inner):
        yield node, key
        if isinstance(value, dict | list):
            yield from _places(value)


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_bytes_give_a_sentence(project: Workspace, data: bytes) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    project.write(FILE, data)
    refused = project.run("plan", "--against", FILE)
    assert refused.code == 1
    assert refused.err.startswith(f"Error: {FILE} is not a state export")
