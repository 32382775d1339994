"""Drift told to others: a webhook on a real server, metrics in a file, and what fails there."""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import takewhile
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from configsync.usecases import tell
from tests.conftest import Result, Workspace
from tests.profiles import profile

SECRET = "T0/B0/c0ffee"
CHANGE = "UPDATE config_ai_infra SET llm_temperature = 0.9"
VERDICT = "Drift: 1 changed in the database, 0 unmanaged, 0 pending."


@pytest.fixture
def applied(workspace: Workspace) -> Workspace:
    """A project whose one profile is applied."""
    workspace.write("profiles/production.yaml", profile(default=True))
    workspace.ok("apply", "--auto-approve", "--actor", "alice")
    return workspace


@pytest.fixture
def drifted(project: Workspace) -> Workspace:
    """The same on SQLite, with a change past git."""
    project.write("profiles/production.yaml", profile(default=True))
    project.ok("apply", "--auto-approve")
    project.sql(CHANGE)
    return project


class Server(ThreadingHTTPServer):
    """Keeps to itself what fails: a client that doesn't trust it hangs up."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@contextmanager
def chat(
    status: int = 200, certificate: Path | None = None, **headers: str
) -> Iterator[tuple[str, list[Any]]]:
    """A server that answers with a status; its URL, and the requests that it got.

    With a certificate, whose file has its key too, it speaks https.
    """
    got: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, self.headers["Content-Type"], json.loads(body)))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            got.append(self.path)

        def log_message(self, format: str, *args: Any) -> None:
            """Not on the terminal."""

    server = Server(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # The handshake is the handler's, and not the loop's that accepts.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        scheme = "http" if certificate is None else "https"
        yield f"{scheme}://127.0.0.1:{server.server_port}/{SECRET}", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """The URL of a server that does with a connection as it likes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                answer(connection)

    thread = Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/{SECRET}"
    finally:
        thread.join()
        listener.close()


def read_request(connection: socket.socket) -> None:
    """Read all of it: to close a connection with something unread is to reset it."""
    with connection.makefile("rb") as file:
        head = list(takewhile(lambda line: line != b"\r\n", file))
        (length,) = (line for line in head if line.lower().startswith(b"content-length:"))
        file.read(int(length.split(b":")[1]))


def tell_drift(project: Workspace, url: str) -> Result:
    """Report with a webhook; whatever becomes of it, the report and the exit code are as ever."""
    result = project.run("drift", "--detailed-exitcode", "--webhook", url)
    assert result.code == 2
    assert VERDICT in result.out
    assert SECRET not in result.err
    return result


def warning(project: Workspace, url: str) -> str:
    """What is said on stderr when the webhook fails: one line."""
    (line,) = tell_drift(project, url).err.splitlines()
    return line.removeprefix("Warning: The webhook at 127.0.0.1 ")


def test_drift_is_posted(applied: Workspace) -> None:
    with chat() as (url, got):
        applied.ok("drift", "--webhook", url)
        assert got == []
        applied.sql(CHANGE)
        assert tell_drift(applied, url).err == ""
    ((path, type_, message),) = got
    assert (path, type_) == (f"/{SECRET}", "application/json")
    assert message["text"].startswith(f"*configsync*: {VERDICT}")
    said = "\n".join(block["text"]["text"] for block in message["blocks"])
    assert "• `profile/production/ai_infra` changed, by " in said
    assert said.endswith(": `llm_temperature`")


def test_the_url_may_stand_in_the_environment(
    drifted: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with chat() as (url, got):
        monkeypatch.setenv("DRIFT_HOOK", f"{url}\n")
        assert drifted.ok("drift", "--webhook-env", "DRIFT_HOOK").err == ""
    assert len(got) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 410, 429, 500, 503])
