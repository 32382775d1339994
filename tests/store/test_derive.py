"""The tables that follow from resource types: those of configsync itself, and of any others."""

from __future__ import annotations

import sqlite3
from importlib import import_module

import psycopg2
import pytest
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.pool import NullPool

from configsync.core.errors import DatabaseError
from configsync.core.resource import Column, ResourceType, Versions
from configsync.core.values import Boolean, Integer, JsonColumn, Numeric, Text
from configsync.kinds import resource_types
from configsync.store.derive import create, derive, watched
from configsync.store.migrations.watched import PROFILES
from configsync.store.models import Base
from configsync.store.url import parse_url
from tests.conftest import Workspace

OWN = {t.domain: t for t in resource_types().values()}
VERSIONS = "configsync.store.migrations.versions"
KINDS = import_module(f"{VERSIONS}.0003_kinds").WATCHED
SETTINGS = import_module(f"{VERSIONS}.0005_sensitive").SETTINGS


@pytest.mark.parametrize("domain", OWN)
def test_the_tables_of_configsync_are_those_that_follow(domain: str) -> None:
    type_, table = OWN[domain], derive(OWN.values())[domain]
    model = Base.metadata.tables[type_.table]
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    assert {c.name: c.type.compile(dialect) for c in table.columns} == {
        c.name: c.type.compile(dialect) for c in model.columns
    }
    assert sorted(c.name for c in table.columns) == sorted(type_.table_columns)


@pytest.mark.parametrize("domain", OWN)
def test_the_triggers_of_configsync_are_those_that_follow(domain: str) -> None:
    known = {w.domain: w for w in (*PROFILES, *KINDS, SETTINGS)}
    assert watched(OWN[domain]) == known[domain]


# Names that SQL has uses for, and whatever a type may say.

ORDER = ResourceType(
    domain="order",
    kind="Order",
    table="order",
    columns=(
        Column("group", Text(5)),
        Column("check", Numeric(3, 1)),
        Column("default", Boolean()),
    ),
    key=("group",),
    default="default",
    audit=True,
    active="all",
)
LIMIT = ResourceType(
    domain="limit",
    kind="Order",
    table="limit",
    columns=(Column("select", Integer(), nullable=True), Column("from", JsonColumn())),
    parent=ORDER,
    parent_column="user",
)
ITEM = ResourceType(
    domain="item",
    kind="Order",
    table="item",
    columns=(Column("to", Text()), Column("first", Boolean())),
    key=("to",),
    parent=ORDER,
    parent_column="references",
    default="first",
)
NOTE = ResourceType(
    domain="note",
    kind="Note",
    table="note",
    columns=(
        Column("name", Text(9)),
        Column("when", Integer(), nullable=True),
        Column("as", Text()),
    ),
    key=("name",),
    active="in",
    versions=Versions("when", ("as",)),
)
TYPES = (ORDER, LIMIT, ITEM, NOTE)


@pytest.fixture
def derived(workspace: Workspace) -> Workspace:
    """A database that has the tables of `TYPES`, with a row in each."""
    workspace.ok("db", "upgrade")
    assert make(workspace) == ["order", "limit", "item", "note"]
    workspace.sql("""INSERT INTO "order" ("group", "check", "default") VALUES ('a', 1.5, true)""")
    workspace.sql("""INSERT INTO "limit" ("user", "select", "from") VALUES (1, 2, '[3]')""")
    workspace.sql("""INSERT INTO "item" ("references", "to", "first") VALUES (1, 'x', true)""")
    workspace.sql("""INSERT INTO "note" ("name", "when", "as") VALUES ('n', 1, 'text')""")
    return workspace


def make(workspace: Workspace, *types: ResourceType) -> list[str]:
    """Have a database hold the tables; returns which are new."""
    url = parse_url(workspace.url or "sqlite:///configsync.db", workspace.root)
    engine = create_engine(url.sqlalchemy, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            return create(connection, url, types or TYPES)
    finally:
        engine.dispose()


REFUSALS = (sqlite3.IntegrityError, psycopg2.IntegrityError, psycopg2.DataError)


@pytest.mark.parametrize(
    "statement",
    [
        """INSERT INTO "order" ("group", "check") VALUES ('a', 1)""",
        """INSERT INTO "order" ("group", "check", "default") VALUES ('b', 1, true)""",
        """INSERT INTO "order" ("group", "check") VALUES ('longer', 1)""",
        """INSERT INTO "order" ("group", "check") VALUES ('c', NULL)""",
        """INSERT INTO "limit" ("user", "from") VALUES (1, '[]')""",
        """INSERT INTO "limit" ("user", "from") VALUES (7, '[]')""",
        """INSERT INTO "item" ("references", "to") VALUES (1, 'x')""",
        """INSERT INTO "item" ("references", "to", "first") VALUES (1, 'y', true)""",
        """INSERT INTO "note" ("name", "when", "as") VALUES ('n', 1, 'other')""",
        """INSERT INTO "note" ("name", "when", "as") VALUES ('n', 2, 'other')""",
        """UPDATE "note" SET "as" = 'other'""",
    ],
)
def test_what_a_type_rules_out_is_refused(derived: Workspace, statement: str) -> None:
    with pytest.raises(REFUSALS):
        derived.sql(statement)


def entries(workspace: Workspace) -> list[tuple[str, str, list[str]]]:
    """Address, action and fields of what was recorded, in order."""
    found = workspace.ok("history", "-o", "json").json["entries"][::-1]
    return [(e["address"], e["action"], sorted(e["changes"])) for e in found]


def test_what_is_written_is_recorded(derived: Workspace) -> None:
    assert [(at, action) for at, action, _ in entries(derived)] == [
        ("order/a", "create"),
        ("order/a/limit", "create"),
        ("order/a/item/x", "create"),
        ("note/n", "create"),
    ]
    # What it was made for, it is made for again.
    assert make(derived) == []
    derived.sql("""UPDATE "limit" SET "select" = 3, "from" = '[3]'""")
    derived.sql("""UPDATE "note" SET "in" = false""")
    derived.sql("""INSERT INTO "note" ("name", "when", "as") VALUES ('n', 2, 'other')""")
    derived.sql("""DELETE FROM "order" """)
    assert entries(derived)[4:7] == [
        ("order/a/limit", "update", ["select"]),
        ("note/n", "delete", ["as", "name", "when"]),
        ("note/n", "create", ["as", "name", "when"]),
    ]
    assert sorted(entries(derived)[7:]) == [
        ("order/a", "delete", ["check", "default", "group"]),
        ("order/a/item/x", "delete", ["first", "to"]),
        ("order/a/limit", "delete", ["from", "select"]),
    ]
    assert derived.sql("""SELECT count(*) FROM "item" """) == [(0,)]


def test_a_table_that_lacks_a_column_stays_as_it_is(derived: Workspace) -> None:
    wider = ResourceType(
        domain="note", kind="Note", table="note", columns=(Column("more", Text()),), key=("more",)
    )
    with pytest.raises(DatabaseError, match="the table note of the kind Note lacks more"):
        make(derived, wider)
    derived.sql("""UPDATE "note" SET "in" = false""")
    assert entries(derived)[-1][:2] == ("note/n", "delete")
