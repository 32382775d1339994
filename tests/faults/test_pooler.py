"""Through PgBouncer in transaction mode: each transaction may have another server connection."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import parse_dsn

from configsync.store.postgresql import PostgresqlTransaction
from configsync.store.readers import forget, report
from tests.conftest import Workspace
from tests.faults import model
from tests.faults.launcher import Launcher
from tests.faults.trials import APPLY

PROCESSES = 8
CONNECTIONS = 3


@pytest.fixture
def pooled_url(pg_url: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a database behind PgBouncer, which refuses parameters that it doesn't know."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        missing = "pgbouncer is not installed, so nothing shows that configsync works through it"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    about = parse_dsn(pg_url)
    server = " ".join(f"{k}={v}" for k, v in about.items() if k in ("host", "port", "user"))
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    config = tmp_path / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n{about['dbname']} = {server}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\npool_mode = transaction\ndefault_pool_size = {CONNECTIONS}\n"
    )
    # It refuses to run as root; as the server's user it may reach the server's socket.
    folder = Path(about.get("host", "/tmp"))
    user = ["-u", folder.owner() if folder.is_dir() else "nobody"] if os.geteuid() == 0 else []
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen([program, *user, str(config)], stdout=out, stderr=out)
    try:
        url = f"postgresql://anyone@127.0.0.1:{port}/{about['dbname']}"
        _await(url, process, log)
        yield url
    finally:
        process.terminate()
        process.wait()


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    while True:
        try:
            psycopg2.connect(url, connect_timeout=10).close()
        except psycopg2.OperationalError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        else:
            return


def test_readers_report_through_a_pooler(project: Workspace, pooled_url: str) -> None:
    project.url = pooled_url
    model.write(project.root, {"p": {"spaces": ["s1"]}})
    # More applications than the pooler has connections, each with one of its own.
    applications = [psycopg2.connect(pooled_url) for _ in range(PROCESSES)]
    for number, application in enumerate(applications):
        application.autocommit = True
        report(PostgresqlTransaction(application), str(number), "app", "host", number, 1, False, 60)
    waited = project.ok(*APPLY, "--wait", "30")
    assert f"All {PROCESSES} live readers hold revision 1" in waited.err
    for number, application in enumerate(applications):
        forget(PostgresqlTransaction(application), str(number))
        application.close()
    assert project.ok("status", "-o", "json").json["readers"] == []


def test_every_command_through_a_pooler(
    project: Workspace, pooled_url: str, launcher: Launcher, tmp_path: Path
) -> None:
    project.url = pooled_url
    state = {f"p{n}": {"spaces": ["s1"]} for n in range(PROCESSES)}
    wanted = model.write(project.root, state)
    project.ok("validate")
    project.ok("plan")
    project.ok(*APPLY)
    assert model.check(project.database) == (1, wanted)
    assert project.run("plan", "--detailed-exitcode").code == 0
    assert len(project.ok("history", "-o", "json").json["entries"]) == len(wanted)
    project.ok("db", "status")

    # More at once than the pooler has connections; each must find its own change in the end.
    children = []
    for number in range(PROCESSES):
        folder = tmp_path / f"w{number}"
        (folder / "profiles").mkdir(parents=True)
        (folder / "configsync.toml").write_text('source = "project"\n')
        arguments = (pooled_url, str(folder), f"w{number}", str(number))
        children.append(launcher.start(folder, *arguments, script="tests.faults.worker:apply"))
    codes = [child.wait().code for child in children]
    assert set(codes) <= {0, 3}
    assert 0 in codes
    revision, _ = model.check(project.database)
    assert revision >= 2
    # What one transaction set is not there for the next, whoever has that connection.
    for _ in range(CONNECTIONS):
        shown = project.sql(
            "SELECT current_setting('configsync.applying', true), current_setting('lock_timeout'), "
            "current_setting('idle_in_transaction_session_timeout')"
        )
        assert shown[0][0] in (None, "")
        assert shown[0][1:] == ("0", "0")
