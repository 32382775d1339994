"""Plans: a frozen list of changes with the state that they were computed against."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.resource import Resource, State
from configsync.core.values import Json, digest


class Action(StrEnum):
    """What a change does. ``set_default`` is an update that makes its resource the default."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    SET_DEFAULT = "set_default"


class Reason(StrEnum):
    """Why a change is planned.

    ``git``: the source changed. ``drift``: the database did, and is reverted.
    ``conflict``: both did, differently. ``rename``: the name changes, the
    identity stays.
    """

    GIT = "git"
    DRIFT = "drift"
    CONFLICT = "conflict"
    RENAME = "rename"


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one resource: ``before`` is the live one, ``after`` the desired.

    ``address`` is the one after the plan's renames; ``before`` has the live
    one, which a rename of the resource or of its parent leaves behind.
    """

    address: str
    action: Action
    reason: Reason
    kind: str
    before: Resource | None
    after: Resource | None

    def __post_init__(self) -> None:
        if self.before is None and self.after is None:
            raise ValueError("a change has a before or an after")

    @property
    def resource(self) -> Resource:
        """The resource as it will be, or as it was where it goes."""
        resource = self.after or self.before
        assert resource is not None
        return resource

    @property
    def domain(self) -> str:
        return self.resource.domain

    @property
    def location(self) -> Location | None:
        """Where the change is written; for a delete, where its resource last stood."""
        elsewhere = self.resource.elsewhere
        if self.before is not None and elsewhere:
            for name in self.fields:
                if name in elsewhere:
                    return elsewhere[name]
        return self.resource.location

    @property
    def fields(self) -> dict[str, tuple[Json, Json]]:
        """Old and new value of each column that changes."""
        if self.before is None and self.after is not None:
            return {k: (None, v) for k, v in self.after.values.items()}
        if self.after is None and self.before is not None:
            return {k: (v, None) for k, v in self.before.values.items()}
        assert self.before is not None
        assert self.after is not None
        names = self.after.differing(self.before)
        return {k: (self.before.values[k], self.after.values[k]) for k in names}


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """Where a desired state comes from: the owner's id and, within git, the commit.

    ``dirty`` tells that the working tree held changes which no commit records.
    """

    id: str
    commit: str | None = None
    dirty: bool = False
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Base:
    """What a plan was computed against: which database, and its revision then."""

    database_id: str
    revision: int


@dataclass(frozen=True)
class Plan:
    """A list of changes, ready to be shown, saved and applied.

    ``desired`` is the state that it leads to. ``unmanaged`` are live
    resources that no source owns, ``records`` desired ones that are live
    unchanged, but whose owner or protection is not on record yet.
    """

    target: str
    source: SourceInfo
    base: Base
    desired: State
    changes: tuple[Change, ...] = ()
    unchanged: int = 0
    unmanaged: tuple[str, ...] = ()
    records: tuple[Resource, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @cached_property
    def plan_id(self) -> str:
        """Digest of what the plan does and what it was made for.

        The commit, and where in a file a resource stands, are not in it: the
        same content reaches main under another commit after a squash merge.
        """
        return digest(
            [
                self.source.id,
                self.base.database_id,
                self.base.revision,
                self.desired.digest(),
                [
                    [
                        c.action,
                        c.address,
                        c.before and c.before.address,
                        c.before and c.before.values,
                    ]
                    for c in self.changes
                ],
            ]
        )

    def summary(self) -> dict[str, int]:
        """How many resources are created, updated, deleted, unchanged.

        Setting a default counts as an update.
        """
        count = Counter(c.action for c in self.changes)
        return {
            "create": count[Action.CREATE],
            "update": count[Action.UPDATE] + count[Action.SET_DEFAULT],
            "delete": count[Action.DELETE],
            "unchanged": self.unchanged,
        }
