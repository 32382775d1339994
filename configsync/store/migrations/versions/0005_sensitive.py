"""Sensitive settings, and the key of the digests that stand for their values."""

from __future__ import annotations

from secrets import token_hex

import sqlalchemy as sa
from alembic import op

from configsync.store.migrations import triggers
from configsync.store.migrations.triggers import Watched

revision = "0005"
down_revision = "0004"

SETTINGS = Watched(
    "app_settings",
    "setting",
    ("category", "setting_key", "setting_value", "value_type", "description"),
    key=("category", "setting_key"),
    active="is_active",
    sensitive="is_sensitive",
    sealed="setting_value",
)


def upgrade() -> None:
    bind = op.get_bind()
    op.create_table("config_keys", sa.Column("digest_key", sa.String(64), primary_key=True))
    bind.execute(
        sa.text("INSERT INTO config_keys (digest_key) VALUES (:key)"), {"key": token_hex(32)}
    )
    op.add_column(
        "app_settings",
        sa.Column("is_sensitive", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    if bind.dialect.name == "sqlite":
        statements = [*triggers.sqlite_unwatch(SETTINGS), *triggers.sqlite_watch(SETTINGS)]
    else:
        watch = [*triggers.pg_unwatch(SETTINGS), *triggers.pg_watch(SETTINGS)]
        statements = [*triggers.pg_functions(), *watch]
    for statement in statements:
        sqlite = bind.dialect.name == "sqlite"
        # The driver of PostgreSQL takes % for a parameter.
        bind.exec_driver_sql(statement if sqlite else statement.replace("%", "%%"))
