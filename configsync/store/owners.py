"""Owners: which commit each source applied last, and which one a rollback holds."""

from __future__ import annotations

from configsync.core.revision import OwnerRecord
from configsync.store.database import Transaction


def read_owner(transaction: Transaction, owner: str) -> OwnerRecord:
    """The record of a source; an empty one if it never applied."""
    query = "SELECT commit_id, held_commit_id FROM config_owners WHERE owner = ?"
    rows = transaction.rows(query, owner)
    return OwnerRecord(*rows[0]) if rows else OwnerRecord()


def read_owners(transaction: Transaction) -> dict[str, OwnerRecord]:
    """The records of all sources that ever applied, by their ids."""
    query = "SELECT owner, commit_id, held_commit_id FROM config_owners ORDER BY owner"
    return {owner: OwnerRecord(*record) for owner, *record in transaction.rows(query)}


def write_owner(transaction: Transaction, owner: str, record: OwnerRecord) -> None:
    """Put a source on record."""
    transaction.run(
        "INSERT INTO config_owners (owner, commit_id, held_commit_id) VALUES (?, ?, ?) "
        "ON CONFLICT (owner) DO UPDATE SET commit_id = excluded.commit_id, "
        "held_commit_id = excluded.held_commit_id",
        *(owner, record.commit, record.held),
    )
