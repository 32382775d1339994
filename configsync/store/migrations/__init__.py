"""Alembic migrations, run by `configsync.store.migrate`."""
