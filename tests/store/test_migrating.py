"""An application's own tables: refused as they are, taken over as the guide says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import Workspace

GUIDE = Path(__file__).parents[2] / "configsync/docs/migrating.md"
SQL = dict(
    re.findall(r"```sql app/(\w+)\.sql\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
)


@pytest.fixture
def taken(project: Workspace, empty_pg_url: str) -> Workspace:
    """A project whose database has the guide's tables; the guide itself shows SQLite."""
    project.url = empty_pg_url
    project.sql(SQL["tables"])
    return project


def test_tables_of_others_are_refused_and_left(taken: Workspace) -> None:
    before = taken.sql("SELECT * FROM pg_tables WHERE schemaname = 'public'")
    refused = taken.run("db", "upgrade")
    assert refused.code == 1
    assert "config_ai_infra, config_genie_spaces, config_mlflow, config_profiles" in refused.err
    assert "configsync docs migrating" in refused.err
    assert taken.sql("SELECT * FROM pg_tables WHERE schemaname = 'public'") == before


def test_they_are_taken_over_as_the_guide_says(taken: Workspace) -> None:
    taken.sql("UPDATE config_ai_infra SET llm_temperature = 0.755")
    taken.sql(SQL["aside"])
    taken.ok("db", "upgrade")
    taken.sql(SQL["copy"])
    taken.ok("export")
    assert "0 to create, 0 to update, 0 to delete, 5 unchanged" in taken.ok("plan").out
    assert "Recorded 5 unchanged" in taken.ok("apply", "--auto-approve").out
    shown = taken.ok("show", "profile/production/ai_infra", "-o", "json").json
    assert "0.76" in str(shown)
    assert taken.sql("SELECT DISTINCT source FROM config_revisions") == [("external",)]


def test_a_constraint_of_the_same_name_is_told(taken: Workspace) -> None:
    taken.sql("ALTER TABLE config_profiles ADD CONSTRAINT uq_config_profiles_name UNIQUE (name)")
    taken.sql(SQL["aside"])
    refused = taken.run("db", "upgrade")
    assert refused.code == 1
    assert 'can\'t be migrated: relation "uq_config_profiles_name" already exists' in refused.err
    taken.sql("CREATE SCHEMA old; ALTER TABLE old_profiles SET SCHEMA old")
    taken.ok("db", "upgrade")