def test_a_status_that_is_no_success_is_warned_of(drifted: Workspace, status: int) -> None:
    with chat(status) as (url, _):
        assert warning(drifted, url) == f"answered with status {status}."


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirection_is_followed(drifted: Workspace, status: int) -> None:
    with chat() as (elsewhere, got), chat(status, Location=elsewhere) as (url, _):
        assert f"status {status}, a redirection, which isn't followed" in warning(drifted, url)
    assert got == []


JUNK: dict[str, bytes] = {
    "nothing": b"",
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "noise": bytes(range(256)) * 10,
    "no status": b"HTTP/1.1 \r\n\r\n",
    "a status that is none": b"HTTP/1.1 0x2 OK\r\n\r\n",
    "an endless line": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000,
    "a reason to be obeyed": b"HTTP/1.1 500 \x1b[2J::error::owned\r\nContent-Length: 0\r\n\r\n",
    "a broken place": b"HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n",
}


@pytest.mark.parametrize("answer", JUNK.values(), ids=JUNK)
def test_an_answer_that_is_junk_is_warned_of(drifted: Workspace, answer: bytes) -> None:
    def send(connection: socket.socket) -> None:
        read_request(connection)
        with suppress(OSError):
            connection.sendall(answer)

    with answering(send) as url:
        said = warning(drifted, url)
    assert re.fullmatch(r"answered with (what isn't HTTP|status 500|status 302, .+)\.", said)


def _silent(connection: socket.socket) -> None:
    read_request(connection)
    connection.recv(1)


def _dripping(connection: socket.socket) -> None:
    read_request(connection)
    with suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(60):
            connection.sendall(b"X")
            time.sleep(0.05)


@pytest.mark.parametrize("answer", [_silent, _dripping])
def test_a_server_that_keeps_us_waiting_is_given_up(
    drifted: Workspace, monkeypatch: pytest.MonkeyPatch, answer: Callable[[socket.socket], None]
) -> None:
    monkeypatch.setattr(tell, "SECONDS", 0.5)
    with answering(answer) as url:
        began = time.monotonic()
        assert warning(drifted, url) == "hasn't answered within 0.5 seconds."
        assert time.monotonic() - began < 2.5


