"""A workspace on loopback that speaks the HTTP paths which Databricks documents, and fails."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

ENDPOINTS = "/api/2.0/serving-endpoints"
SPACES = "/api/2.0/genie/spaces"
EXPERIMENT = "/api/2.0/mlflow/experiments/get-by-name"
FOLDER = "/api/2.0/workspace/get-status"
ME = "/api/2.0/preview/scim/v2/Me"
INSTANCE = "/api/2.0/database/instances"
INSTANCE_TOKEN = "/api/2.0/database/credentials"
PROJECT = "/api/2.0/postgres/projects"
PROJECT_TOKEN = "/api/2.0/postgres/credentials"


@dataclass
class Reply:
    """What is answered: a status, content, headers; ``hang`` says nothing, ``drip`` bytes."""

    status: int = 200
    content: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    drip: bool = False


def error(status: int, code: str, message: str, **headers: str) -> Reply:
    """An error in the form of Databricks' APIs."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"error_code": code, "message": message}, named)


def missing(what: str) -> Reply:
    return error(404, "RESOURCE_DOES_NOT_EXIST", f"{what} does not exist.")


class FakeWorkspace(ThreadingHTTPServer):
    """Has endpoints, Genie spaces, experiments, folders and Lakebase.

    ``faults`` are answers by the beginnings of paths, instead of what it would
    answer: one, or several of which each is given once, and then no more.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.host = f"http://127.0.0.1:{self.server_port}"
        self.endpoints: list[Any] = []
        self.hidden: set[str] = set()
        """Endpoints and spaces that are there, and not for everybody to list."""
        self.spaces: dict[str, str] = {}
        self.page = 100
        self.experiments: dict[str, str] = {}
        """Their lifecycle stages by their paths."""
        self.folders: dict[str, str] = {}
        """Types of objects by their paths."""
        self.user = "ann@example.com"
        self.database_host: str | None = "localhost"
        self.mint: Callable[[], str] = lambda: "token"
        self.lifetime: float | None = 3600
        self.minted: list[str] = []
        self.faults: dict[str, Reply | list[Reply]] = {}
        self.requests: Counter[str] = Counter()
        self.closing = Event()

    def answer(self, path: str, query: dict[str, str], body: Any) -> Reply:
        self.requests[path] += 1
        for prefix, fault in self.faults.items():
            if path.startswith(prefix):
                if isinstance(fault, Reply):
                    return fault
                if fault:
                    return fault.pop(0)
        if path == ENDPOINTS:
            return Reply(content={"endpoints": [{"name": n} for n in self.endpoints]})
        if path == SPACES:
            return self._listed(int(query.get("page_token", "0")))
        for prefix, there in ((ENDPOINTS, self.endpoints), (SPACES, self.spaces)):
            if path.startswith(f"{prefix}/"):
                name = path.removeprefix(f"{prefix}/")
                found = name in there or name in self.hidden
                return Reply(content={"name": name}) if found else missing(name)
        if path == EXPERIMENT:
            return self._experiment(query["experiment_name"])
        if path == FOLDER:
            if query["path"] not in self.folders:
                return missing(f"Path ({query['path']})")
            return Reply(content={"object_type": self.folders[query["path"]]})
        if path == ME:
            return Reply(content={"userName": self.user})
        return self._lakebase(path, body)

    def _listed(self, start: int) -> Reply:
        ids = list(self.spaces)[start : start + self.page]
        content: dict[str, Any] = {
            "spaces": [{"space_id": i, "title": self.spaces[i]} for i in ids]
        }
        if start + self.page < len(self.spaces):
            content["next_page_token"] = str(start + self.page)
        return Reply(content=content)

    def _experiment(self, name: str) -> Reply:
        if name not in self.experiments:
            return missing(f"Could not find experiment with name {name}:")
        stage = self.experiments[name]
        return Reply(content={"experiment": {"name": name, "lifecycle_stage": stage}})

    def _lakebase(self, path: str, body: Any) -> Reply:
        if path.startswith(f"{INSTANCE}/"):
            return Reply(content={"name": "main", "read_write_dns": self.database_host})
        if path.startswith(f"{PROJECT}/"):
            return Reply(content={"status": {"hosts": {"host": self.database_host}}})
        if path in (INSTANCE_TOKEN, PROJECT_TOKEN):
            self.minted.append(body["endpoint" if path == PROJECT_TOKEN else "instance_names"])
            content: dict[str, Any] = {"token": self.mint()}
            if self.lifetime is not None:
                end = datetime.now(UTC) + timedelta(seconds=self.lifetime)
                named = "expire_time" if path == PROJECT_TOKEN else "expiration_time"
                content[named] = end.isoformat().replace("+00:00", "Z")
            return Reply(content=content)
        return error(404, "ENDPOINT_NOT_FOUND", f"No API found for '{path}'.")


class _Handler(BaseHTTPRequestHandler):
    server: FakeWorkspace

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        self._send(self.server.answer(unquote(asked.path), query, body))

    do_POST = do_GET  # noqa: N815

    def _send(self, reply: Reply) -> None:
        if reply.hang:
            self.server.closing.wait(30)
            return
        raw = reply.content if isinstance(reply.content, bytes) else None
        body = raw if raw is not None else json.dumps(reply.content).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(1000 if reply.drip else len(body)))
        self.end_headers()
        while reply.drip and not self.server.closing.is_set():
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.02)
        self.wfile.write(body)

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True  # Who asked has given up.

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@contextmanager
def running(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWorkspace]:
    """A workspace that the environment names, and nothing else does."""
    server = FakeWorkspace()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("DATABRICKS_HOST", server.host)
    monkeypatch.setenv("DATABRICKS_TOKEN", "secret")
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(folder / "none"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
