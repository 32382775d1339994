"""Owners: which commit each source applied last, and which one a rollback holds."""

from __future__ import annotations

from dataclasses import dataclass

from configsync.store.database import Transaction


@dataclass(frozen=True, slots=True)
class OwnerRecord:
    """What is on record of a source: ``commit`` was applied last, ``held`` was rolled back."""

    commit: str | None = None
    held: str | None = None


def read_owner(transaction: Transaction, owner: str) -> OwnerRecord:
    """The record of a source; an empty one if it never applied."""
    query = "SELECT commit_id, held_commit_id FROM config_owners WHERE owner = ?"
    rows = transaction.rows(query, owner)
    return OwnerRecord(*rows[0]) if rows else OwnerRecord()


def write_owner(transaction: Transaction, owner: str, record: OwnerRecord) -> None:
    """Put a source on record."""
    transaction.run(
        "INSERT INTO config_owners (owner, commit_id, held_commit_id) VALUES (?, ?, ?) "
        "ON CONFLICT (owner) DO UPDATE SET commit_id = excluded.commit_id, "
        "held_commit_id = excluded.held_commit_id",
        *(owner, record.commit, record.held),
    )
