"""The service that lists serving endpoints, asking a workspace on this machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from configsync.services.endpoints import list_endpoints
from configsync.services.errors import WorkspaceError
from tests import databricks
from tests.databricks import ENDPOINTS, FakeWorkspace, error


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWorkspace]:
    """A workspace that the environment names."""
    with databricks.running(tmp_path, monkeypatch) as server:
        yield server


def test_databricks_own_come_first(fake: FakeWorkspace) -> None:
    assert list_endpoints() == []
    fake.endpoints = ["zeta", "databricks-b", "alpha", "databricks-a", "my-databricks-c"]
    expected = ["databricks-a", "databricks-b", "alpha", "my-databricks-c", "zeta"]
    assert list_endpoints() == expected
    from databricks.sdk import WorkspaceClient

    assert list_endpoints(WorkspaceClient(host=fake.host, token="other")) == expected


def test_what_cant_be_reached_has_none(
    fake: FakeWorkspace, caplog: pytest.LogCaptureFixture
) -> None:
    fake.faults[ENDPOINTS] = error(503, "TEMPORARILY_UNAVAILABLE", "later", Retry_After="9")
    assert list_endpoints() == []
    assert caplog.messages == [
        "the Databricks workspace can't be reached: the workspace fails: later"
    ]


def test_who_may_not_ask_is_told(fake: FakeWorkspace) -> None:
    fake.faults[ENDPOINTS] = error(403, "PERMISSION_DENIED", "not yours")
    with pytest.raises(WorkspaceError, match="the workspace forbids it: not yours"):
        list_endpoints()


def test_no_workspace_is_an_error(fake: FakeWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABRICKS_HOST", "DATABRICKS_TOKEN"):
        monkeypatch.delenv(name)
    with pytest.raises(WorkspaceError, match="which Databricks workspace"):
        list_endpoints()


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "databricks.sdk", None)
    with pytest.raises(WorkspaceError, match=r"configsync\[databricks\]"):
        list_endpoints()
