"""What plans, rollbacks and long histories need: owners, their commits, labels, indexes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from configsync.store.migrations import triggers

revision = "0002"
down_revision = "0001"

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("config_revisions", sa.Column("owner", sa.Text()))
    op.add_column("config_revisions", sa.Column("planned_commit_id", sa.String(64)))
    op.add_column("config_revisions", sa.Column("to_revision", sa.Integer()))
    op.add_column("config_resources", sa.Column("labels", JSON))
    op.create_table(
        "config_owners",
        sa.Column("owner", sa.Text(), primary_key=True),
        sa.Column("commit_id", sa.String(64)),
        sa.Column("held_commit_id", sa.String(64)),
    )
    op.create_index("ix_config_revisions_commit_id", "config_revisions", ["commit_id"])
    op.create_index(
        "ix_config_revisions_created_at", "config_revisions", ["created_at", "revision"]
    )
    _index_history()
    if op.get_bind().dialect.name == "postgresql":
        # A revision's digest covers its history, so that it is inserted after it. SQLite, which
        # can't alter a constraint, defers them by a pragma of the writing transaction.
        op.execute(
            "ALTER TABLE config_history ALTER CONSTRAINT config_history_revision_fkey "
            "DEFERRABLE INITIALLY DEFERRED"
        )
        # Made anew: at 0001 they looked up names where a writer's temporary tables came first.
        for statement in triggers.pg_functions():
            op.get_bind().exec_driver_sql(statement.replace("%", "%%"))


def _index_history() -> None:
    """History is read from its newest end: each index ends with what gives the order."""
    for column in ("address", "domain", "profile_id", "revision", "timestamp"):
        op.drop_index(f"ix_config_history_{column}", "config_history")
    for column in ("domain", "changed_by", "revision", "timestamp"):
        op.create_index(f"ix_config_history_{column}", "config_history", [column, "id"])
    op.create_index(
        "ix_config_history_profile_id", "config_history", ["profile_id", "address", "id"]
    )
    # For LIKE with a fixed beginning, whatever the database's collation.
    op.create_index(
        "ix_config_history_address",
        "config_history",
        ["address", "id"],
        postgresql_ops={"address": "text_pattern_ops"},
    )
