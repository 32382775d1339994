"""The three roles, tried: what each can do, and what PostgreSQL refuses it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg2
import pytest

from configsync.store.migrations.triggers import APPEND_ONLY
from configsync.store.models import Base
from configsync.store.postgresql import PostgresqlTransaction
from configsync.store.readers import forget, prune, report
from configsync.store.roles import READ_ONLY, REPORTS, VIEWS, identifier
from tests.conftest import Workspace, execute
from tests.profiles import profile

TABLES = sorted({*Base.metadata.tables, *READ_ONLY} - {"config_writer"})
HOSTILE = "q\"'$do$\\%?;é{s} "
_numbers = count(1)


@dataclass
class Logins:
    """A database with the roles, and for each the URL of a login that is its member."""

    admin: str
    prefix: str
    owner: str
    applier: str
    reader: str


@pytest.fixture(params=["plain", HOSTILE], ids=["plain", "hostile"])
def prefix(request: pytest.FixtureRequest) -> str:
    """How the names of this test's roles begin; roles are all databases' of a server."""
    return f"{request.param}{os.getpid()}_{next(_numbers)}"


@pytest.fixture
def logins(project: Workspace, pg_url: str, prefix: str) -> Iterator[Logins]:
    project.url = pg_url
    project.ok("db", "roles", "--prefix", prefix, "--apply")
    roles = [f"{prefix}_{kind}" for kind in ("owner", "applier", "reader")]
    logins = [f"{role} login" for role in roles]
    for role, login in zip(roles, logins, strict=True):
        member = f"CREATE ROLE {identifier(login)} LOGIN PASSWORD 'x' IN ROLE {identifier(role)}"
        execute(pg_url, member)
    yield Logins(pg_url, prefix, *(as_role(pg_url, login) for login in logins))
    for role in (*logins, *roles):
        drop(pg_url, role)


def as_role(url: str, role: str) -> str:
    """The URL by which a role connects to the same database."""
    parts = urlsplit(url)
    where = f"{quote(role, safe='')}:x@{parts.netloc.rpartition('@')[2]}"
    return urlunsplit((parts.scheme, where, parts.path, parts.query, ""))


def drop(url: str, role: str) -> None:
    execute(url, f"DROP OWNED BY {identifier(role)} CASCADE")
    execute(url, f"DROP ROLE {identifier(role)}")


@pytest.fixture
def applied(project: Workspace, logins: Logins) -> Workspace:
    """Two profiles, applied by the applier."""
    project.url = logins.applier
    project.write("profiles/a.yaml", profile("a", default=True))
    project.write("profiles/b.yaml", profile("b"))
    project.ok("apply", "--auto-approve")
    return project


def refuses(url: str, *statements: str) -> None:
    for statement in statements:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            execute(url, statement)


def test_the_applier_creates_updates_renames_deletes_and_backs_up(applied: Workspace) -> None:
    applied.write("profiles/a.yaml", profile("a", spec__ai_infra__llm_max_tokens=5))
    applied.write("profiles/b.yaml", profile("c", default=True, metadata__renamed_from="b"))
    applied.ok("apply", "--auto-approve")
    (applied.root / "profiles/a.yaml").unlink()
    applied.ok("apply", "--auto-approve")
    assert applied.sql("SELECT name, is_default FROM config_profiles") == [("c", True)]
    applied.ok("plan", "--detailed-exitcode")
    assert "profile/a" in applied.ok("history").out
    applied.ok("backup", "all.jsonl")


def test_the_applier_owns_nothing_and_cannot_change_history(
    applied: Workspace, logins: Logins
) -> None:
    for table in TABLES:
        refuses(
            logins.applier,
            f"TRUNCATE {table} CASCADE",
            f"DROP TABLE {table}",
            f"ALTER TABLE {table} ADD COLUMN more integer",
            f"ALTER TABLE {table} DISABLE TRIGGER ALL",
            f"ALTER TABLE {table} OWNER TO CURRENT_USER",
            f"CREATE TRIGGER t AFTER INSERT ON {table} EXECUTE FUNCTION configsync_refuse()",
        )
    for table in (*APPEND_ONLY, *READ_ONLY):
        refuses(logins.applier, f"DELETE FROM {table}", f"SELECT 1 FROM {table} FOR UPDATE")
    for table in READ_ONLY:
        refuses(logins.applier, f"INSERT INTO {table} SELECT * FROM {table}")
    refuses(
        logins.applier,
        "UPDATE config_history SET changed_by = 'nobody'",
        "UPDATE config_revisions SET actor = 'nobody'",
        "UPDATE config_database SET database_id = ''",
        "SET session_replication_role = replica",
        "SELECT setval('config_history_id_seq', 1)",
        "DROP FUNCTION configsync_record()",
        "ALTER FUNCTION configsync_record() RESET search_path",
        "CREATE OR REPLACE FUNCTION configsync_refuse() RETURNS trigger LANGUAGE sql AS ''",
        f"SET ROLE {identifier(logins.prefix + '_owner')}",
        f"GRANT {identifier(logins.prefix + '_owner')} TO CURRENT_USER",
    )


def test_the_reader_only_reads(applied: Workspace, logins: Logins) -> None:
    for table in (t for t in TABLES if t != REPORTS):
        execute(logins.reader, f"SELECT * FROM {table}")
        refuses(
            logins.reader,
            f"INSERT INTO {table} SELECT * FROM {table}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
            f"ALTER TABLE {table} DISABLE TRIGGER ALL",
            f"SELECT 1 FROM {table} FOR UPDATE",
        )
        column = execute(
            logins.reader,
            f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'",
        )[0][0]
        refuses(logins.reader, f'UPDATE {table} SET "{column}" = "{column}"')
    for view in VIEWS:
        execute(logins.reader, f"SELECT * FROM {view}")
        refuses(logins.reader, f"DELETE FROM {view}")
    execute(logins.reader, "LISTEN configsync")
    refuses(logins.reader, "SELECT nextval('config_profiles_id_seq')")


def test_the_reader_reports_what_it_holds_and_the_applier_waits(
    applied: Workspace, logins: Logins
) -> None:
    connection = psycopg2.connect(logins.reader)
    connection.autocommit = True
    transaction = PostgresqlTransaction(connection)
    report(transaction, "r1", "api", "web-1", 7, 0, False, 60.0)
    report(transaction, "r1", "api", "web-1", 7, 1, False, 60.0)
    report(transaction, "r2", "api", "web-1", 8, 1, False, 60.0)
    forget(transaction, "r2")
    prune(transaction)
    connection.close()
    refuses(
        logins.reader,
        f"TRUNCATE {REPORTS}",
        f"DROP TABLE {REPORTS}",
        f"ALTER TABLE {REPORTS} ADD COLUMN more integer",
        f"CREATE TRIGGER t AFTER INSERT ON {REPORTS} EXECUTE FUNCTION configsync_refuse()",
    )
    assert "The only live reader holds" in applied.ok("apply", "--wait", "5").err
    assert applied.ok("status", "-o", "json").json["summary"]["current"] == 1
    refuses(
        logins.applier,
        f"INSERT INTO {REPORTS} SELECT * FROM {REPORTS}",
        f"UPDATE {REPORTS} SET revision = 7",
    )
    execute(logins.applier, f"DELETE FROM {REPORTS}")


def test_configsync_tells_a_reader_what_to_do(applied: Workspace, logins: Logins) -> None:
    applied.url = logins.reader
    applied.ok("plan", "--detailed-exitcode")
    applied.ok("history")
    applied.ok("backup", "all.jsonl")
    applied.write("profiles/b.yaml", profile("b", spec__ai_infra__llm_max_tokens=5))
    told = applied.run("apply", "--auto-approve")
    assert told.code == 1
    assert "permission denied" in told.err
    assert "configsync db roles" in told.err
    assert "Traceback" not in told.err


def test_the_owner_migrates_and_restores(
    applied: Workspace, logins: Logins, empty_pg_url: str
) -> None:
    applied.ok("backup", "all.jsonl")
    owner = identifier(logins.prefix + "_owner")
    execute(empty_pg_url, f"GRANT CREATE ON SCHEMA public TO {owner}")
    applied.url = as_role(empty_pg_url, f"{logins.prefix}_owner login")
    applied.ok("db", "upgrade")
    applied.ok("restore", "all.jsonl")
    # A superuser gives all to the role, as the login made the tables.
    applied.url = empty_pg_url
    applied.ok("db", "roles", "--prefix", logins.prefix, "--apply")
    applied.url = as_role(empty_pg_url, f"{logins.prefix}_applier login")
    (applied.root / "profiles/b.yaml").unlink()
    applied.ok("apply", "--auto-approve")
    assert applied.sql("SELECT name FROM config_profiles") == [("a",)]
    for role in ("owner login", "applier login", "owner", "applier", "reader"):
        execute(empty_pg_url, f"DROP OWNED BY {identifier(f'{logins.prefix}_{role}')} CASCADE")


def test_a_role_with_rights_on_one_table_is_recorded(applied: Workspace, logins: Logins) -> None:
    writer = f"{logins.prefix} writer"
    execute(logins.admin, f"CREATE ROLE {identifier(writer)} LOGIN PASSWORD 'x'")
    execute(
        logins.admin, f"GRANT SELECT, UPDATE, DELETE ON config_ai_infra TO {identifier(writer)}"
    )
    url = as_role(logins.admin, writer)
    refuses(url, "SELECT * FROM config_history", "UPDATE config_mlflow SET experiment_name = ''")
    # Temporary tables of the same names don't keep the record from where it belongs.
    execute(
        url,
        "CREATE TEMP TABLE config_history AS SELECT 1 AS revision;"
        "CREATE TEMP TABLE config_revisions AS SELECT 1 AS revision;"
        "UPDATE config_ai_infra SET llm_max_tokens = 7",
    )
    found = applied.sql(
        "SELECT source, db_user, changed_by, count(*) FROM config_revisions "
        "JOIN config_history USING (revision) WHERE revision = 2 GROUP BY 1, 2, 3"
    )
    assert found == [("external", writer, writer, 2)]
    drop(logins.admin, writer)


def test_nobody_else_attaches_the_recording_function(pg_url: str) -> None:
    writer = f"writer{os.getpid()}_{next(_numbers)}"
    execute(pg_url, f"CREATE ROLE {writer} LOGIN PASSWORD 'x'")
    refuses(
        as_role(pg_url, writer),
        "CREATE TEMP TABLE mine (id integer, name text);"
        "CREATE TRIGGER forged AFTER INSERT ON mine FOR EACH ROW "
        "EXECUTE FUNCTION configsync_record('profile', 'name', 'name', '', '', '', '')",
    )
    drop(pg_url, writer)


def test_the_roles_are_made_again_without_a_change(
    project: Workspace, pg_url: str, logins: Logins
) -> None:
    rights = (
        "SELECT relname, relowner::regrole::text, relacl::text FROM pg_class WHERE relnamespace = "
        "'public'::regnamespace UNION ALL SELECT proname, proowner::regrole::text, "
        "proacl::text || array_to_string(proconfig, ' ') "
        "FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1"
    )
    project.url = pg_url
    before = execute(pg_url, rights)
    execute(pg_url, f"GRANT ALL ON config_history TO {identifier(logins.prefix + '_applier')}")
    project.ok("db", "roles", "--prefix", logins.prefix, "--apply")
    assert execute(pg_url, rights) == before
    # What is printed does the same as --apply, all of it in one transaction.
    execute(pg_url, project.ok("db", "roles", "--prefix", logins.prefix).out)
    assert execute(pg_url, rights) == before


def test_the_tables_owner_makes_the_roles_without_being_a_superuser(
    project: Workspace, empty_pg_url: str
) -> None:
    prefix = f"plain{os.getpid()}_{next(_numbers)}"
    execute(empty_pg_url, f"CREATE ROLE {prefix} LOGIN CREATEROLE PASSWORD 'x'")
    name = execute(empty_pg_url, "SELECT current_database()")[0][0]
    execute(empty_pg_url, f"ALTER DATABASE {name} OWNER TO {prefix}")
    execute(empty_pg_url, f"ALTER SCHEMA public OWNER TO {prefix}")
    project.url = as_role(empty_pg_url, prefix)
    project.write("profiles/a.yaml", profile("a", default=True))
    project.ok("db", "upgrade")
    for _ in range(2):
        project.ok("db", "roles", "--prefix", prefix, "--apply")
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
    assert execute(empty_pg_url, owners) == [(f"{prefix}_owner",)]
    project.ok("db", "upgrade")
    project.ok("apply", "--auto-approve")
    execute(empty_pg_url, f"ALTER DATABASE {name} OWNER TO CURRENT_USER")
    for role in (f"{prefix}_reader", f"{prefix}_applier", f"{prefix}_owner", prefix):
        drop(empty_pg_url, role)


def test_printing_changes_nothing(project: Workspace, pg_url: str, prefix: str) -> None:
    project.url = pg_url
    script = project.ok("db", "roles", "--prefix", prefix).out
    assert all(f'"{table}"' in script for table in TABLES)
    named = f"{prefix}_owner".replace("'", "''")
    assert execute(pg_url, f"SELECT FROM pg_roles WHERE rolname = '{named}'") == []


@pytest.mark.parametrize(
    ("prefix", "says"),
    [("", "empty"), ("é" * 28, "shorter --prefix"), ("pg_catalog", "pg_catalog_owner")],
)
def test_names_that_no_role_can_have(
    project: Workspace, pg_url: str, prefix: str, says: str
) -> None:
    project.url = pg_url
    refused = project.run("db", "roles", "--apply", "--prefix", prefix)
    assert refused.code == 1
    assert says in refused.err


def test_sqlite_has_no_roles(project: Workspace) -> None:
    refused = project.run("db", "roles")
    assert refused.code == 1
    assert "SQLite has no roles" in refused.err
    assert not (project.root / "configsync.db").exists()
