"""Databases of older versions: what they recorded stays, and stays intact."""

from __future__ import annotations

import pytest
from alembic import command

from configsync.store import migrate
from configsync.store.database import SCHEMA_VERSION
from configsync.store.url import parse_url
from tests.conftest import Workspace

HEAD = "5304da81291f3c20eaa6b90d5c01398da401acb51c0813af8b0af75e1b1bdf68"
"""The digest that a configsync of schema version 0004 gave to the revision below."""

REVISION = f"""
INSERT INTO config_revisions
  (revision, source, commit_id, author, actor, plan_digest, digest, owner, created_at)
VALUES (1, 'apply', '{"0" * 40}', 'Ada', 'alice', '{"1" * 32}', '{HEAD}', 'x',
        '2026-01-02 03:04:05.678ZONE')
"""
ENTRY = """
INSERT INTO config_history
  (id, revision, address, root_id, profile_id, domain, action, changed_by, changes, snapshot,
   timestamp)
VALUES (1, 1, 'profile/a/mlflow', 1, 1, 'mlflow', 'create', 'alice',
        '{"experiment_name": {"old": null, "new": "/a"}}', '{"experiment_name": "/a"}',
        '2026-01-02 03:04:05.678ZONE')
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def old(project: Workspace, request: pytest.FixtureRequest) -> Workspace:
    """A database at 0004 with a sealed revision, of which nothing tells what named its actor."""
    if request.param == "postgresql":
        project.url = request.getfixturevalue("empty_pg_url")
    url = parse_url(project.url or "sqlite:///configsync.db", project.root)
    with migrate._connection(url) as connection:
        command.upgrade(migrate._config(connection), "0004")
    for statement in (REVISION, ENTRY):
        project.sql(statement.replace("ZONE", "" if project.url is None else "+00"))
    return project


def test_an_upgrade_leaves_the_chain_intact(old: Workspace) -> None:
    said = old.ok("db", "upgrade").out
    assert said.endswith(f" is at schema version {SCHEMA_VERSION}, and was at 0004.\n")
    assert old.ok("db", "upgrade").out.endswith(f" {SCHEMA_VERSION}, as before.\n")
    old.ok("history", "verify", "--head", HEAD)
    (entry,) = old.ok("history", "-o", "json").json["entries"]
    assert entry["actor_source"] is None
    assert "revision 1  2026-01-02T03:04:05.678000Z  alice  apply" in old.ok("history").out
    # What is said now of what was sealed then would be made up.
    table = "config_revisions"
    if old.url is None:
        old.sql(f"DROP TRIGGER {table}_append_only_update")
    else:
        old.sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    old.sql(f"UPDATE {table} SET actor_source = 'github'")
    assert "revision 1 is altered" in old.run("history", "verify").out
