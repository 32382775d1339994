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


@pytest.mark.parametrize(
    ("flag", "environment", "configured", "expected"),
    [
        (["--actor", "alice"], {"GITHUB_ACTOR": "bob"}, "Carol", "alice"),
        ([], {"GITHUB_ACTOR": "bob"}, "Carol", "bob"),
        ([], {"GITLAB_USER_LOGIN": "bert"}, "Carol", "bert"),
        ([], {}, "Carol", "Carol <carol@example.com>"),
        ([], {}, None, "tester"),
    ],
)
def test_the_actor_is_the_flag_or_ci_or_git_or_the_account(
    project: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    flag: list[str],
    environment: dict[str, str],
    configured: str | None,
    expected: str,
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


def test_readers_are_notified_of_the_revision(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    project.write("profiles/a.yaml", profile("a", default=True))
    reader = psycopg2.connect(pg_url)
    reader.autocommit = True
    reader.cursor().execute(f"LISTEN {CHANNEL}")
    project.ok("apply", "--auto-approve")
    project.ok("apply", "--auto-approve")
    project.sql("UPDATE config_mlflow SET experiment_name = '/past/configsync'")
    while len(reader.notifies) < 2 and select.select([reader], [], [], 5)[0]:
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
