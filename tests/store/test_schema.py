"""The tables: models, migrations and what the database itself refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from configsync.kinds import resource_types
from configsync.store import migrate
from configsync.store.database import SCHEMA_VERSION, VERSION_TABLE
from configsync.store.models import Base
from configsync.store.url import parse_url
from tests.conftest import Workspace
from tests.profiles import profile


@pytest.fixture
def applied(workspace: Workspace) -> Workspace:
    """Two profiles, ``a`` the default, in the database."""
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.write("profiles/b.yaml", profile("b"))
    workspace.ok("apply", "--auto-approve")
    return workspace


def test_models_and_migrations_agree(workspace: Workspace) -> None:
    url = parse_url(workspace.url or "sqlite:///configsync.db", workspace.root)
    migrate.upgrade(url)
    engine = create_engine(url.sqlalchemy, poolclass=NullPool)
    with engine.connect() as connection:
        options = {
            "version_table": VERSION_TABLE,
            "compare_type": True,
            "compare_server_default": False,
            "include_object": lambda object_, name, kind, *_: (
                object_.info.get("only", url.dialect) == url.dialect
                # SQLite can't alter a constraint to be deferred: a pragma does that there.
                and not (
                    url.dialect == "sqlite"
                    and kind == "foreign_key_constraint"
                    and object_.table.name == "config_history"
                )
            ),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_models_have_the_columns_of_the_kinds() -> None:
    for type_ in resource_types().values():
        table = Base.metadata.tables[type_.table]
        for column in type_.columns:
            assert table.columns[column.name].nullable is column.nullable, column.name


def test_the_newest_migration_is_the_version_that_is_asked_for() -> None:
    assert migrate.head() == SCHEMA_VERSION


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO config_profiles (name, is_default) VALUES ('c', true)",
        "UPDATE config_profiles SET is_default = true WHERE name = 'b'",
        "INSERT INTO config_profiles (name, is_default) VALUES ('a', false)",
        "INSERT INTO config_profiles (name, is_default) VALUES ('', false)",
        "UPDATE config_ai_infra SET llm_temperature = 1.01",
        "UPDATE config_ai_infra SET llm_temperature = -0.01",
        "UPDATE config_ai_infra SET llm_max_tokens = 0",
        "UPDATE config_ai_infra SET llm_endpoint = NULL",
        "UPDATE config_ai_infra SET llm_endpoint = ''",
        "INSERT INTO config_genie_spaces (profile_id, space_id, is_default)"
        " SELECT profile_id, 'another', true FROM config_genie_spaces",
        "INSERT INTO config_genie_spaces (profile_id, space_id, is_default)"
        " SELECT profile_id, space_id, false FROM config_genie_spaces",
        "INSERT INTO config_mlflow (profile_id, experiment_name)"
        " SELECT profile_id, '/x' FROM config_mlflow",
        "INSERT INTO config_mlflow (profile_id, experiment_name) VALUES (4711, '/x')",
        "UPDATE config_history SET changed_by = 'nobody'",
        "DELETE FROM config_history",
        "UPDATE config_revisions SET actor = 'nobody'",
        "DELETE FROM config_revisions",
    ],
)
def test_the_database_refuses(applied: Workspace, statement: str) -> None:
    before = applied.sql("SELECT count(*) FROM config_history")
    with pytest.raises(Exception, match=r"(?i)constraint|append-only|violates"):
        applied.sql(statement)
    assert applied.sql("SELECT count(*) FROM config_history") == before


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE config_history",
        "TRUNCATE config_prompts",
        "SET session_replication_role = replica; DELETE FROM config_history",
        "SET session_replication_role = replica; UPDATE config_revisions SET actor = 'nobody'",
        "SET session_replication_role = replica; TRUNCATE config_history",
    ],
)
def test_postgresql_history_is_append_only_for_replicas_too(
    project: Workspace, pg_url: str, statement: str
) -> None:
    project.url = pg_url
    project.write("profiles/a.yaml", profile("a", default=True))
    project.ok("apply", "--auto-approve")
    with pytest.raises(Exception, match=r"append-only|no record"):
        project.sql(statement)


def test_two_concurrent_defaults_do_not_both_win(pg_url: str) -> None:
    import psycopg2

    one, two = psycopg2.connect(pg_url), psycopg2.connect(pg_url)
    insert = "INSERT INTO config_profiles (name, is_default) VALUES (%s, true)"
    one.cursor().execute("SET configsync.applying = 'on'")
    two.cursor().execute("SET configsync.applying = 'on'; SET lock_timeout = '300ms'")
    one.cursor().execute(insert, ("one",))
    with pytest.raises(psycopg2.errors.LockNotAvailable):
        two.cursor().execute(insert, ("two",))
    two.rollback()
    one.commit()
    with pytest.raises(psycopg2.errors.UniqueViolation):
        two.cursor().execute(insert, ("two",))
    one.close()
    two.close()


def test_sqlite_is_created_on_first_use(project: Workspace) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    project.ok("plan")
    assert (project.root / "configsync.db").is_file()
    assert project.ok("db", "status", "-o", "json").json["database"][0]["current"] is True


def test_status_creates_nothing(project: Workspace) -> None:
    assert project.run("db", "status").code == 1
    assert not (project.root / "configsync.db").exists()


def test_postgresql_asks_for_an_upgrade(project: Workspace, empty_pg_url: str) -> None:
    project.url = empty_pg_url
    project.write("profiles/a.yaml", profile("a", default=True))
    refused = project.run("plan")
    assert refused.code == 1
    assert "configsync db upgrade" in refused.err
    assert project.run("db", "status").code == 1
    project.ok("db", "upgrade")
    project.ok("db", "upgrade")
    project.ok("db", "status")
    project.ok("apply", "--auto-approve")


def test_a_migration_takes_the_lock(project: Workspace, empty_pg_url: str, tmp_path: Path) -> None:
    import threading

    import psycopg2

    from configsync.store.postgresql import LOCK_KEY

    holder = psycopg2.connect(empty_pg_url)
    holder.cursor().execute(f"SELECT pg_advisory_xact_lock({LOCK_KEY})")
    migration = threading.Thread(
        target=migrate.upgrade, args=(parse_url(empty_pg_url, tmp_path),), daemon=True
    )
    migration.start()
    migration.join(0.7)
    assert migration.is_alive()
    holder.rollback()
    migration.join(30)
    assert not migration.is_alive()
    holder.close()
    project.url = empty_pg_url
    project.ok("db", "status")
