"""What one target has applied and another hasn't, and what of it is to be promoted.

Both targets compile the same source, so that they differ for one of three
reasons. An apply is missing: then no edit is needed, or it is too early for
one. Or the target's own overlay or variables set the value: then it is meant
to differ, unless the other target had that value once, so that this one only
lags behind. What is left stands in the other target's overlay alone, and is what
a promotion writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from configsync.core.diagnostic import Location
from configsync.core.document import Path
from configsync.core.ignore import IgnoreRule
from configsync.core.resource import Resource, State
from configsync.core.values import Json, Row, equal
from configsync.kinds import resource_types
from configsync.plan.versions import as_written
from configsync.source.project import Target
from configsync.usecases.editing import Editing
from configsync.usecases.sites import Layered, Site, Sites


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two targets.

    ``applied`` is what it has of this source, ``desired`` what the source
    compiles to for it, ``swapped`` the same with the values that the other
    target has for its variables. ``had`` are the resources that it ever had,
    where the two targets differ.
    """

    target: Target
    applied: State
    desired: State
    swapped: State
    had: Mapping[str, Sequence[Resource]] = field(default_factory=dict)

    def has(self, at: str) -> Resource | None:
        """What is applied at an address, as the source would say it."""
        known = self.applied.get(at)
        return known and as_written(known, self.desired.get(at), resource_types())

    def ran(self, resource: Resource, names: Iterable[str]) -> bool:
        """Tell whether it ever had the values that a resource has in some columns."""
        versions = resource_types()[resource.domain].versions
        # Each database counts its own.
        counted = None if versions is None else versions.number
        meant = [n for n in names if n != counted]
        return any(
            all(equal(r.values.get(n), resource.values[n]) for n in meant)
            for r in self.had.get(resource.address, ())
        )

    def varies(self, at: str, names: tuple[str, ...]) -> bool:
        """Tell whether columns of a resource follow the target's variables."""
        own, other = self.desired.get(at), self.swapped.get(at)
        if own is None or other is None:
            return own is not other
        return any(name in own.differing(other) for name in names)


class Keeper(StrEnum):
    """What sets a value for one target on purpose."""

    OVERLAY = "overlay"
    VARIABLE = "variable"


@dataclass(frozen=True, slots=True)
class Kept:
    """A difference that is meant; ``field`` is None where it is the whole resource.

    ``values`` are that of the target promoted from and that of the other one.
    """

    address: str
    field: str | None
    by: Keeper
    values: tuple[Json, Json]
    location: Location | None


@dataclass(slots=True)
class Comparison:
    """What differs between two targets.

    ``applied`` is what this source has applied to the one promoted to, with what
    it would take over; ``desired`` what the source is to compile to for it then. The
    addresses in ``written`` are those at which that is another than now.
    ``untried`` are addresses where the target promoted from hasn't applied what
    its source says; ``foreign`` those of resources that belong to another
    source in the target promoted to, with its id.
    """

    applied: dict[str, Resource]
    desired: dict[str, Resource]
    written: set[str] = field(default_factory=set)
    kept: list[Kept] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)
    foreign: dict[str, str] = field(default_factory=dict)


def compare(
    edit: Editing,
    origin: Side,
    to: Side,
    every: State,
    ignored: tuple[IgnoreRule, ...],
    *,
    include_kept: bool,
) -> Comparison:
    """Compare what two targets have applied, and decide what of it is promoted.

    ``every`` is what all sources applied to the target promoted to. With
    ``include_kept``, what its overlay sets is promoted too; a variable's value
    never is.
    """
    return _Comparing(edit, origin, to, every, ignored, include_kept).run()


