"""Show: the live resources at an address."""

from __future__ import annotations

from configsync.core import address
from configsync.core.resource import Resource
from configsync.kinds import resource_types
from configsync.store.database import Database
from configsync.store.read import read_live


def live_resources(database: Database, pattern: str) -> list[Resource]:
    """The live resources that a pattern selects, by address, parents before their parts."""
    types = resource_types()
    with database.reading() as transaction:
        live = read_live(transaction, types.values())
    chosen = [r for r in live.values() if address.matches(r.address, pattern)]
    rank = {domain: index for index, domain in enumerate(types)}
    return sorted(chosen, key=lambda r: (r.parent or r.address, rank[r.domain], r.address))
