"""Triggers: the append-only history, and the record of writes past configsync.

Both databases record the same: a revision of source ``external`` and a history
row for each row that was inserted, updated or deleted. PostgreSQL makes one
revision a transaction, SQLite, which doesn't tell transactions apart, one a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

APPEND_ONLY = ("config_history", "config_revisions")


@dataclass(frozen=True)
class Watched:
    """A table whose writes are recorded.

    ``columns`` are those whose values configsync keeps, ``booleans`` which of
    them SQLite holds as 0 and 1, ``jsons`` which as JSON text. ``key`` is empty
    for a part that a parent has once; a ``parent`` is (table, its key column,
    its domain, foreign key here). A row whose ``active`` column is false is
    recorded as if it weren't there. Of a ``versioned`` table, a key has several
    rows, and what is ``published`` of one never changes. Of a row whose
    ``sensitive`` column is true, ``sealed`` is recorded as ``{"$digest": null}``.
    """

    table: str
    domain: str
    columns: tuple[str, ...]
    key: tuple[str, ...] = ()
    booleans: tuple[str, ...] = ()
    jsons: tuple[str, ...] = ()
    parent: tuple[str, str, str, str] | None = None
    active: str = ""
    versioned: bool = False
    published: tuple[str, ...] = ()
    sensitive: str = ""
    sealed: str = ""


def postgresql(tables: tuple[Watched, ...]) -> Iterator[str]:
    """The statements for PostgreSQL."""
    yield from pg_functions()
    yield from pg_append_only(APPEND_ONLY)
    for table in tables:
        yield from pg_watch(table)


def pg_functions() -> Iterator[str]:
    """The functions that triggers call, made or made anew."""
    yield _PG_REFUSE
    yield _PG_REFUSE_TRUNCATE
    yield _PG_LOCK
    yield _PG_RECORD
    yield _PG_REFUSE_REWRITE
    yield _PG_PIN


def pg_append_only(tables: tuple[str, ...]) -> Iterator[str]:
    """Refuse UPDATE, DELETE and TRUNCATE, also where session_replication_role is replica."""
    for table in tables:
        for event, level in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
            name = f"configsync_append_only_{level.lower()}"
            yield (
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
                f"FOR EACH {level} EXECUTE FUNCTION configsync_refuse()"
            )
            yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"


def pg_watch(table: Watched) -> Iterator[str]:
    """Record the writes to one table."""
    past = "WHEN (current_setting('configsync.applying', true) IS DISTINCT FROM 'on')"
    parent = table.parent or ("", "", "", "")
    told = (
        *(table.domain, ",".join(table.key), ",".join(table.columns), *parent),
        *(table.active, "versioned" if table.versioned else "", table.sensitive, table.sealed),
    )
    arguments = ", ".join(f"'{a}'" for a in told)
    # The lock comes before any row lock of the same statement, so that writers queue.
    yield (
        f'CREATE TRIGGER configsync_lock BEFORE INSERT OR UPDATE OR DELETE ON "{table.table}" '
        f"FOR EACH STATEMENT {past} EXECUTE FUNCTION configsync_lock()"
    )
    yield (
        f'CREATE TRIGGER configsync_no_truncate BEFORE TRUNCATE ON "{table.table}" '
        "FOR EACH STATEMENT EXECUTE FUNCTION configsync_refuse_truncate()"
    )
    # A delete is recorded before it happens: its cascade reaches the parts first.
    yield (
        f'CREATE TRIGGER configsync_record_delete BEFORE DELETE ON "{table.table}" '
        f"FOR EACH ROW {past} EXECUTE FUNCTION configsync_record({arguments})"
    )
    yield (
        f'CREATE TRIGGER configsync_record AFTER INSERT OR UPDATE ON "{table.table}" '
        f"FOR EACH ROW {past} EXECUTE FUNCTION configsync_record({arguments})"
    )
    if table.published:
        changed = " OR ".join(f'OLD."{c}" IS DISTINCT FROM NEW."{c}"' for c in table.published)
        yield (
            f'CREATE TRIGGER configsync_published BEFORE UPDATE ON "{table.table}" '
            f"FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION configsync_refuse_rewrite()"
        )
        yield f'ALTER TABLE "{table.table}" ENABLE ALWAYS TRIGGER configsync_published'


def pg_unwatch(table: Watched) -> Iterator[str]:
    """Take away what `pg_watch` made, also for another form of the table."""
    for name in ("lock", "no_truncate", "record_delete", "record", "published"):
        yield f'DROP TRIGGER IF EXISTS configsync_{name} ON "{table.table}"'


_PG_REFUSE = """
CREATE OR REPLACE FUNCTION configsync_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the table % is append-only', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$
"""

_PG_REFUSE_TRUNCATE = """
CREATE OR REPLACE FUNCTION configsync_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'TRUNCATE of % would leave no record: use DELETE', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$
"""

_PG_REFUSE_REWRITE = """
CREATE OR REPLACE FUNCTION configsync_refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a published version of % never changes: insert the next one', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$
"""

_PG_LOCK = """
CREATE OR REPLACE FUNCTION configsync_lock() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('configsync:' || TG_TABLE_SCHEMA, 0));
  RETURN NULL;