class _Comparing:
    """One comparison; ``origin`` is promoted from, ``to`` promoted to."""

    def __init__(
        self,
        edit: Editing,
        origin: Side,
        to: Side,
        every: State,
        ignored: tuple[IgnoreRule, ...],
        include_kept: bool,
    ) -> None:
        self.origin, self.to = origin, to
        self.every = every
        self.ignored = ignored
        self.include_kept = include_kept
        self.types = resource_types()
        self.edit = edit
        self.there = Sites(edit, origin.target)
        self.here = Sites(edit, to.target)
        self.below = Sites(edit, replace(to.target, overlay=None))
        own = {at: r for at in to.applied if (r := to.has(at)) is not None}
        self.result = Comparison(own, dict(to.desired))

    def run(self) -> Comparison:
        for at in sorted(self.origin.applied.keys() | self.to.applied.keys()):
            wanted, now = self.origin.has(at), self.to.has(at)
            if wanted and now and wanted.same_values(now):
                continue
            owner = self._foreign_owner(at, wanted or now)
            if owner is not None:
                self.result.foreign[at] = owner
            elif (wanted is None) is not (at not in self.origin.desired):
                self.result.untried.append(at)
            elif wanted is not None and at in self.to.desired:
                self._fields(at, wanted, now)
            elif wanted is None and at not in self.to.desired:
                # Gone from the source: the apply that deletes it is missing.
                self.result.applied.pop(at, None)
            else:
                self._whole(at, wanted)
        return self.result

    def _foreign_owner(self, at: str, resource: Resource | None) -> str | None:
        """The other source that has an address in the target promoted to, if one has."""
        assert resource is not None
        for place in (at, resource.root):
            known = self.every.get(place)
            if known is not None and place not in self.to.applied:
                return str(known.owner)
        return None

    def _whole(self, at: str, wanted: Resource | None) -> None:
        """A resource that the source has for one of the two targets only."""
        source = self.origin.desired.get(at)
        if wanted is not None and source is not None and not wanted.same_values(source):
            self.result.untried.append(at)
            return
        keeper = self._keeper_of_whole(at)
        if keeper is Keeper.OVERLAY and self.include_kept:
            keeper = None
        if keeper is not None:
            here = self.to.desired.get(at)
            where = here.location if here else None
            self.result.kept.append(Kept(at, None, keeper, (None, None), where))
            return
        self.result.written.add(at)
        for state in (self.result.applied, self.result.desired):
            if source is None:
                state.pop(at, None)
            else:
                state[at] = source

    def _keeper_of_whole(self, at: str) -> Keeper | None:
        if any(side.varies(at, ()) for side in (self.origin, self.to)):
            return Keeper.VARIABLE
        root = (self.origin.desired.get(at) or self.to.desired[at]).root
        document = self.there.document(root) or self.here.document(root)
        assert document is not None
        here, below = self.here.of_document(document), self.below.of_document(document)
        path = self._list_of(here, at)
        if path is not None:
            return self._keeper_of_list(here, path)
        if at in here.rows and at not in below.rows:
            row = self.to.desired[at]
            return None if self.origin.ran(row, row.values) else Keeper.OVERLAY
        return Keeper.OVERLAY if at in below.rows and at not in here.rows else None

    def _list_of(self, here: Layered, at: str) -> Path | None:
        """The list without keys in which a row is for one of the targets, if it is in one."""
        for one in (here, self.there.of_document(here.document)):
            path = one.rows[at].path if at in one.rows else ()
            keyed = tuple(str(step) for step in path[:-1]) in here.kind.list_keys
            if path and isinstance(path[-1], int) and not keyed:
                return path[:-1]
        return None

    def _keeper_of_list(self, here: Layered, path: Path) -> Keeper | None:
        """An overlay has all of such a list, or nothing of it."""
        own = any(self._overlaid(site) for site in here.sites(path))
        followed = all(at in self.origin.had or at in self.origin.applied for at in here.rows)
        return Keeper.OVERLAY if own and not followed else None

    def _fields(self, at: str, wanted: Resource, now: Resource | None) -> None:
        """A resource that the source has for both targets, and one of them perhaps not yet."""
        source, mine = self.origin.desired[at], self.to.desired[at]
        base = mine if now is None else now
        values, written = dict(base.values), dict(mine.values)
        for names in self._groups(wanted, base):
            taken: Row = {n: source.values[n] for n in names}
            if any(not equal(wanted.values.get(n), value) for n, value in taken.items()):
                self.result.untried.append(at)
                continue
            if all(equal(taken[n], mine.values[n]) for n in names):
                values |= taken
                continue
            keeper = self._keeper(at, names)
            if keeper is None:
                values |= taken
                written |= taken
            else:
                self._keep(at, names, keeper, wanted, base)
        self.result.applied[at] = replace(base, values=values)
        if written != mine.values:
            self.result.desired[at] = replace(mine, values=written)
            self.result.written.add(at)

    def _groups(self, wanted: Resource, base: Resource) -> Iterator[tuple[str, ...]]:
        """The columns that differ, those together that mean something only together."""
        together = self.types[wanted.domain].together
        moved = [n for n in wanted.differing(base) if not self._left(wanted.address, n)]
        if any(n in together for n in moved):
            yield together
        yield from ((n,) for n in moved if n not in together)

    def _left(self, at: str, name: str) -> bool:
        return any(rule.covers(at, name) for rule in self.ignored)

    def _keeper(self, at: str, names: tuple[str, ...]) -> Keeper | None:
        """What sets columns on purpose for the target promoted to, if anything does."""
        here = [*self._sites(self.here, at, names)]
        sites = [site for site in (*here, *self._sites(self.there, at, names)) if site]
        if any(site.reference is not None and site.reference[0] == "$var" for site in sites) or any(
            side.varies(at, names) for side in (self.origin, self.to)
        ):
            return Keeper.VARIABLE
        if self.include_kept or self.origin.ran(self.to.desired[at], names):
            return None
        own = any(site is not None and self._overlaid(site) for site in here)
        return Keeper.OVERLAY if own else None

    def _sites(self, among: Sites, at: str, names: tuple[str, ...]) -> Iterator[Site | None]:
        """Where columns are set for a target."""
        one = among.of(self.to.desired[at].root)
        for name in names if at in one.rows else ():
            yield next(iter(one.sites(one.path(at, name))), None)

    def _overlaid(self, site: Site) -> bool:
        """Tell whether a value stands in the overlay of the target promoted to."""
        return self.edit.is_overlay(site.layer, self.to.target)

    def _keep(
        self, at: str, names: tuple[str, ...], by: Keeper, wanted: Resource, base: Resource
    ) -> None:
        sites = list(self._sites(self.here, at, names))
        for name, site in zip(names, sites, strict=False):
            pair = wanted.values[name], base.values.get(name)
            where = site.layer.locate(site.path) if site else self.to.desired[at].location
            if not equal(*pair):
                self.result.kept.append(Kept(at, name, by, pair, where))
