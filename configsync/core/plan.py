"""Plans: a frozen list of changes with the state that they were computed against."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.resource import Resource
from configsync.core.revision import Writer
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
    """What happens to one resource: ``before`` is how it is, ``after`` how it will be.

    ``address`` is the one after the plan's renames; ``before`` has the live
    one, which a rename of the resource or of its parent leaves behind.
    ``version`` is the revision that last changed the resource, 0 if none did.
    ``by`` is who wrote the live values past git, where that is known.
    ``noted`` is what is kept as applied, where it isn't ``after``: what an ignore
    rule leaves to others isn't applied. A delete that ``deactivates`` leaves the
    row where it is.
    """

    address: str
    action: Action
    reason: Reason
    kind: str
    before: Resource | None
    after: Resource | None
    version: int = 0
    by: Writer | None = None
    noted: Resource | None = None
    deactivates: bool = False

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
    def previous_address(self) -> str | None:
        """The address that the change leaves behind, if it does."""
        if self.before is None or self.before.address == self.address:
            return None
        return self.before.address

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
        # What was applied before a column was added doesn't have it.
        return {k: (self.before.values.get(k), self.after.values[k]) for k in names}


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """Where a desired state comes from: the owner's id and, within git, the commit.

    ``id`` is empty where no source stands behind it: a service's write.
    ``dirty`` tells that the working tree held changes which no commit records.
    ``digest`` is that of the desired state.
    """

    id: str
    commit: str | None = None
    dirty: bool = False
    author: str | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Base:
    """What a plan was computed against: which database, and its revision and schema then."""

    database_id: str
    revision: int
    schema_version: str = ""


@dataclass(frozen=True, slots=True)
class Offline:
    """That a plan was made against an export: nothing after its base's revision is in it.

    ``moment`` is when that revision was made, UTC in ISO 8601; None before the
    first.
    """

    moment: str | None


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the maker of a plan asked for and allowed; a part of what is reviewed.

    ``select`` are address globs and ``label=KEY=VALUE``: nothing else is
    changed. ``force`` allows changes above the target's thresholds.
    ``refresh_only`` records what is live as applied, and changes nothing.
    ``to_revision`` is the revision that a rollback goes back to. With ``purge``,
    rows that would only be deactivated are deleted.
    """

    select: tuple[str, ...] = ()
    accept_conflicts: bool = False
    take_ownership: bool = False
    force: bool = False
    refresh_only: bool = False
    to_revision: int | None = None
    purge: bool = False


@dataclass(frozen=True)
class Plan:
    """A list of changes, ready to be shown, saved and applied.

    ``drift`` is what a ``refresh_only`` plan takes for applied: ``before`` as
    applied, ``after`` as live. ``unmanaged`` are live resources that no source
    owns. ``records`` are changes of the record alone, from what is live to what
    to note as applied; ``forgotten`` addresses whose record goes, the row being gone
    already. ``left_out`` are addresses that would change, but aren't selected.
    ``taken`` are those that another source owns until then, with its id. One
    that is ``offline`` is only to be shown.
    """

    target: str
    source: SourceInfo
    base: Base
    options: PlanOptions = field(default_factory=PlanOptions)
    changes: tuple[Change, ...] = ()
    drift: tuple[Change, ...] = ()
    unchanged: int = 0
    unmanaged: tuple[str, ...] = ()
    records: tuple[Change, ...] = ()
    forgotten: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    taken: tuple[tuple[str, str], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    offline: Offline | None = None

    @cached_property
    def plan_id(self) -> str:
        """Digest of what the plan does and what it was made for (rule 6.4).

        Of the database, it has the identity, the schema and what is known of
        each row that changes, and not the revision: changes elsewhere don't
        make a plan another one. Nor does the commit, or where in a file a
        resource stands: the same content reaches main under another commit
        after a squash merge.
        """
        options = self.options
        return digest(
            [
                [self.source.id, self.source.digest],
                [self.base.database_id, self.base.schema_version],
                [
                    *(options.accept_conflicts, options.take_ownership, options.force),
                    *(options.refresh_only, options.to_revision, options.purge),
                ],
                [_digested(c) for c in self.changes],
                [_digested(c) for c in self.drift],
                [list(pair) for pair in self.taken],
            ]
        )

    @property
    def decides(self) -> bool:
        """Tell whether there is something that somebody is to agree to."""
        return bool(self.changes or self.drift or self.taken)

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to write, not even a record."""
        return not (self.changes or self.records or self.forgotten)

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


def _digested(change: Change) -> list[Json]:
    return [
        *(change.action, change.reason, change.address, change.previous_address, change.version),
        {name: [old, new] for name, (old, new) in change.fields.items()},
    ]
