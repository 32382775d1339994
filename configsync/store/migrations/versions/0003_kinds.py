"""The tables of prompts, settings, projects and rules; history that knows any row by its id."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from configsync.store.migrations import triggers
from configsync.store.migrations.triggers import Watched
from configsync.store.migrations.watched import PROFILES

revision = "0003"
down_revision = "0002"

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
TIMESTAMP = sa.DateTime(timezone=True)

PARENT = ("projects", "project_code", "project", "project_id")
VALUE_TYPES = "value_type IN ('string', 'int', 'float', 'bool', 'json')"
HAS_VALUE = "setting_value IS NOT NULL OR value_type <> 'json'"

WATCHED = (
    Watched(
        "prompts_versioned",
        "prompt",
        ("prompt_name", "version", "prompt_content", "variables", "agent_name", "prompt_type"),
        key=("prompt_name",),
        jsons=("variables",),
        active="is_active",
        versioned=True,
        published=("version", "prompt_content", "variables"),
    ),
    Watched(
        "app_settings",
        "setting",
        ("category", "setting_key", "setting_value", "value_type", "description"),
        key=("category", "setting_key"),
        active="is_active",
    ),
    Watched(
        "projects",
        "project",
        ("project_code", "project_name", "log_source_type", "description"),
        key=("project_code",),
        active="is_active",
    ),
    Watched(
        "project_settings",
        "project_setting",
        ("setting_key", "setting_value", "value_type"),
        key=("setting_key",),
        parent=PARENT,
    ),
    Watched(
        "environments",
        "environment",
        ("env_code", "env_name", "loki_namespace", "log_base_path"),
        key=("env_code",),
        parent=PARENT,
        active="is_active",
    ),
    Watched(
        "context_rules",
        "context_rule",
        ("context", "important", "ignore", "description"),
        key=("context",),
        active="is_active",
    ),
    Watched(
        "negate_rules",
        "negate_rule",
        ("label", "operator", "value"),
        key=("label", "operator", "value"),
        active="is_active",
    ),
)

VIEWS = {
    "prompt_history": """
SELECT h.id, {snapshot_prompt_name} AS prompt_name, {snapshot_version} AS version, h.action,
       {old_prompt_content} AS old_content, {new_prompt_content} AS new_content,
       {old_version} AS old_version, {new_version} AS new_version,
       h.changed_by, h.timestamp AS changed_at, h.revision
  FROM config_history h WHERE h.domain = 'prompt'
""",
    "settings_history": """
SELECT h.id, {snapshot_category} AS category, {snapshot_setting_key} AS setting_key, h.action,
       {old_setting_value} AS old_value, {new_setting_value} AS new_value,
       {snapshot_value_type} AS value_type,
       h.changed_by, h.timestamp AS changed_at, h.revision
  FROM config_history h WHERE h.domain = 'setting'
""",
}
"""The columns that applications read of one history; values are text, versions numbers. A column
that an entry didn't change has the same old and new value."""


def upgrade() -> None:
    _create_prompts()
    _create_settings()
    _create_projects()
    _create_rules()
    op.add_column("config_resources", sa.Column("uses", JSON))
    _know_rows_by_id()
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        for statement in triggers.pg_functions():
            _run(statement)
    for watched in WATCHED:
        watch = triggers.sqlite_watch if dialect == "sqlite" else triggers.pg_watch
        for statement in watch(watched):
            _run(statement)
    for name, query in VIEWS.items():
        _run(f"CREATE VIEW {name} AS {query.format_map(_Places(dialect))}")


def _know_rows_by_id() -> None:
    """Until now, only the ids of profiles were kept."""
    op.add_column("config_history", sa.Column("root_id", sa.Integer()))
    fill = "UPDATE config_history SET root_id = profile_id"
    if op.get_bind().dialect.name == "sqlite":
        _run("DROP TRIGGER config_history_append_only_update")
        _run("DROP TRIGGER config_history_append_only_delete")
        _run(fill)
        for statement in triggers.sqlite_append_only("config_history"):
            _run(statement)
        # Those of the tables that there were record the id too.
        for watched in PROFILES:
            for name in ("record_insert", "record_update", "record_delete", "cascade"):
                _run(f"DROP TRIGGER IF EXISTS {watched.table}_{name}")
            for statement in triggers.sqlite_watch(watched):
                _run(statement)
    else:
        trigger = "config_history DISABLE TRIGGER configsync_append_only_row"
        _run(f"ALTER TABLE {trigger}")
        _run(fill)
        _run(f"ALTER TABLE {trigger.replace('DISABLE', 'ENABLE ALWAYS')}")
    op.drop_index("ix_config_history_profile_id", "config_history")
    op.create_index("ix_config_history_profile_id", "config_history", ["profile_id", "id"])
    op.create_index("ix_config_history_root_id", "config_history", ["root_id", "address", "id"])


