"""Serving endpoints, asked for by Databricks' own library from a server on this machine."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from configsync.services.endpoints import list_endpoints
from configsync.services.errors import WorkspaceError


class Workspace(ThreadingHTTPServer):
    """Answers as a workspace does whose serving endpoints are asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: tuple[int, Any] = (200, {})
        self.delay = 0.0

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Workspace

    def do_GET(self) -> None:
        status, content = self.server.answer
        if self.path != "/api/2.0/serving-endpoints":
            status, content = 404, {}
        else:
            time.sleep(self.server.delay)
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Workspace]:
    """A workspace that the environment names, and nothing else does."""
    server = Workspace()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("DATABRICKS_HOST", server.host)
    monkeypatch.setenv("DATABRICKS_TOKEN", "token")
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "none"))
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_databricks_own_come_first(workspace: Workspace) -> None:
    names = ("zeta", "databricks-b", "alpha", "databricks-a", "my-databricks-c")
    workspace.answer = (200, {"endpoints": [{"name": name} for name in names]})
    expected = ["databricks-a", "databricks-b", "alpha", "my-databricks-c", "zeta"]
    assert list_endpoints() == expected
    from databricks.sdk import WorkspaceClient

    assert list_endpoints(WorkspaceClient(host=workspace.host, token="other")) == expected


def test_a_workspace_may_have_none(workspace: Workspace) -> None:
    assert list_endpoints() == []


@pytest.mark.parametrize("how", ["refused", "silent", "unavailable"])
def test_what_cant_be_reached_has_none(
    workspace: Workspace,
    how: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if how == "refused":
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        monkeypatch.setenv("DATABRICKS_HOST", f"http://127.0.0.1:{port}")
    elif how == "silent":
        monkeypatch.setattr("configsync.services.endpoints.REQUEST_TIMEOUT", 0.2)
        workspace.delay = 1
    else:
        workspace.answer = (503, {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "later"})
    began = time.monotonic()
    assert list_endpoints() == []
    assert time.monotonic() - began < 30
    assert "the Databricks workspace can't be reached" in caplog.text


def test_who_may_not_ask_is_told(workspace: Workspace) -> None:
    workspace.answer = (403, {"error_code": "PERMISSION_DENIED", "message": "not yours"})
    with pytest.raises(WorkspaceError, match="refused: not yours"):
        list_endpoints()


def test_no_workspace_is_an_error(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABRICKS_HOST", "DATABRICKS_TOKEN"):
        monkeypatch.delenv(name)
    with pytest.raises(WorkspaceError, match="which Databricks workspace"):
        list_endpoints()


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.partition(".")[0] == "databricks"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "databricks", None)
    with pytest.raises(WorkspaceError, match=r"configsync\[databricks\]"):
        list_endpoints()
