"""What a plan is made against: what a database holds at one moment.

The database itself gives it, reading what is asked for
(`configsync.store.stored`); or an export of it does, which has all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Protocol

from configsync.core.plan import Base, Offline
from configsync.core.published import Published
from configsync.core.resource import State
from configsync.core.revision import LastWrite, OwnerRecord
from configsync.core.sealed import Seal


class Stored(Protocol):
    """What a database holds at one moment.

    Who is asked about some things may tell of others too.
    """

    @property
    def base(self) -> Base: ...

    @property
    def applied(self) -> State: ...

    @property
    def live(self) -> State: ...

    @property
    def seal(self) -> Seal | None:
        """What seals its sensitive values; None where its key isn't at hand."""

    @property
    def renamed(self) -> Mapping[str, str]:
        """The live address of each root that was renamed past git, with the one on record."""

    def owner(self, source: str) -> OwnerRecord:
        """The record of a source; an empty one if it never applied."""

    def published(self, wanted: Iterable[tuple[str, int | None]]) -> Published:
        """The versions at some addresses, by number, None for the newest."""

    def last_writes(self, addresses: Iterable[str]) -> Mapping[str, LastWrite]:
        """The newest history entry of each address that has one."""

    def deactivated(self, roots: Iterable[str]) -> Set[str]:
        """Those of some addresses that aren't live, and have a row that is deactivated."""


@dataclass(frozen=True, slots=True)
class Export:
    """All of what a plan may ask of a database, at one moment.

    ``domains`` are those of the resources that it tells of. ``moment`` is when
    the base's revision was made, UTC in ISO 8601; None before the first.
    """

    base: Base
    moment: str | None
    domains: tuple[str, ...]
    owners: Mapping[str, OwnerRecord]
    applied: State
    live: State
    renamed: Mapping[str, str]
    versions: Published
    writes: Mapping[str, LastWrite]
    gone: Set[str]
    """The addresses of roots whose rows are deactivated."""

    @property
    def offline(self) -> Offline:
        """What a plan against it says of it."""
        return Offline(self.moment)

    @property
    def seal(self) -> None:
        """None: with the key, whoever has the file could guess values and see if they are right."""
        return None

    def owner(self, source: str) -> OwnerRecord:
        """The record of a source; an empty one if it never applied."""
        return self.owners.get(source, OwnerRecord())

    def published(self, wanted: Iterable[tuple[str, int | None]]) -> Published:
        """All versions, whichever are wanted."""
        return self.versions

    def last_writes(self, addresses: Iterable[str]) -> Mapping[str, LastWrite]:
        """The newest entries of all addresses, whichever are asked about."""
        return self.writes

    def deactivated(self, roots: Iterable[str]) -> Set[str]:
        """Those of some addresses that aren't live, and have a row that is deactivated."""
        return self.gone & set(roots)
