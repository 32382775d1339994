"""Offline: exports of what plans are made against, for those who may not reach the database."""

from __future__ import annotations

from pathlib import Path

from configsync.kinds import resource_types
from configsync.plan.export_file import from_text, to_text
from configsync.plan.stored import Export
from configsync.store.database import SCHEMA_VERSION, Database
from configsync.store.stored import read_export
from configsync.usecases.given import read_given


def export_state(database: Database) -> str:
    """The text of an export, the same for the same database. Raises DatabaseError or UsageError."""
    with database.reading() as transaction:
        export = read_export(transaction, resource_types())
    return to_text(export)


def read_state(file: Path) -> Export:
    """The export in a file. Raises UsageError if it is none, damaged, or of another version."""
    text = read_given(file, "a state export")
    return from_text(text, str(file), resource_types(), SCHEMA_VERSION)
