"""Who wrote which rows: what history tells of the rows that a plan or drift is about."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from configsync.core.resource import ResourceType, State, former_address
from configsync.core.revision import LastWrite, RevisionSource, Writer
from configsync.core.values import canonical_json
from configsync.store import sql
from configsync.store.database import Transaction

_PAST_GIT = ", ".join(f"'{source.value}'" for source in RevisionSource if source.past_git)


def last_writes(transaction: Transaction, addresses: Iterable[str]) -> dict[str, LastWrite]:
    """The newest history entry of each address that has one."""
    records = transaction.dialect.recordset([("address", "text")], "r")
    query = (
        "SELECT h.address, h.action, "
        f"CASE WHEN m.source IN ({_PAST_GIT}) THEN CAST(h.snapshot AS text) END, "
        f"m.revision, m.source, coalesce(m.db_user, m.actor), "
        f"{transaction.dialect.timestamp('m.created_at')}, m.application_name, "
        "m.client_address, m.commit_id "
        f"FROM {records} JOIN config_history h ON h.id = "
        "(SELECT max(x.id) FROM config_history x WHERE x.address = r.address) "
        "JOIN config_revisions m ON m.revision = h.revision"
    )
    found = {}
    for chunk in _chunks(addresses):
        for row in transaction.rows(query, chunk):
            at, action, snapshot, revision, source, user, time, application, client, commit = row
            writer = Writer(
                revision, RevisionSource(source), user, time, application, client, commit
            )
            found[at] = LastWrite(writer, action, snapshot and json.loads(snapshot))
    return found


SHOWN = 5
"""Addresses that a message names."""


def told(transaction: Transaction, moved: Iterable[str], since: int) -> str:
    """Name rows that moved after a revision, and who moved them, for a message."""
    moved = sorted(moved)
    writes = last_writes(transaction, moved[:SHOWN])
    named = []
    for at in moved[:SHOWN]:
        write = writes.get(at)
        if write is None or write.writer.revision <= since:
            named.append(f"{at} (by a write that left no record)")
        else:
            by = write.writer
            how = "past configsync" if by.source is RevisionSource.EXTERNAL else by.source.value
            named.append(f"{at} (revision {by.revision}, {how}, by {by.user} at {by.at})")
    more = f" and {len(moved) - SHOWN} more" if len(moved) > SHOWN else ""
    return ", ".join(named) + more


def renamed_past_us(
    transaction: Transaction, live: State, applied: State, types: Mapping[str, ResourceType]
) -> dict[str, str]:
    """The live address of each root that someone renamed past git, with the one on record.

    It is told by what history has of the renames, one after another.
    """
    lost = {at for at, r in applied.items() if r.parent is None and at not in live}
    # Each name that is followed back, with the live address that it led to.
    names = {at: at for at, r in live.items() if r.parent is None and at not in applied}
    found: dict[str, str] = {}
    seen: set[str] = set()
    while lost and names:
        seen |= names.keys()
        former = _former(transaction, names, types)
        for old in lost & former.keys():
            found[former[old]] = old
        lost -= former.keys()
        names = {at: now for at, now in former.items() if at not in seen and now not in found}
    return found


def _former(
    transaction: Transaction, names: Mapping[str, str], types: Mapping[str, ResourceType]
) -> dict[str, str]:
    """The names that roots had before someone gave them these, with what these lead to."""
    records = transaction.dialect.recordset([("address", "text")], "r")
    query = (
        f"SELECT h.address, h.domain, CAST(h.changes AS text) FROM {records} "
        "JOIN config_history h ON h.address = r.address "
        "JOIN config_revisions m ON m.revision = h.revision "
        f"WHERE m.source IN ({_PAST_GIT}) AND h.action = 'update' ORDER BY h.id"
    )
    found: dict[str, str] = {}
    for chunk in _chunks(names):
        for at, domain, changes in transaction.rows(query, chunk):
            old = former_address(at, types[domain], json.loads(changes))
            if old != at:
                found.setdefault(old, names[at])
    return found


def _chunks(addresses: Iterable[str]) -> Iterable[str]:
    return sql.chunks(canonical_json({"address": at}) for at in addresses)
