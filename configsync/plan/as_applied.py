"""A database as it would be if nobody had written to it past git."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace

from configsync.core.plan import Base
from configsync.core.published import Published
from configsync.core.resource import ResourceType, State
from configsync.core.revision import LastWrite, OwnerRecord
from configsync.core.sealed import Seal
from configsync.plan.stored import Stored


@dataclass(frozen=True, slots=True)
class AsApplied:
    """What ``stored`` would be if what was applied were live too.

    A plan against it is about what was applied, and reverts no drift. ``live``
    is as `live_as_applied` gives it.
    """

    stored: Stored
    live: State

    @property
    def base(self) -> Base:
        return self.stored.base

    @property
    def applied(self) -> State:
        return self.stored.applied

    @property
    def seal(self) -> Seal | None:
        return self.stored.seal

    @property
    def renamed(self) -> Mapping[str, str]:
        """None: all is where it is on record."""
        return {}

    def owner(self, source: str) -> OwnerRecord:
        return self.stored.owner(source)

    def published(self, wanted: Iterable[tuple[str, int | None]]) -> Published:
        return self.stored.published(wanted)

    def last_writes(self, addresses: Iterable[str]) -> Mapping[str, LastWrite]:
        return self.stored.last_writes(addresses)

    def deactivated(self, roots: Iterable[str]) -> Set[str]:
        return self.stored.deactivated(roots)


def live_as_applied(applied: State, types: Mapping[str, ResourceType]) -> State:
    """What was applied, as far as a kind of it is installed, as if it were read from its tables.

    There, the fields of a resource are in the order of the columns.
    """
    known = (r for r in applied.values() if r.domain in types)
    return State(
        replace(r, values={n: r.values[n] for n in types[r.domain].names if n in r.values})
        for r in known
    )
