"""What a database holds at one moment, as plans are made against it, and an export of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from configsync.core import address
from configsync.core.plan import Base
from configsync.core.published import Published
from configsync.core.resource import ResourceType, State
from configsync.core.revision import LastWrite, OwnerRecord
from configsync.core.sealed import Seal
from configsync.plan.stored import Export
from configsync.store.authorship import last_writes, renamed_past_us
from configsync.store.database import Transaction
from configsync.store.owners import read_owner, read_owners
from configsync.store.published import read_published
from configsync.store.read import (
    read_applied,
    read_base,
    read_live,
    read_newest,
    read_row_ids,
    read_seal,
)


@dataclass(frozen=True, slots=True)
class StoredNow:
    """What a database holds, as a transaction sees it; see `configsync.plan.stored.Stored`.

    Both states are read at once, all else when it is asked for.
    """

    transaction: Transaction
    types: Mapping[str, ResourceType]
    base: Base
    applied: State
    live: State
    renamed: Mapping[str, str]
    seal: Seal

    def owner(self, source: str) -> OwnerRecord:
        return read_owner(self.transaction, source)

    def published(self, wanted: Iterable[tuple[str, int | None]]) -> Published:
        return read_published(self.transaction, self.types, wanted)

    def last_writes(self, addresses: Iterable[str]) -> Mapping[str, LastWrite]:
        return last_writes(self.transaction, addresses)

    def deactivated(self, roots: Iterable[str]) -> Set[str]:
        return read_row_ids(self.transaction, self.types, roots).keys() - self.live.keys()


def read_stored(transaction: Transaction, types: Mapping[str, ResourceType]) -> StoredNow:
    """What a database holds now. Raises DatabaseError."""
    base = read_base(transaction)
    applied = read_applied(transaction, types)
    live = read_live(transaction, types.values())
    renamed = renamed_past_us(transaction, live, applied, types)
    seal = read_seal(transaction)
    return StoredNow(transaction, types, base, applied, live, renamed, seal)


def read_export(transaction: Transaction, types: Mapping[str, ResourceType]) -> Export:
    """All of what a plan may ask of a database. Raises DatabaseError."""
    stored = read_stored(transaction, types)
    newest = read_newest(transaction)
    addresses = [at for (at,) in transaction.rows("SELECT DISTINCT address FROM config_history")]
    return Export(
        base=stored.base,
        moment=None if newest is None else newest.at,
        domains=tuple(sorted(types)),
        owners=read_owners(transaction),
        applied=stored.applied,
        live=stored.live,
        renamed=stored.renamed,
        versions=stored.published(_all_versions(transaction, types)),
        writes=stored.last_writes(addresses),
        gone=stored.deactivated(_all_roots(transaction, types)),
    )


def _all_versions(
    transaction: Transaction, types: Mapping[str, ResourceType]
) -> Iterable[tuple[str, int]]:
    """Every version that was published, by address and number."""
    for type_ in types.values():
        if type_.versions is not None:
            query = f'SELECT "{type_.key[0]}", "{type_.versions.number}" FROM "{type_.table}"'
            for name, number in transaction.rows(query):
                yield address.join(type_.domain, name), number


def _all_roots(transaction: Transaction, types: Mapping[str, ResourceType]) -> Iterable[str]:
    """The addresses of all roots that have a row, where a row may be deactivated."""
    for type_ in types.values():
        if type_.active is not None and type_.parent is None:
            keys = ", ".join(f'"{name}"' for name in type_.key)
            for row in transaction.rows(f'SELECT DISTINCT {keys} FROM "{type_.table}"'):
                yield address.join(type_.domain, *row)
