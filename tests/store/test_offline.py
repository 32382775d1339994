"""Offline: an export stands for the database, for those who may not reach it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

import pytest

from tests.conftest import Workspace
from tests.profiles import PROMPT, profile

FILE = "state.json"
AWAY = "postgresql://127.0.0.1:1/away"

WATCHED = """
import sys

def watch(event, arguments):
    if event.startswith(("socket.connect", "socket.getaddrinfo", "sqlite3.connect")):
        raise SystemExit(f"{event} {arguments}")

sys.addaudithook(watch)
from configsync.cli.main import run
code = run(sys.argv[1:])
# psycopg2 connects where no audit event tells of it.
print("psycopg2" in sys.modules, file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture
def applied(workspace: Workspace) -> Workspace:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.write("profiles/verify.yaml", json.dumps(PROMPT))
    workspace.ok("apply", "--auto-approve")
    workspace.sql("UPDATE config_ai_infra SET llm_temperature = 0.1")
    return workspace


def test_an_offline_plan_opens_no_connection(applied: Workspace) -> None:
    applied.ok("export", "--state", "--out", FILE)
    online = applied.ok("plan", "-o", "json").json
    (applied.root / "configsync.db").unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, "plan", "--no-cache", "--against", FILE, "-o", "json"],
        cwd=applied.root,
        env={**os.environ, "CONFIGSYNC_DATABASE": AWAY},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "False\n")
    assert json.loads(done.stdout)["plan_id"] == online["plan_id"]
    assert not (applied.root / "configsync.db").exists()


def test_an_export_is_the_same_for_the_same_database(applied: Workspace) -> None:
    applied.ok("export", "--state", "--out", FILE)
    first = (applied.root / FILE).read_bytes()
    assert stat.S_IMODE((applied.root / FILE).stat().st_mode) == 0o600
    done = subprocess.run(
        [sys.executable, "-m", "configsync", "export", "--state"],
        cwd=applied.root,
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
        capture_output=True,
    )
    assert (done.stdout, done.stderr) == (first, b"")


def test_an_export_that_cannot_be_written_leaves_the_old_one(applied: Workspace) -> None:
    applied.write(FILE, "old")
    assert applied.run("export", "--state", "--out", FILE).code == 1
    assert (applied.root / FILE).read_text() == "old"
    refused = applied.run("export", "--state", "--out", "nowhere/state.json")
    assert (refused.code, "can't be written" in refused.err) == (1, True)
    applied.ok("export", "--state", "--out", FILE, "--force")
    applied.ok("plan", "--against", FILE)
    assert [p.name for p in applied.root.iterdir() if p.name.endswith(".new")] == []


def test_an_empty_database_has_an_export(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("db", "upgrade")
    workspace.ok("export", "--state", "--out", FILE)
    planned = workspace.ok("plan", "--against", FILE).out
    assert "at revision 0; what was changed there since is not in it.\nPlan: 5 to create" in planned


def test_policies_hold_offline(applied: Workspace) -> None:
    (applied.root / "profiles/a.yaml").unlink()
    applied.write("profiles/b.yaml", profile("b", default=False))
    applied.ok("export", "--state", "--out", FILE)
    online = applied.run("plan", "-o", "json")
    offline = applied.run("plan", "-o", "json", "--against", FILE)
    assert (offline.code, online.code) == (4, 4)
    codes = [d["code"] for d in offline.json["diagnostics"]]
    assert "CS401" in codes
    assert codes == [d["code"] for d in online.json["diagnostics"]]


def test_an_export_knows_which_commit_was_applied(applied: Workspace) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=alice", "-c", "user.email=alice@example.com"]
        subprocess.run(["git", *identity, *arguments], cwd=applied.root, check=True)

    git("init", "-q")
    git("add", "profiles")
    git("commit", "-qm", "first")
    git("commit", "-qm", "second", "--allow-empty")
    applied.ok("apply", "--auto-approve")
    applied.ok("export", "--state", "--out", FILE)
    git("checkout", "-q", "HEAD^")
    applied.write("profiles/a.yaml", profile("a", default=True, metadata__description="older"))
    online = applied.ok("plan", "-o", "json").json["diagnostics"]
    assert [d["code"] for d in online] == ["CS412"]
    assert applied.ok("plan", "-o", "json", "--against", FILE).json["diagnostics"] == online


def test_an_offline_plan_is_no_approval(applied: Workspace) -> None:
    applied.ok("export", "--state", "--out", FILE)
    assert applied.run("plan", "--against", FILE, "--out", "the.plan").code == 1
    assert not (applied.root / "the.plan").exists()
    applied.write("the.plan", applied.ok("plan", "--against", FILE, "-o", "json").out)
    refused = applied.run("apply", "the.plan")
    assert refused.code == 1
    assert "the plan was made against an export" in refused.err