def _create_prompts() -> None:
    op.create_table(
        "prompts_versioned",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("prompt_name", sa.String(255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("prompt_content", sa.Text(), nullable=False),
        sa.Column("variables", JSON, nullable=False),
        sa.Column("agent_name", sa.String(255)),
        sa.Column("prompt_type", sa.String(50)),
        _is_active(),
        sa.Column("created_by", sa.String(255)),
        sa.Column("created_at", TIMESTAMP, server_default=sa.func.now(), nullable=False),
        sa.Column("deactivated_at", TIMESTAMP),
        sa.UniqueConstraint("prompt_name", "version", name="uq_prompts_versioned_version"),
        sa.CheckConstraint(
            "length(prompt_name) BETWEEN 1 AND 255", name="ck_prompts_versioned_name"
        ),
        sa.CheckConstraint("version >= 1", name="ck_prompts_versioned_version"),
    )
    where = sa.text("is_active")
    op.create_index(
        "uq_prompts_versioned_active",
        "prompts_versioned",
        ["prompt_name"],
        unique=True,
        postgresql_where=where,
        sqlite_where=where,
    )


def _create_settings() -> None:
    op.create_table(
        "app_settings",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("category", sa.String(100), nullable=False),
        sa.Column("setting_key", sa.String(255), nullable=False),
        sa.Column("setting_value", sa.Text()),
        sa.Column("value_type", sa.String(20), nullable=False),
        sa.Column("description", sa.Text()),
        _is_active(),
        sa.UniqueConstraint("category", "setting_key", name="uq_app_settings_key"),
        sa.CheckConstraint("length(category) BETWEEN 1 AND 100", name="ck_app_settings_category"),
        sa.CheckConstraint("length(setting_key) BETWEEN 1 AND 255", name="ck_app_settings_key"),
        sa.CheckConstraint(VALUE_TYPES, name="ck_app_settings_type"),
        sa.CheckConstraint(HAS_VALUE, name="ck_app_settings_value"),
    )


def _create_projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("project_code", sa.String(50), nullable=False),
        sa.Column("project_name", sa.String(255), nullable=False),
        sa.Column("log_source_type", sa.String(20), nullable=False),
        sa.Column("description", sa.Text()),
        _is_active(),
        sa.UniqueConstraint("project_code", name="uq_projects_code"),
        sa.CheckConstraint("length(project_code) BETWEEN 1 AND 50", name="ck_projects_code"),
        sa.CheckConstraint("log_source_type IN ('file', 'loki')", name="ck_projects_source"),
    )
    op.create_table(
        "project_settings",
        sa.Column("id", sa.Integer(), primary_key=True),
        _project_id(),
        sa.Column("setting_key", sa.String(255), nullable=False),
        sa.Column("setting_value", sa.Text()),
        sa.Column("value_type", sa.String(20), nullable=False),
        sa.UniqueConstraint("project_id", "setting_key", name="uq_project_settings_key"),
        sa.CheckConstraint("length(setting_key) BETWEEN 1 AND 255", name="ck_project_settings_key"),
        sa.CheckConstraint(VALUE_TYPES, name="ck_project_settings_type"),
        sa.CheckConstraint(HAS_VALUE, name="ck_project_settings_value"),
    )
    op.create_table(
        "environments",
        sa.Column("id", sa.Integer(), primary_key=True),
        _project_id(),
        sa.Column("env_code", sa.String(50), nullable=False),
        sa.Column("env_name", sa.String(255)),
        sa.Column("loki_namespace", sa.String(255)),
        sa.Column("log_base_path", sa.Text()),
        _is_active(),
        sa.UniqueConstraint("project_id", "env_code", name="uq_environments_code"),
        sa.CheckConstraint("length(env_code) BETWEEN 1 AND 50", name="ck_environments_code"),
    )


def _create_rules() -> None:
    op.create_table(
        "context_rules",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("context", sa.String(255), nullable=False),
        sa.Column("important", sa.Text()),
        sa.Column("ignore", sa.Text()),
        sa.Column("description", sa.Text()),
        _is_active(),
        sa.UniqueConstraint("context", name="uq_context_rules_context"),
        sa.CheckConstraint("length(context) BETWEEN 1 AND 255", name="ck_context_rules_context"),
    )
    op.create_table(
        "negate_rules",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("operator", sa.String(20), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        _is_active(),
        sa.UniqueConstraint("label", "operator", "value", name="uq_negate_rules_rule"),
        sa.CheckConstraint("length(label) BETWEEN 1 AND 255", name="ck_negate_rules_label"),
    )


def _is_active() -> sa.Column[bool]:
    return sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False)


def _project_id() -> sa.Column[int]:
    reference = sa.ForeignKey("projects.id", ondelete="CASCADE")
    return sa.Column("project_id", sa.Integer(), reference, nullable=False)


class _Places(dict[str, str]):
    """``snapshot_NAME``, ``old_NAME`` and ``new_NAME`` as expressions of a dialect."""

    def __init__(self, dialect: str) -> None:
        super().__init__()
        self.dialect = dialect

    def __missing__(self, place: str) -> str:
        of, _, name = place.partition("_")
        kept = self._value("h.snapshot", name)
        if of == "snapshot":
            return kept
        has = f"h.changes -> '{name}' IS NOT NULL"
        if self.dialect == "sqlite":
            has = f"json_type(h.changes, '$.{name}') IS NOT NULL"
        return f"CASE WHEN {has} THEN {self._value('h.changes', name, of)} ELSE {kept} END"

    def _value(self, column: str, *steps: str) -> str:
        if self.dialect == "sqlite":
            return f"json_extract({column}, '$.{'.'.join(steps)}')"
        value = f"{column} #>> '{{{','.join(steps)}}}'"
        return f"({value})::integer" if steps[0] == "version" else f"({value})"


def _run(statement: str) -> None:
    bind = op.get_bind()
    sqlite = bind.dialect.name == "sqlite"
    bind.exec_driver_sql(statement if sqlite else statement.replace("%", "%%"))
