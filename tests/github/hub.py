"""What GitHub keeps: a bare repository, and its API on loopback, spoken to by the real ``gh``.

The paths are those of https://docs.github.com/rest: comments, issues and artifacts. A token may
do what the permissions of its job say, and nothing else.
"""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "team/slides"
REPOSITORY_ID = 7
BOT = "github-actions[bot]"
MAX_BODY = 65_536
PAGE = 2
"""Entries that a page holds here, so that there are several."""


@dataclass
class Hub:
    """A repository at GitHub; ``permissions`` are those of each token.

    It fails the next ``unlisted`` times that comments or issues are to be listed, as happens.
    """

    bare: Path
    address: str = ""
    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    permissions: dict[str, dict[str, str]] = field(default_factory=dict)
    unlisted: int = 0

    def comment(self, number: int, login: str, body: str) -> dict[str, Any]:
        """Write a comment on an issue or a pull request."""
        made = {"id": len(self.comments) + 1, "issue": number, "user": {"login": login}}
        self.comments.append({**made, "body": body})
        return self.comments[-1]

    def keep(self, name: str, folder: Path, branch: str, repository: int) -> None:
        """Keep a folder as an artifact of a run."""
        run = {"head_branch": branch, "head_repository_id": repository}
        made = {"id": len(self.artifacts) + 1, "name": name, "expired": False, "workflow_run": run}
        files = {f.name: f.read_bytes() for f in folder.iterdir()}
        self.artifacts.insert(0, {**made, "files": files})

    def answer(self, method: str, url: str, token: str, body: Any) -> tuple[int, Any]:
        """The answer to a request: its status, and bytes or what JSON can hold."""
        path, query = urlsplit(url).path, parse_qs(urlsplit(url).query)
        path = path.removeprefix(f"/repos/{REPOSITORY}")
        may = self.permissions.get(token, {})

        def allowed(*names: str) -> bool:
            wanted = ("write",) if method != "GET" else ("read", "write")
            return any(may.get(name) in wanted for name in names)

        if isinstance(body, dict) and len(body.get("body", "")) > MAX_BODY:
            return 422, {"message": "body is too long (maximum is 65536 characters)"}
        if found := re.fullmatch(r"/issues/(\d+)/comments|/issues/comments/(\d+)", path):
            if not allowed("pull-requests"):
                return 403, {"message": "Resource not accessible by integration"}
            if method == "GET":
                return 200, [c for c in self.comments if c["issue"] == int(found[1])]
            if method == "POST":
                return 201, self.comment(int(found[1]), BOT, body["body"])
            self.comments[int(found[2]) - 1].update(body)
            return 200, self.comments[int(found[2]) - 1]
        if found := re.fullmatch(r"/issues(?:/(\d+))?", path):
            if not allowed("issues"):
                return 403, {"message": "Resource not accessible by integration"}
            if method == "GET":
                return 200, [i for i in self.issues.values() if _matches(i, query)]
            if method == "POST":
                number = len(self.issues) + 1
                self.issues[number] = {"number": number, "state": "open", "user": {"login": BOT}}
            else:
                number = int(found[1])
            self.issues[number].update(body)
            return 200, self.issues[number]
        if found := re.fullmatch(r"/actions/artifacts(?:/(\d+)/zip)?", path):
            if not allowed("actions"):
                return 403, {"message": "Resource not accessible by integration"}
            if found[1]:
                (kept,) = (a for a in self.artifacts if a["id"] == int(found[1]))
                return 200, _zipped(kept["files"])
            named = [a for a in self.artifacts if a["name"] == query["name"][0]]
            return 200, {"artifacts": [{k: v for k, v in a.items() if k != "files"} for a in named]}
        return 404, {"message": "Not Found"}


def _matches(issue: dict[str, Any], query: dict[str, list[str]]) -> bool:
    return issue["state"] == query["state"][0] and query["labels"][0] in issue["labels"]


def _zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve the API as the proxy at ``hub.address``: so gh speaks HTTP to a host of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        asked = False

        def do_GET(self) -> None:
            self.asked = True
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            token = self.headers.get("Authorization", "").removeprefix("token ")
            status, answer = hub.answer(self.command, self.path, token, body)
            if hub.unlisted and isinstance(answer, list):
                hub.unlisted -= 1
                status, answer = 502, {"message": "Server Error"}
            headers = {}
            if isinstance(answer, list):
                page = int(parse_qs(urlsplit(self.path).query).get("page", ["1"])[0])
                if len(answer) > page * PAGE:
                    following = re.sub(r"&page=\d+", "", self.path) + f"&page={page + 1}"
                    headers["Link"] = f'<{following}>; rel="next"'
                answer = answer[(page - 1) * PAGE : page * PAGE]
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            kind = "application/zip" if isinstance(answer, bytes) else "application/json"
            for name, value in {"Content-Type": kind, **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_PATCH = do_GET  # noqa: N815 (the names are the library's)

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Print what goes wrong here alone, which a failed test then shows."""

        def handle(self) -> None:
            super().handle()
            if not self.asked:
                self.log_error("a connection without a request")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    hub.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
