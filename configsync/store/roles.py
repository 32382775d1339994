"""Three PostgreSQL roles: who owns the tables, who applies, who reads.

They can't log in; people and programs get a role by membership. The applier
may write what a plan touches and add to history, and no more: it owns nothing,
so it can neither alter a table nor stop a trigger. The reader may say which
revision it holds, and else only read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from configsync.core.errors import UsageError
from configsync.store.database import VERSION_TABLE
from configsync.store.derive import all_tables
from configsync.store.migrations.triggers import APPEND_ONLY

LONGEST_NAME = 63
"""Bytes; PostgreSQL cuts longer names off without an error, and two might become one
(https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS)."""

READ_ONLY = ("config_database", "config_keys", VERSION_TABLE)
"""What the applier may only read: the database's identity, its key and its schema version."""

ALL_ROWS = "SELECT, INSERT, UPDATE, DELETE"

VIEWS = ("prompt_history", "settings_history")
"""Views over the history; they read it with the rights of their owner."""

REPORTS = "config_readers"
"""Where readers say which revision they hold, the only table that their role writes. The applier
reads it, and may delete what has expired."""

FUNCTIONS = "configsync\\_%"
"""A pattern of LIKE that the names of the triggers' functions match."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The names of the three roles."""

    owner: str
    applier: str
    reader: str

    @classmethod
    def named(cls, prefix: str) -> Roles:
        """``PREFIX_owner``, ``PREFIX_applier`` and ``PREFIX_reader``. Raises UsageError."""
        roles = cls(f"{prefix}_owner", f"{prefix}_applier", f"{prefix}_reader")
        if not prefix or "\0" in prefix:
            raise UsageError("The prefix of the roles' names is empty, or has a NUL in it.")
        if len(roles.applier.encode()) > LONGEST_NAME:
            raise UsageError(
                f"The name {roles.applier} is longer than PostgreSQL's {LONGEST_NAME} bytes. "
                "Give a shorter --prefix."
            )
        return roles


def statements(roles: Roles, schema: str) -> Iterator[str]:
    """The SQL that makes the roles and gives each what it may, within one transaction.

    It may run again at any time, and should after a migration: new tables get
    their owner and grants by that.
    """
    owner, applier, reader = map(identifier, (roles.owner, roles.applier, roles.reader))
    for name in (roles.owner, roles.applier, roles.reader):
        yield _create(name)
    yield _join(roles.owner)
    yield f"GRANT USAGE, CREATE ON SCHEMA {identifier(schema)} TO {owner}"
    yield f"GRANT USAGE ON SCHEMA {identifier(schema)} TO {applier}, {reader}"
    for table in _tables():
        named = f"{identifier(schema)}.{identifier(table)}"
        yield f"ALTER TABLE {named} OWNER TO {owner}"
        yield f"REVOKE ALL ON TABLE {named} FROM {applier}, {reader}"
        yield f"GRANT {_readers_rights(table)} ON TABLE {named} TO {reader}"
        yield f"GRANT {_appliers_rights(table)} ON TABLE {named} TO {applier}"
    for view in VIEWS:
        named = f"{identifier(schema)}.{identifier(view)}"
        yield f"ALTER VIEW {named} OWNER TO {owner}"
        yield f"REVOKE ALL ON TABLE {named} FROM {applier}, {reader}"
        yield f"GRANT SELECT ON TABLE {named} TO {applier}, {reader}"
    yield _sequences(roles, schema)
    yield _functions(roles, schema)


def identifier(name: str) -> str:
    """A name as SQL spells it, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Text as SQL spells it, the same on servers of either ``standard_conforming_strings``."""
    quoted = "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
    return f"E{quoted}" if "\\" in text else quoted


def _tables() -> list[str]:
    tables = (t.name for t in all_tables() if t.info.get("only") != "sqlite")
    return [*tables, VERSION_TABLE]


def _readers_rights(table: str) -> str:
    return ALL_ROWS if table == REPORTS else "SELECT"


def _appliers_rights(table: str) -> str:
    if table in READ_ONLY:
        return "SELECT"
    if table == REPORTS:
        return "SELECT, DELETE"
    return "SELECT, INSERT" if table in APPEND_ONLY else ALL_ROWS


def _create(role: str) -> str:
    return _do(
        f"IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {literal(role)}) THEN\n"
        f"    CREATE ROLE {identifier(role)} NOLOGIN;\n"
        "  END IF;"
    )


def _join(owner: str) -> str:
    """Who hands the tables over must be a member of the role that gets them.

    Not just one who may grant it, as whoever created it is since PostgreSQL 16.
    """
    return _do(
        f"IF NOT pg_catalog.pg_has_role(current_user, {literal(owner)}, 'USAGE') THEN\n"
        f"    GRANT {identifier(owner)} TO CURRENT_USER;\n"
        "  END IF;"
    )


def _sequences(roles: Roles, schema: str) -> str:
    """Each sequence that a table's ids come from: the applier takes ids, and sets none."""
    names = ", ".join(literal(table) for table in _tables())
    return _do(
        "FOR found IN SELECT s.relname AS name FROM pg_catalog.pg_class s\n"
        "      JOIN pg_catalog.pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i')\n"
        "      JOIN pg_catalog.pg_class t ON t.oid = d.refobjid\n"
        "      JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace\n"
        f"      WHERE s.relkind = 'S' AND n.nspname = {literal(schema)}\n"
        f"      AND t.relname IN ({names})\n"
        "  LOOP\n"
        f"    EXECUTE format('REVOKE ALL ON SEQUENCE %I.%I FROM %I, %I', {literal(schema)},\n"
        f"      found.name, {literal(roles.applier)}, {literal(roles.reader)});\n"
        f"    EXECUTE format('GRANT USAGE ON SEQUENCE %I.%I TO %I', {literal(schema)},\n"
        f"      found.name, {literal(roles.applier)});\n"
        "  END LOOP;"
    )


def _functions(roles: Roles, schema: str) -> str:
    """The triggers' functions: they record as the owner, so nobody else may attach them to a
    table of theirs, and no temporary table may stand in for one of ours."""
    return _do(
        "FOR found IN SELECT p.oid::regprocedure AS signature, p.prosecdef AS definer\n"
        "      FROM pg_catalog.pg_proc p\n"
        "      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace\n"
        f"      WHERE n.nspname = {literal(schema)} AND p.proname LIKE {literal(FUNCTIONS)}\n"
        "  LOOP\n"
        "    IF found.definer THEN\n"
        "      EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp',\n"
        f"        found.signature, {literal(schema)});\n"
        "    END IF;\n"
        "    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', found.signature);\n"
        "    EXECUTE format('ALTER FUNCTION %s OWNER TO %I',\n"
        f"      found.signature, {literal(roles.owner)});\n"
        "  END LOOP;"
    )


def _do(body: str) -> str:
    """A block of PL/pgSQL; its quotes are some that the body doesn't have."""
    tag = "$do$"
    while tag in body:
        tag = tag[:-1] + "_$"
    declared = "DECLARE found record;\n" if body.startswith("FOR found") else ""
    return f"DO {tag}\n{declared}BEGIN\n  {body}\nEND {tag}"
