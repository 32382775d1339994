"""What readers say of themselves, and an apply that waits for them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from tests.conftest import Workspace
from tests.profiles import profile
from tests.runtime.estate import connect, write_estate


def until(condition: Callable[[], Any]) -> Any:
    """Wait until a condition holds, and return what it gave."""
    deadline = time.monotonic() + 20
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.01)
    return found


def fleet(workspace: Workspace) -> list[dict[str, Any]]:
    """The readers that ``configsync status`` lists."""
    found: list[dict[str, Any]] = workspace.ok("status", "-o", "json").json["readers"]
    return found


def test_a_reader_is_listed_while_it_runs(workspace: Workspace) -> None:
    write_estate(workspace)
    with connect(workspace, name="chat", report=True):
        (reader,) = until(lambda: fleet(workspace))
        assert (reader["name"], reader["pid"]) == ("chat", os.getpid())
        assert (reader["revision"], reader["behind"], reader["live"]) == (1, 0, True)
    assert fleet(workspace) == []


def test_an_apply_waits_for_who_follows(workspace: Workspace) -> None:
    write_estate(workspace)
    with connect(workspace, name="chat", report=True, poll=0.05, listen=True):
        until(lambda: fleet(workspace))
        _change(workspace, 7)
        done = workspace.ok("apply", "--auto-approve", "--actor", "tester", "--wait", "20")
        assert "hold revision 2" in done.err or "holds revision 2" in done.err
        assert [r["revision"] for r in fleet(workspace)] == [2]


def test_an_apply_names_who_does_not(workspace: Workspace) -> None:
    write_estate(workspace)
    with (
        connect(workspace, name="chat", report=True, poll=0.05, listen=True),
        connect(workspace, name="nightly", report=True),
    ):
        until(lambda: len(fleet(workspace)) == 2)
        _change(workspace, 7)
        done = workspace.run("apply", "--auto-approve", "--actor", "tester", "--wait", "1")
        assert done.code == 1
        assert "nightly" in done.err
        assert "chat" not in done.err


def test_a_report_that_fails_is_no_failure_to_read(workspace: Workspace) -> None:
    write_estate(workspace)
    workspace.sql("DROP TABLE config_readers")
    with connect(workspace, name="chat", report=True) as client:
        assert client.default_profile().name == "production"
        client.refresh()
        assert not client.status().degraded


def _change(workspace: Workspace, tokens: int) -> None:
    text = profile("staging", spec__ai_infra__llm_max_tokens=tokens)
    workspace.write("profiles/staging.yaml", text)
