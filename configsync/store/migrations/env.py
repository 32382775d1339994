"""Alembic's environment: runs the migrations on the connection that it is given."""

from __future__ import annotations

from alembic import context

from configsync.store.models import Base

VERSION_TABLE = "config_schema_version"
"""Alembic's own default would collide with the application's migrations."""

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
context.run_migrations()
