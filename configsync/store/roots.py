"""What rows of roots know besides their values: ids, who made and who changed them, versions."""

from __future__ import annotations

from dataclasses import dataclass

from configsync.core.resource import ResourceType
from configsync.core.values import Row
from configsync.store.database import Transaction
from configsync.store.read import canonical


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


@dataclass(frozen=True, slots=True)
class Version:
    """One row of what has versions, with who published it, and since when it isn't active."""

    values: Row
    is_active: bool
    created_at: str
    created_by: str | None
    deactivated_at: str | None


def read_versions(
    transaction: Transaction, type_: ResourceType, key: str | None = None
) -> list[Version]:
    """All versions of what has a key, the newest first; without a key, all active ones by key."""
    assert type_.versions is not None
    (name,) = type_.key
    created, ended = map(transaction.dialect.timestamp, ("created_at", "deactivated_at"))
    columns = ", ".join(f'"{column}"' for column in type_.names)
    query = (
        f'SELECT "{type_.active}", {created}, created_by, {ended}, {columns} FROM "{type_.table}"'
    )
    rows = (
        transaction.rows(f'{query} WHERE "{type_.active}" ORDER BY "{name}"')
        if key is None
        else transaction.rows(
            f'{query} WHERE "{name}" = ? ORDER BY "{type_.versions.number}" DESC', key
        )
    )
    return [
        Version(
            {c.name: canonical(c, v) for c, v in zip(type_.columns, cells, strict=True)},
            bool(active),
            *about,
        )
        for active, *about, cells in ((*row[:4], row[4:]) for row in rows)
    ]