END $$
"""

# SECURITY DEFINER: whoever may write the tables needs no right to write history.
_PG_RECORD = """
CREATE OR REPLACE FUNCTION configsync_record() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER AS $$
DECLARE
  row_domain text := TG_ARGV[0];
  row_keys text[] := string_to_array(TG_ARGV[1], ',');
  kept text[] := string_to_array(TG_ARGV[2], ',');
  active text := coalesce(TG_ARGV[7], '');
  versioned boolean := coalesce(TG_ARGV[8], '') <> '';
  sensitive text := coalesce(TG_ARGV[9], '');
  secret text := coalesce(TG_ARGV[10], '');
  old_row jsonb := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) END;
  new_row jsonb := CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE to_jsonb(NEW) END;
  row_now jsonb;
  row_root integer;
  root_name text;
  row_address text;
  differing jsonb;
  this_revision integer;
BEGIN
  IF active <> '' THEN
    IF old_row ->> active = 'false' THEN old_row := NULL; END IF;
    IF new_row ->> active = 'false' THEN new_row := NULL; END IF;
    IF old_row IS NULL AND new_row IS NULL THEN
      RETURN coalesce(NEW, OLD);
    END IF;
  END IF;
  row_now := coalesce(new_row, old_row);
  SELECT coalesce(jsonb_object_agg(c, jsonb_build_object('old', old_row -> c, 'new', new_row -> c)),
                  '{}')
    INTO differing FROM unnest(kept) AS c
   WHERE old_row IS NULL OR new_row IS NULL OR (old_row -> c) IS DISTINCT FROM (new_row -> c)
      OR (c = secret AND (old_row -> sensitive) IS DISTINCT FROM (new_row -> sensitive));
  IF differing = '{}' THEN
    RETURN coalesce(NEW, OLD);
  END IF;
  -- What changed was told by the values; what is recorded of sensitive ones is that they did.
  IF old_row ->> sensitive = 'true' AND differing -> secret -> 'old' IS DISTINCT FROM 'null' THEN
    differing := jsonb_set(differing, ARRAY[secret, 'old'], '{"$digest": null}', false);
  END IF;
  IF new_row ->> sensitive = 'true' AND differing -> secret -> 'new' IS DISTINCT FROM 'null' THEN
    differing := jsonb_set(differing, ARRAY[secret, 'new'], '{"$digest": null}', false);
  END IF;
  IF row_now ->> sensitive = 'true' AND row_now -> secret IS DISTINCT FROM 'null' THEN
    row_now := jsonb_set(row_now, ARRAY[secret], '{"$digest": null}', false);
  END IF;
  IF TG_ARGV[3] = '' THEN
    row_root := (row_now ->> 'id')::integer;
    IF versioned THEN
      EXECUTE format('SELECT min(id) FROM %I WHERE %I = $1', TG_TABLE_NAME, row_keys[1])
        INTO row_root USING row_now ->> row_keys[1];
    END IF;
    row_address := row_domain;
  ELSE
    row_root := (row_now ->> TG_ARGV[6])::integer;
    EXECUTE format('SELECT %I FROM %I WHERE id = $1', TG_ARGV[4], TG_ARGV[3])
      INTO root_name USING row_root;
    IF root_name IS NULL THEN
      -- The parent's delete cascades to here: its own record was written before.
      SELECT snapshot ->> TG_ARGV[4] INTO root_name FROM config_history
       WHERE root_id = row_root AND domain = TG_ARGV[5] ORDER BY id DESC LIMIT 1;
    END IF;
    row_address := TG_ARGV[5] || '/' || replace(replace(root_name, '%', '%25'), '/', '%2F')
      || '/' || row_domain;
  END IF;
  SELECT coalesce(row_address || string_agg(
           '/' || replace(replace(row_now ->> k, '%', '%25'), '/', '%2F'), '' ORDER BY place),
           row_address)
    INTO row_address FROM unnest(row_keys) WITH ORDINALITY AS keys(k, place);
  SELECT revision INTO this_revision FROM config_revisions
   WHERE transaction_id = txid_current() AND source = 'external'
     -- A restored database may have revisions that another server's transactions made.
     AND created_at >= transaction_timestamp();
  IF this_revision IS NULL THEN
    INSERT INTO config_revisions (revision, source, actor, db_user, application_name,
                                  client_address, transaction_id, created_at)
    SELECT coalesce(max(revision), 0) + 1, 'external', session_user, session_user,
           current_setting('application_name', true), host(inet_client_addr()),
           txid_current(), clock_timestamp()
      FROM config_revisions RETURNING revision INTO this_revision;
    PERFORM pg_notify('configsync', this_revision::text);
  END IF;
  INSERT INTO config_history (revision, address, root_id, profile_id, domain, action, changed_by,
                              changes, snapshot, timestamp)
  SELECT this_revision, row_address, row_root,
         CASE WHEN 'profile' IN (row_domain, TG_ARGV[5]) THEN row_root END, row_domain,
         CASE WHEN old_row IS NULL THEN 'create' WHEN new_row IS NULL THEN 'delete'
              ELSE 'update' END,
         session_user, differing, jsonb_object_agg(c, row_now -> c), clock_timestamp()
    FROM unnest(kept) AS c;
  RETURN coalesce(NEW, OLD);
