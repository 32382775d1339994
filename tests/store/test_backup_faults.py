"""Killed at any instant, a backup leaves no file under its name, a restore an empty database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.conftest import Workspace
from tests.profiles import profile

FILE = "all.jsonl"

KILLED = """
import importlib, os, signal, sys
from configsync.cli.main import run

module, name, after = sys.argv[1:4]
module = importlib.import_module(module)
real, calls = getattr(module, name), []

def die(*arguments, **options):
    calls.append(None)
    if len(calls) > int(after):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **options)

setattr(module, name, die)
run(sys.argv[4:])
"""


def killed(workspace: Workspace, place: str, after: int, *arguments: str) -> None:
    """Run a command that is killed when it calls a function for the ``after`` + 1st time."""
    environment = dict(os.environ)
    if workspace.url is not None:
        environment["CONFIGSYNC_DATABASE"] = workspace.url
    module, _, name = place.rpartition(".")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, module, name, str(after), *arguments],
        cwd=workspace.root,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == -signal.SIGKILL, done


@pytest.fixture
def applied(workspace: Workspace) -> Workspace:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.write("profiles/b.yaml", profile("b"))
    workspace.ok("apply", "--auto-approve")
    return workspace


@pytest.mark.parametrize("older", [None, b"an older backup\n"])
@pytest.mark.parametrize(
    ("place", "after"),
    [
        ("configsync.store.backup.canonical_json", 20),
        ("configsync.store.backup_file._trailer", 0),
        ("os.fsync", 0),
        ("os.replace", 0),
    ],
)
def test_a_killed_backup_leaves_what_was_there(
    project: Workspace, place: str, after: int, older: bytes | None
) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    project.ok("apply", "--auto-approve")
    if older is not None:
        project.write(FILE, older)
    killed(project, place, after, "backup", FILE, "--force")
    file = project.root / FILE
    assert (file.read_bytes() if file.exists() else None) == older
    project.ok("backup", FILE, "--force")
    project.ok("restore", FILE, "--database", "sqlite:///restored.db")


@pytest.mark.parametrize(
    ("place", "after"),
    [
        ("configsync.store.backup.insert_rows", 1),
        ("configsync.store.backup.insert_rows", 4),
        ("configsync.store.backup.read_rows", 5),
        ("configsync.store.backup.continue_ids", 0),
    ],
)
def test_a_killed_restore_leaves_an_empty_database(
    applied: Workspace, other_pg_url: str, place: str, after: int
) -> None:
    applied.ok("backup", FILE)
    target = "sqlite:///restored.db" if applied.url is None else other_pg_url
    to = ["--database", target]
    killed(applied, place, after, "restore", FILE, *to)
    status = applied.ok("db", "status", "-o", "json", *to).json["database"][0]
    assert status["revision"] == 0
    applied.ok("restore", FILE, *to)
    applied.ok("plan", "--detailed-exitcode", *to)


def test_a_restore_waits_for_the_lock(applied: Workspace, other_pg_url: str) -> None:
    applied.ok("backup", FILE)
    target = "sqlite:///restored.db" if applied.url is None else other_pg_url
    applied.ok("db", "upgrade", "--database", target)
    applied.url = target
    with applied.database.writing(1):
        locked = applied.run("restore", FILE, "--lock-timeout", "0.1")
    assert locked.code == 5
    applied.ok("restore", FILE)


def test_a_full_disk_is_said_and_leaves_nothing(applied: Workspace) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    limit = f"ulimit -f 1; exec {sys.executable} -m configsync backup {FILE}"
    environment = dict(os.environ)
    if applied.url is not None:
        environment["CONFIGSYNC_DATABASE"] = applied.url
    done = subprocess.run(
        ["bash", "-c", f"trap '' XFSZ; {limit}"],
        cwd=applied.root,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done
    assert "can't be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert (
        sorted(p.name for p in applied.root.iterdir() if "backup" in p.name or p.name == FILE) == []
    )
