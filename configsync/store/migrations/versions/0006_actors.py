"""What named the actor of a revision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("config_revisions", sa.Column("actor_source", sa.String(20)))