def test_nobody_there_is_warned_of(drifted: Workspace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/{SECRET}"
    assert warning(drifted, url) == "can't be reached: Connection refused."


def test_https_is_spoken_with_whom_is_trusted(
    drifted: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=chat"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(certificate)]
    made = subprocess.run(command, check=True, capture_output=True)
    certificate.write_bytes(certificate.read_bytes() + made.stdout)
    with chat(certificate=certificate) as (url, got):
        assert warning(drifted, url).startswith("has no certificate to trust: self")
        assert got == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert tell_drift(drifted, url).err == ""
    assert len(got) == 1


def test_https_is_no_http(drifted: Workspace) -> None:
    with answering(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")) as url:
        said = warning(drifted, url.replace("http:", "https:"))
    assert said.startswith("can't be reached: ")


@pytest.mark.parametrize(
    "url",
    [
        "",
        SECRET,
        f"ftp://127.0.0.1/{SECRET}",
        "file:///etc/passwd",
        f"http:///{SECRET}",
        f"https://[::1/{SECRET}",
        f"https://127.0.0.1:x/{SECRET}",
        f"https://127.0.0.1/{SECRET} x",
        f"https://127.0.0.1/{SECRET}\r\nHost: x",
        f"https://127.0.0.1/{SECRET}é",
        f"https://{SECRET.replace('/', '')}@127.0.0.1/",
        f"http://example.org/{SECRET}",
        f"http://10.0.0.1/{SECRET}",
        f"http://localhost.example.org/{SECRET}",
    ],
)
def test_a_url_that_is_no_webhook_is_warned_of_even_on_a_clean_day(
    project: Workspace, url: str
) -> None:
    project.write("profiles/production.yaml", profile(default=True))
    project.ok("apply", "--auto-approve")
    result = project.ok("drift", "--webhook", url)
    assert result.err.startswith("Warning: The webhook")
    assert SECRET not in result.err
    assert SECRET.replace("/", "") not in result.err


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_this_machine_may_be_told_by_http(host: str) -> None:
    assert tell.parse_webhook(f"http://{host}:8080/x").port == 8080


def test_a_variable_without_a_url_is_warned_of(drifted: Workspace) -> None:
    result = drifted.ok("drift", "--webhook-env", "DRIFT_HOOK")
    assert result.err == "Warning: The webhook's URL is empty. Write https://HOST/PATH.\n"


def test_one_webhook_is_told(drifted: Workspace) -> None:
    result = drifted.run("drift", "--webhook", "https://example.org", "--webhook-env", "X")
    assert result.code == 1
    assert "give one of them" in result.err


def metrics(file: Path) -> dict[str, float]:
    """The metrics of a file, as Prometheus' own parser has them; all of one database."""
    families = text_string_to_metric_families(file.read_text(encoding="utf-8"))
    samples = [sample for family in families for sample in family.samples]
    assert len({tuple(sorted(s.labels.items())) for s in samples}) == 1
    return {s.name.removeprefix("configsync_"): s.value for s in samples}


def test_metrics_are_written(applied: Workspace) -> None:
    began = time.time()
    file = applied.root / "configsync.prom"
    applied.ok("drift", "--textfile", "configsync.prom")
    found = metrics(file)
    assert 0 <= found.pop("drift_check_timestamp_seconds") - began < 600
    assert -2 < began - found.pop("last_apply_timestamp_seconds") < 600
    assert found == {
        "drift_resources": 0,
        "unmanaged_resources": 0,
        "pending_changes": 0,
        "database_revision": 1,
        "last_apply_revision": 1,
    }
    applied.sql(CHANGE)
    changed = profile(default=True, spec__mlflow__experiment_name="/Shared/other")
    applied.write("profiles/production.yaml", changed)
    applied.ok("drift", "--textfile", "configsync.prom")
    found = metrics(file)
    assert (found["drift_resources"], found["pending_changes"]) == (1, 1)
    assert (found["database_revision"], found["last_apply_revision"]) == (2, 1)
    assert list(applied.root.glob(".*.new")) == []


def test_what_is_pending_is_not_claimed_where_git_cannot_be_asked(drifted: Workspace) -> None:
    drifted.write("profiles/production.yaml", profile(spec__ai_infra=None))
    drifted.ok("drift", "--textfile", "configsync.prom")
    found = metrics(drifted.root / "configsync.prom")
    assert "pending_changes" not in found
    assert found["drift_resources"] == 1


def test_before_the_first_apply_there_is_no_last_one(project: Workspace) -> None:
    project.write("profiles/production.yaml", profile(default=True))
    project.ok("db", "upgrade")
    project.ok("drift", "--textfile", "configsync.prom")
    assert not [name for name in metrics(project.root / "configsync.prom") if "apply" in name]


def test_the_last_apply_is_that_of_the_source(applied: Workspace) -> None:
    other = "configsync.toml"
    applied.write(other, 'source = "other"\n')
    applied.write("profiles/production.yaml", profile("second"))
    applied.ok("apply", "--auto-approve")
    (applied.root / other).unlink()
    applied.write("profiles/production.yaml", profile(default=True))
    applied.ok("drift", "--textfile", "configsync.prom")
    found = metrics(applied.root / "configsync.prom")
    assert (found["database_revision"], found["last_apply_revision"]) == (2, 1)


def test_a_file_that_cannot_be_written_is_warned_of(drifted: Workspace) -> None:
    (drifted.root / "folder").mkdir()
    os.mkfifo(drifted.root / "pipe")
    for name in ("folder", "pipe", "gone/configsync.prom", "configsync.db/x"):
        result = drifted.run("drift", "--detailed-exitcode", "--textfile", name)
        assert result.code == 2
        assert VERDICT in result.out
        assert result.err.startswith(f"Warning: {name} can't be written: ")
    assert list(drifted.root.glob(".*.new")) == []
