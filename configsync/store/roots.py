"""What rows of roots know besides their values: ids, who made and who changed them."""

from __future__ import annotations

from dataclasses import dataclass

from configsync.core.resource import ResourceType
from configsync.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Audit:
    """The id of a row, and who made it and last changed it or a part of it, and when.

    Times are UTC in ISO 8601.
    """

    row_id: int
    created_at: str
    created_by: str | None
    updated_at: str
    updated_by: str | None


def read_audit(
    transaction: Transaction, type_: ResourceType, key: str | None = None
) -> dict[str, Audit]:
    """What a table with audit columns knows of its rows, or of the one with a key, by address."""
    (name,) = type_.key
    created, updated = map(transaction.dialect.timestamp, ("created_at", "updated_at"))
    query = (
        f'SELECT "{name}", id, {created}, created_by, {updated}, updated_by FROM "{type_.table}"'
    )
    rows = (
        transaction.rows(query)
        if key is None
        else transaction.rows(f'{query} WHERE "{name}" = ?', key)
    )
    return {type_.address({name: value}, None): Audit(*audit) for value, *audit in rows}


def default_key(transaction: Transaction, type_: ResourceType) -> str | None:
    """The key of the row that is the default; None if none is."""
    (name,) = type_.key
    rows = transaction.rows(f'SELECT "{name}" FROM "{type_.table}" WHERE "{type_.default}"')
    return str(rows[0][0]) if rows else None
