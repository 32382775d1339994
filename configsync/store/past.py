"""What a way back needs to know of the past: whose a resource was, and what it is called now."""

from __future__ import annotations

from collections.abc import Iterable

from configsync.core.resource import Resource, State
from configsync.core.values import canonical_json
from configsync.store import sql
from configsync.store.database import Transaction
from configsync.store.history import Types, read_entries


def owners_then(
    transaction: Transaction, addresses: Iterable[str], revision: int
) -> dict[str, str]:
    """The source that had last applied each address at a revision; none did where it is absent."""
    query = (
        "SELECT r.address, (SELECT m.owner FROM config_history h "
        "JOIN config_revisions m ON m.revision = h.revision "
        "WHERE h.address = r.address AND h.revision <= ? AND m.owner IS NOT NULL "
        f"ORDER BY h.id DESC LIMIT 1) FROM {_addresses(transaction)}"
    )
    return {
        at: str(owner)
        for chunk in _chunks(addresses)
        for at, owner in transaction.rows(query, revision, chunk)
        if owner is not None
    }


def renamed_since(
    transaction: Transaction, past: State, live: State, revision: int
) -> dict[str, str]:
    """The address at a revision of each root that has another one now, with that one.

    It is the same where its row has the same id.
    """
    lost = [at for at, r in past.items() if r.parent is None and at not in live]
    new = [at for at, r in live.items() if r.parent is None and at not in past]
    if not lost or not new:
        return {}
    ((newest,),) = transaction.rows("SELECT max(revision) FROM config_revisions")
    now = {row: at for at, row in _rows(transaction, new, newest).items()}
    then = _rows(transaction, lost, revision)
    return {at: now[row] for at, row in then.items() if row in now}


def resources_had(
    transaction: Transaction, types: Types, addresses: Iterable[str]
) -> dict[str, list[Resource]]:
    """What history records of some addresses: each resource that there was, the oldest first."""
    query = (
        f"SELECT h.id FROM {_addresses(transaction)} JOIN config_history h ON h.address = r.address"
    )
    ids = [row for chunk in _chunks(addresses) for (row,) in transaction.rows(query, chunk)]
    found: dict[str, list[Resource]] = {}
    for entry in read_entries(transaction, types, ids):
        resource = entry.resource(types)
        if resource is not None:
            found.setdefault(entry.address, []).append(resource)
    return found


def _rows(
    transaction: Transaction, roots: Iterable[str], revision: int
) -> dict[str, tuple[str, int]]:
    """The domain and the id of the row that each root had at a revision, as history has it."""
    query = (
        "SELECT r.address, (SELECT h.root_id FROM config_history h "
        "WHERE h.address = r.address AND h.revision <= ? "
        f"ORDER BY h.id DESC LIMIT 1) FROM {_addresses(transaction)}"
    )
    return {
        at: (at.split("/")[0], int(row_id))
        for chunk in _chunks(roots)
        for at, row_id in transaction.rows(query, revision, chunk)
        if row_id is not None
    }


def _addresses(transaction: Transaction) -> str:
    return transaction.dialect.recordset([("address", "text")], "r")


def _chunks(addresses: Iterable[str]) -> Iterable[str]:
    return sql.chunks(canonical_json({"address": at}) for at in sorted(addresses))
