"""Show: the resources at an address, as they are or as they were."""

from __future__ import annotations

from datetime import UTC, tzinfo

from configsync.core import address
from configsync.core.resource import Resource, State
from configsync.kinds import resource_types
from configsync.store.database import Database
from configsync.store.history import revision_at, root_of, state_at
from configsync.store.read import read_live, read_root


def find_resources(
    database: Database, pattern: str, revision: str | None = None, zone: tzinfo | None = UTC
) -> list[Resource]:
    """The resources that a pattern selects, by address, parents before their parts.

    They are the live ones, or those that history records of a revision or time
    (`configsync.store.history.revision_at`), under the names that they had
    then; a time without an offset is one of ``zone``. Raises UsageError if
    there is no such revision.
    """
    types = resource_types()
    root = root_of(pattern, types)
    with database.reading() as transaction:
        if revision is not None:
            number = revision_at(transaction, revision, zone)
            state = state_at(transaction, types, number, root)
        elif root is not None:
            state = State(r.resource for r in read_root(transaction, types, root).values())
        else:
            state = read_live(transaction, types.values())
    chosen = [r for r in state.values() if address.matches(r.address, pattern)]
    rank = {domain: index for index, domain in enumerate(types)}
    return sorted(chosen, key=lambda r: (r.parent or r.address, rank[r.domain], r.address))
