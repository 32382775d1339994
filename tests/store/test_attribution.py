"""Who and what stands behind a change: actor, commit, and how readers learn of it."""

from __future__ import annotations

import select
import subprocess
from decimal import Decimal
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from configsync.services import ProfileService
from configsync.store.models import ConfigProfile, ConfigRevision
from configsync.store.postgresql import CHANNEL
from configsync.store.url import parse_url
from tests.conftest import Workspace
from tests.profiles import profile


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def newest(workspace: Workspace) -> dict[str, object]:
    entries = workspace.ok("history", "--limit", "1", "-o", "json").json["entries"]
    found: dict[str, object] = entries[0]
    return found


def test_the_commit_and_whether_it_has_all_changes_are_recorded(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    git(workspace.root, "init", "-q")
    git(workspace.root, "add", "profiles")
    git(workspace.root, "commit", "-qm", "first")
    commit = git(workspace.root, "rev-parse", "HEAD")
    planned = workspace.ok("plan", "-o", "json").json
    assert planned["source"] == {"id": "project", "commit": commit, "dirty": False}
    workspace.ok("apply", "--auto-approve")
    assert newest(workspace)["commit"] == commit
    workspace.write("profiles/b.yaml", profile("b"))
    assert workspace.ok("plan", "-o", "json").json["source"]["dirty"] is True
    workspace.ok("apply", "--auto-approve")
    recorded = workspace.sql("SELECT commit_id, dirty, author FROM config_revisions ORDER BY 1, 2")
    assert [(c, bool(d), a) for c, d, a in recorded] == [
        (commit, False, "Ada <ada@example.com>"),
        (commit, True, "Ada <ada@example.com>"),
    ]
    assert newest(workspace)["dirty"] is True
    shown = f"commit {commit[:12]} with changes that it doesn't have"
    assert workspace.ok("history").out.count(shown) == 1
    assert shown in workspace.ok("status").out
    assert shown in workspace.ok("blame", "profile/b").out
    assert shown not in workspace.ok("blame", "profile/a").out


@pytest.mark.parametrize(
    ("flag", "environment", "configured", "expected", "source"),
    [
        (["--actor", "alice"], {"GITHUB_ACTOR": "bob"}, "Carol", "alice", "flag"),
        ([], {"GITHUB_ACTOR": "bob"}, "Carol", "bob", "github"),
        # Bob's run, which Bea had repeated.
        ([], {"GITHUB_ACTOR": "bob", "GITHUB_TRIGGERING_ACTOR": "bea"}, "Carol", "bea", "github"),
        ([], {"GITLAB_USER_LOGIN": "bert"}, "Carol", "bert", "gitlab"),
        ([], {"CHANGE_AUTHOR": "ben", "BUILD_USER_ID": "timer"}, None, "timer", "jenkins"),
        ([], {"GITHUB_ACTOR": " ", "CHANGE_AUTHOR": "ben"}, None, "ben", "jenkins"),
        ([], {}, "Carol", "Carol <carol@example.com>", "git"),
        ([], {}, None, "tester", "login"),
    ],
)
def test_the_actor_is_the_flag_or_ci_or_git_or_the_account(
    project: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    flag: list[str],
    environment: dict[str, str],
    configured: str | None,
    expected: str,
    source: str,
) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    if configured is not None:
        git(project.root, "init", "-q")
        git(project.root, "config", "user.name", configured)
        git(project.root, "config", "user.email", f"{configured.lower()}@example.com")
    project.ok("apply", "--auto-approve", *flag)
    assert newest(project)["changed_by"] == expected
    assert newest(project)["actor_source"] == source
    assert f"  {expected} ({source})  apply" in project.ok("history").out
    assert f"  {expected} ({source})  apply" in project.ok("blame", "profile/a/mlflow").out
    assert f"  {expected} ({source})  apply" in project.ok("status").out
    blamed = project.ok("blame", "profile/a/mlflow", "-o", "json").json["resources"][0]
    assert blamed["fields"]["experiment_name"]["actor_source"] == source
    assert project.ok("status", "-o", "json").json["database"]["newest"]["actor_source"] == source


def test_an_account_without_a_name_is_unknown(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", nobody)
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("apply", "--auto-approve")
    assert newest(workspace)["changed_by"] == "unknown"
    assert newest(workspace)["actor_source"] is None
    assert "  unknown  apply" in workspace.ok("history").out


def test_who_wrote_past_git_is_told_with_what_knew_it(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("apply", "--auto-approve", "--actor", "alice")
    workspace.sql("UPDATE config_mlflow SET experiment_name = '/past'")
    user, source = ("unknown", None) if workspace.url is None else ("postgres", "database")
    assert newest(workspace)["actor_source"] == source
    assert f"  {user}  external\n" in workspace.ok("history").out
    assert f"changed by {user} " in workspace.ok("drift").out
    services = ProfileService(workspace.database)
    services.update("a", description="served", user="bob")
    assert newest(workspace)["actor_source"] == "service"
    assert "  bob  service\n" in workspace.ok("history").out


HOSTILE = "mallory\x1b]0;owned\x07\n::error::x\u202e\u200b\udcff"


def test_a_hostile_actor_is_stored_bounded_and_shown_harmless(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("plan", "--out", "the.plan")
    monkeypatch.setenv("GITLAB_USER_LOGIN", HOSTILE + 10_000 * "x")
    workspace.ok("apply", "the.plan")
    name = str(newest(workspace)["changed_by"])
    assert name.startswith("mallory")
    assert len(name) == 255
    again = workspace.run("apply", "the.plan")
    assert "revision 1 by mallory" in again.err
    assert again.code == 3
    for shown in (
        again.err,
        *(workspace.ok(*c).out for c in (("history",), ("blame", "profile/a"), ("status",))),
        workspace.ok("explain", "profile/a/mlflow").out,
    ):
        assert "mallory␛]0;owned␇␊" in shown.replace("mallory␛]0;owned␇\n", "mallory␛]0;owned␇␊")
        assert not set(shown) & set("\x1b\x07\u202e\u200b")
        assert "\n::" not in shown
    for flag in ("x" * 256, " ", "\udcff"):
        assert workspace.run("apply", "--auto-approve", "--actor", flag).code == 1


def test_a_hostile_time_is_shown_harmless(project: Workspace) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    project.ok("apply", "--auto-approve")
    # SQLite takes any text for a time, of whoever may write the file.
    project.sql(
        "INSERT INTO config_revisions (revision, source, actor, created_at) "
        "VALUES (2, 'external', 'x', char(27) || '[31m' || char(10) || '::error::')"
    )
    project.sql(
        "INSERT INTO config_history (revision, address, domain, action, changed_by, changes, "
        "snapshot, timestamp, root_id) SELECT 2, address, domain, 'update', 'x', changes, "
        "json_set(snapshot, '$.experiment_name', '/x'), char(27), root_id FROM config_history "
        "WHERE domain = 'mlflow'"
    )
    with project.database.writing(1) as transaction:
        transaction.run("UPDATE config_mlflow SET experiment_name = '/x'")
    for command in (["drift"], ["plan"], ["history"], ["status"], ["blame", "profile/a"]):
        shown = project.run(*command)
        assert shown.code == 0
        assert "\x1b" not in shown.out
        assert "\n::" not in shown.out
    assert "changed by x at ␛[31m␊" in project.ok("drift").out


def test_readers_are_notified_of_the_revision(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    project.write("profiles/a.yaml", profile("a", default=True))
    reader = psycopg2.connect(pg_url)
    reader.autocommit = True
    reader.cursor().execute(f"LISTEN {CHANNEL}")
    project.ok("apply", "--auto-approve")
    project.ok("apply", "--auto-approve")
    project.sql("UPDATE config_mlflow SET experiment_name = '/past/configsync'")
    while len(reader.notifies) < 2 and select.select([reader], [], [], 20)[0]:
        reader.poll()
    assert [n.payload for n in reader.notifies] == ["1", "2"]
    reader.close()


def test_the_models_read_what_was_applied(workspace: Workspace) -> None:
    spaces = [{"space_id": "one", "default": True}, {"space_id": "two", "space_name": "Two"}]
    workspace.write("profiles/a.yaml", profile("a", default=True, spec__genie_spaces=spaces))
    workspace.ok("apply", "--auto-approve", "--actor", "alice")
    url = parse_url(workspace.url or "sqlite:///configsync.db", workspace.root)
    engine = create_engine(url.sqlalchemy, poolclass=NullPool)
    with Session(engine) as session:
        found = session.query(ConfigProfile).filter_by(is_default=True).one()
        assert (found.name, found.created_by, found.updated_by) == ("a", "alice", "alice")
        assert found.ai_infra is not None
        assert found.ai_infra.llm_temperature == Decimal("0.70")
        assert found.ai_infra.profile is found
        assert [(s.space_id, s.is_default) for s in found.genie_spaces] == [
            ("one", True),
            ("two", False),
        ]
        assert found.mlflow is not None
        assert found.prompts is not None
        assert found.prompts.user_prompt_template == "{question}"
        revision = session.get_one(ConfigRevision, 1)
        assert len(revision.entries) == 6
        assert revision.created_at is not None
    engine.dispose()
