"""What plans, rollbacks and long histories need: owners, their commits, labels, indexes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

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
    # History is read from its newest end: the second column gives the order.
    for column in ("address", "domain"):
        op.drop_index(f"ix_config_history_{column}", "config_history")
    for column in ("address", "domain", "changed_by"):
        op.create_index(f"ix_config_history_{column}", "config_history", [column, "id"])