END $$
"""

# Without pg_temp at the end, a temporary table would stand in for one of ours and keep the record.
# Who can attach the recording function to a table of theirs could write what history they like.
_PG_PIN = """
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['configsync_lock', 'configsync_record'] LOOP
    EXECUTE format('ALTER FUNCTION %I() SET search_path = %I, pg_temp', name, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %I() FROM PUBLIC', name);
  END LOOP;
END $$
"""

SQLITE_NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now')"


def sqlite(tables: tuple[Watched, ...]) -> Iterator[str]:
    """The statements for SQLite."""
    for table in APPEND_ONLY:
        yield from sqlite_append_only(table)
    for watched in tables:
        yield from sqlite_watch(watched)


def sqlite_append_only(table: str) -> Iterator[str]:
    """Refuse UPDATE and DELETE of one table."""
    for event in ("UPDATE", "DELETE"):
        yield (
            f"CREATE TRIGGER {table}_append_only_{event.lower()} BEFORE {event} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'the table {table} is append-only'); END"
        )


def sqlite_watch(table: Watched) -> Iterator[str]:
    """Record the writes to one table."""
    for name, timing, action, condition in _sqlite_events(table):
        yield (
            f'CREATE TRIGGER {table.table}_record_{name} {timing} ON "{table.table}" '
            f"WHEN NOT EXISTS (SELECT 1 FROM config_writer){condition} "
            f"BEGIN {_sqlite_record(table, action)} END"
        )
    if table.parent is not None:
        # SQLite cascades only for connections that ask for foreign keys; most don't, and
        # would leave rows behind that the next parent of that id takes for its own.
        parent, _, _, foreign_key = table.parent
        yield (
            f'CREATE TRIGGER {table.table}_cascade BEFORE DELETE ON "{parent}" '
            f'BEGIN DELETE FROM "{table.table}" WHERE "{foreign_key}" = OLD.id; END'
        )
    if table.published:
        changed = " OR ".join(f'OLD."{c}" IS NOT NEW."{c}"' for c in table.published)
        yield (
            f'CREATE TRIGGER {table.table}_published BEFORE UPDATE ON "{table.table}" '
            f"WHEN {changed} BEGIN SELECT RAISE(ABORT, 'a published version of {table.table} "
            "never changes: insert the next one'); END"
        )


def sqlite_unwatch(table: Watched) -> Iterator[str]:
    """Take away what `sqlite_watch` made, also for another form of the table."""
    events = ("insert", "update", "activate", "deactivate", "delete")
    for name in (*(f"record_{event}" for event in events), "cascade", "published"):
        yield f"DROP TRIGGER IF EXISTS {table.table}_{name}"


def _sqlite_events(table: Watched) -> Iterator[tuple[str, str, str, str]]:
    """Name, timing, recorded action and further condition of each trigger."""
    compared = [*table.columns, *([table.sensitive] if table.sensitive else [])]
    moved = " OR ".join(f'OLD."{c}" IS NOT NEW."{c}"' for c in compared)
    if not table.active:
        yield "insert", "AFTER INSERT", "create", ""
        yield "update", "AFTER UPDATE", "update", f" AND ({moved})"
        yield "delete", "BEFORE DELETE", "delete", ""
        return
    old, new = f'OLD."{table.active}"', f'NEW."{table.active}"'
    yield "insert", "AFTER INSERT", "create", f" AND {new}"
    yield "update", "AFTER UPDATE", "update", f" AND {old} AND {new} AND ({moved})"
    yield "activate", "AFTER UPDATE", "create", f" AND NOT {old} AND {new}"
    yield "deactivate", "AFTER UPDATE", "delete", f" AND {old} AND NOT {new}"
    yield "delete", "BEFORE DELETE", "delete", f" AND {old}"


def _sqlite_record(table: Watched, action: str) -> str:
    row = "OLD" if action == "delete" else "NEW"
    root_id = f"{row}.id"
    domain, address = table.domain, f"'{table.domain}'"
    if table.versioned:
        key = table.key[0]
        root_id = f'(SELECT min(id) FROM "{table.table}" WHERE "{key}" = {row}."{key}")'
    if table.parent is not None:
        parent_table, parent_key, domain, foreign_key = table.parent
        root_id = f'{row}."{foreign_key}"'
        name = (
            f'coalesce((SELECT "{parent_key}" FROM "{parent_table}" WHERE id = {root_id}), '
            f"(SELECT json_extract(snapshot, '$.{parent_key}') FROM config_history "
            f"WHERE root_id = {root_id} AND domain = '{domain}' "
            "ORDER BY id DESC LIMIT 1))"
        )
        address = f"'{domain}/' || {_escaped(name)} || '/{table.domain}'"
    for key in table.key:
        address += f" || '/' || {_escaped(_cell(row, key))}"
    profile_id = root_id if domain == "profile" else "NULL"
    return (
        "INSERT INTO config_revisions (revision, source, actor, created_at) "
        f"SELECT coalesce(max(revision), 0) + 1, 'external', 'unknown', {SQLITE_NOW} "
        "FROM config_revisions; "
        "INSERT INTO config_history (revision, address, root_id, profile_id, domain, action, "
        "changed_by, changes, snapshot, timestamp) "
        f"SELECT max(revision), {address}, {root_id}, {profile_id}, '{table.domain}', "
        f"'{action}', 'unknown', {_sqlite_changes(table, action)}, "
        f"{_sqlite_object(table, row)}, {SQLITE_NOW} FROM config_revisions;"
    )


def _cell(row: str, column: str) -> str:
    return f'{row}."{column}"'


def _escaped(text: str) -> str:
    return f"replace(replace({text}, '%', '%25'), '/', '%2F')"


def _sqlite_value(table: Watched, row: str, column: str) -> str:
    """The column's value as JSON text."""
    value = _cell(row, column)
    if column in table.booleans:
        return f"CASE {value} WHEN 0 THEN 'false' WHEN 1 THEN 'true' ELSE json_quote({value}) END"
    if column == table.sealed:
        sealed = f"{_cell(row, table.sensitive)} AND {value} IS NOT NULL"
        return f"CASE WHEN {sealed} THEN json_object('$digest', NULL) ELSE json_quote({value}) END"
    if column in table.jsons:
        return f"CASE WHEN json_valid({value}) THEN {value} ELSE json_quote({value}) END"
    return f"json_quote({value})"


def _sqlite_object(table: Watched, row: str) -> str:
    pairs = ", ".join(f"'{c}', json({_sqlite_value(table, row, c)})" for c in table.columns)
    return f"json_object({pairs})"


def _sqlite_changes(table: Watched, action: str) -> str:
    rows = []
    for column in table.columns:
        old = "'null'" if action == "create" else _sqlite_value(table, "OLD", column)
        new = "'null'" if action == "delete" else _sqlite_value(table, "NEW", column)
        moved = "0"
        if column == table.sealed and action == "update":
            # What is recorded of two sensitive values doesn't tell them apart.
            pairs = ((_cell("OLD", c), _cell("NEW", c)) for c in (column, table.sensitive))
            moved = " OR ".join(f"{one} IS NOT {other}" for one, other in pairs)
        rows.append(f"SELECT '{column}' AS name, {old} AS was, {new} AS now, {moved} AS moved")
    only = "WHERE was IS NOT now OR moved" if action == "update" else ""
    return (
        "(SELECT json_group_object(name, json_object('old', json(was), 'new', json(now))) "
        f"FROM ({' UNION ALL '.join(rows)}) {only})"
    )
