"""The tables of profiles, revisions, history and what was applied."""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from configsync.store.migrations import triggers
from configsync.store.migrations.watched import PROFILES

revision = "0001"
down_revision = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIMESTAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_profiles()
    _create_record_keeping()
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        op.create_table("config_writer", sa.Column("id", sa.Integer(), primary_key=True))
    for statement in (triggers.sqlite if dialect == "sqlite" else triggers.postgresql)(PROFILES):
        op.get_bind().exec_driver_sql(
            statement.replace("%", "%%") if dialect != "sqlite" else statement
        )
    op.get_bind().execute(
        sa.text("INSERT INTO config_database (database_id) VALUES (:id)"), {"id": str(uuid4())}
    )


def _create_profiles() -> None:
    op.create_table(
        "config_profiles",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("is_default", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", TIMESTAMP, server_default=sa.func.now(), nullable=False),
        sa.Column("created_by", sa.String(255)),
        sa.Column("updated_at", TIMESTAMP, server_default=sa.func.now(), nullable=False),
        sa.Column("updated_by", sa.String(255)),
        sa.UniqueConstraint("name", name="uq_config_profiles_name"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 100", name="ck_config_profiles_name"),
    )
    _one_default("uq_config_profiles_default", "config_profiles", "is_default")
    op.create_table(
        "config_ai_infra",
        sa.Column("id", sa.Integer(), primary_key=True),
        _profile_id(),
        sa.Column("llm_endpoint", sa.String(255), nullable=False),
        sa.Column("llm_temperature", sa.Numeric(3, 2), nullable=False),
        sa.Column("llm_max_tokens", sa.Integer(), nullable=False),
        sa.UniqueConstraint("profile_id", name="uq_config_ai_infra_profile_id"),
        sa.CheckConstraint(
            "length(llm_endpoint) BETWEEN 1 AND 255", name="ck_config_ai_infra_endpoint"
        ),
        sa.CheckConstraint(
            "llm_temperature BETWEEN 0 AND 1", name="ck_config_ai_infra_temperature"
        ),
        sa.CheckConstraint("llm_max_tokens > 0", name="ck_config_ai_infra_max_tokens"),
    )
    op.create_table(
        "config_genie_spaces",
        sa.Column("id", sa.Integer(), primary_key=True),
        _profile_id(),
        sa.Column("space_id", sa.String(255), nullable=False),
        sa.Column("space_name", sa.String(255)),
        sa.Column("description", sa.Text()),
        sa.Column("is_default", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.UniqueConstraint("profile_id", "space_id", name="uq_config_genie_spaces_space"),
        sa.CheckConstraint(
            "length(space_id) BETWEEN 1 AND 255", name="ck_config_genie_spaces_space"
        ),
        sa.CheckConstraint("length(space_name) <= 255", name="ck_config_genie_spaces_name"),
    )
    _one_default("uq_config_genie_spaces_default", "config_genie_spaces", "profile_id")
    op.create_table(
        "config_mlflow",
        sa.Column("id", sa.Integer(), primary_key=True),
        _profile_id(),
        sa.Column("experiment_name", sa.String(255), nullable=False),
        sa.UniqueConstraint("profile_id", name="uq_config_mlflow_profile_id"),
        sa.CheckConstraint(
            "length(experiment_name) BETWEEN 1 AND 255", name="ck_config_mlflow_experiment"
        ),
    )
    op.create_table(
        "config_prompts",
        sa.Column("id", sa.Integer(), primary_key=True),
        _profile_id(),
        sa.Column("system_prompt", sa.Text(), nullable=False),
        sa.Column("slide_editing_instructions", sa.Text(), nullable=False),
        sa.Column("user_prompt_template", sa.Text(), nullable=False),
        sa.UniqueConstraint("profile_id", name="uq_config_prompts_profile_id"),
    )


def _create_record_keeping() -> None:
    op.create_table(
        "config_revisions",
        sa.Column("revision", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("commit_id", sa.String(64)),
        sa.Column("dirty", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("author", sa.Text()),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("plan_digest", sa.String(64)),
        sa.Column("digest", sa.String(64)),
        sa.Column("previous_digest", sa.String(64)),
        sa.Column("db_user", sa.Text()),
        sa.Column("application_name", sa.Text()),
        sa.Column("client_address", sa.Text()),
        sa.Column("transaction_id", sa.BigInteger()),
        sa.Column("created_at", TIMESTAMP, server_default=sa.func.now(), nullable=False),
        sa.UniqueConstraint("plan_digest", name="uq_config_revisions_plan_digest"),
        sa.CheckConstraint(
            "source IN ('apply', 'rollback', 'import', 'service', 'external')",
            name="ck_config_revisions_source",
        ),
    )
    op.create_index("ix_config_revisions_transaction_id", "config_revisions", ["transaction_id"])
    op.create_table(
        "config_history",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column(
            "revision", sa.Integer(), sa.ForeignKey("config_revisions.revision"), nullable=False
        ),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("profile_id", sa.Integer()),
        sa.Column("domain", sa.String(50), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changes", JSON, nullable=False),
        sa.Column("snapshot", JSON, nullable=False),
        sa.Column("timestamp", TIMESTAMP, server_default=sa.func.now(), nullable=False),
    )
    for column in ("profile_id", "timestamp", "domain", "address", "revision"):
        op.create_index(f"ix_config_history_{column}", "config_history", [column])
    op.create_table(
        "config_resources",
        sa.Column("address", sa.Text(), primary_key=True),
        sa.Column("domain", sa.String(50), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("applied", JSON, nullable=False),
        sa.Column("prevent_destroy", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("renamed_from", sa.Text()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text()),
        sa.Column("line", sa.Integer()),
    )
    op.create_index("ix_config_resources_owner", "config_resources", ["owner"])
    op.create_table(
        "config_database",
        sa.Column("database_id", sa.String(36), primary_key=True),
        sa.Column("created_at", TIMESTAMP, server_default=sa.func.now(), nullable=False),
    )


def _profile_id() -> sa.Column[int]:
    return sa.Column(
        "profile_id",
        sa.Integer(),
        sa.ForeignKey("config_profiles.id", ondelete="CASCADE"),
        nullable=False,
    )


def _one_default(name: str, table: str, column: str) -> None:
    where = sa.text("is_default")
    op.create_index(name, table, [column], unique=True, postgresql_where=where, sqlite_where=where)
