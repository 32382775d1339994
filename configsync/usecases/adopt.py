"""Adopt: write what was changed in the database into the documents that define it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from configsync.core import address as addresses
from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.errors import UsageError
from configsync.core.ignore import IgnoreRule, whole
from configsync.core.resource import Resource, ResourceType, State
from configsync.core.sealed import is_sealed
from configsync.core.values import Json, equal
from configsync.edit.draft import FileChange
from configsync.kinds import all_kinds, resource_types
from configsync.plan.versions import Known, number_versions, versions_named
from configsync.source.project import Project, Target
from configsync.store.authorship import renamed_past_us
from configsync.store.database import Database
from configsync.store.published import read_published
from configsync.store.read import read_applied, read_live
from configsync.usecases.editing import Editing
from configsync.usecases.rewrite import rewrite


@dataclass(frozen=True, slots=True)
class Drift:
    """One resource that someone changed in the database, as git has it and as it is live.

    ``before`` is None for what was added, ``after`` for what was deleted.
    ``fields`` are the columns to adopt, ``replaced`` those of them that git has
    changed too since the last apply.
    """

    address: str
    before: Resource | None
    after: Resource | None
    fields: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, tuple[Json, Json]]:
        """Old and new by column."""
        old = self.before.values if self.before else {}
        new = self.after.values if self.after else {}
        return {name: (old.get(name), new.get(name)) for name in self.fields}


@dataclass(frozen=True, slots=True)
class Adopted:
    """A drift that was adopted; ``places`` has the columns whose lines were edited."""

    drift: Drift
    location: Location | None
    places: Mapping[str, Location]


@dataclass(slots=True)
class Adoption:
    """What was adopted, or would be. With ``diagnostics``, errors, nothing was written."""

    adopted: list[Adopted] = field(default_factory=list)
    changes: list[FileChange] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def adopt(
    project: Project,
    target: Target,
    database: Database,
    desired: State,
    pattern: str | None,
    *,
    dry_run: bool = False,
) -> Adoption:
    """Write live values that configsync didn't apply into the source; never into the database.

    ``desired`` is what the source compiles to, without errors; ``pattern`` selects
    addresses as `configsync.core.address.matches` does, None all. What no source
    manages is adopted by its own address only. Files are written all or none.
    Raises UsageError for an address that nothing has, CannotEdit where a value
    can't be written exactly, and DatabaseError.
    """
    types = resource_types()
    with database.reading() as transaction:
        applied = read_applied(transaction, types)
        live = read_live(transaction, types.values())
        renamed = renamed_past_us(transaction, live, applied, types)
        known = Known(live, applied, renamed)
        published = read_published(transaction, types, versions_named(desired, known, types))
    numbered = number_versions(desired, known, published, types, follow=True).desired
    applied, live = _renamed(desired, applied, live)
    _require(pattern, (desired, applied, live))
    ignored = whole(project.ignore, types)
    found = _Finding(*(numbered, applied, live, types, project.source, pattern, renamed, ignored))
    every = found.chosen()
    chosen = [d for d in every if not _is_secret(d)]
    found.notes += [
        f"{d.address} is sensitive, and isn't adopted: give its value to whoever applies."
        for d in every
        if _is_secret(d)
    ]
    if not chosen:
        return Adoption(notes=found.notes)
    edit = Editing(project, dry_run)
    others = [t for t in project.targets.values() if t.name != target.name]
    result = rewrite(edit, target, others, desired, _wanted(numbered, chosen))
    changes = edit.draft.changes()
    overlay = os.path.normpath(target.overlay) + "/" if target.overlay else None
    if others and not all(overlay and c.file.startswith(overlay) for c in changes):
        names = ", ".join(t.name for t in others)
        edit.notes.append(f"Where no overlay says otherwise, this reaches also: {names}.")
    notes = [*found.notes, *edit.notes]
    if not result.diagnostics and not dry_run:
        edit.draft.write()
    places: dict[str, dict[str, Location]] = {drift.address: {} for drift in chosen}
    for (at, column), place in result.places.items():
        # What an edit brings with it isn't adopted.
        places.setdefault(at, {})[column] = place
    adopted = []
    for drift in chosen:
        resource = result.desired.get(drift.address, drift.before)
        location = resource.location if resource else None
        adopted.append(Adopted(drift, location, places[drift.address]))
    return Adoption(adopted, changes, result.diagnostics, notes)


def _is_secret(drift: Drift) -> bool:
    """Tell whether a drift is one of a sensitive value, or of whether it is one."""
    sides = [pair for pair in drift.values.values() if any(map(is_sealed, pair))]
    added = drift.before is None and drift.after is not None
    values = drift.after.values.values() if added and drift.after else ()
    return bool(sides) or any(map(is_sealed, values))


def _renamed(desired: State, applied: State, live: State) -> tuple[State, State]:
    """Applied and live under the names that documents have now, where a rename is to come."""
    moves: dict[str, str] = {}
    for at, wanted in desired.items():
        if wanted.parent is None and wanted.renamed_from is not None:
            old = addresses.renamed(at, wanted.renamed_from)
            if old in live and at not in live and old not in desired:
                moves[old] = at
    if not moves:
        return applied, live
    return _moved(applied, moves), _moved(live, moves)


def _moved(state: State, moves: Mapping[str, str]) -> State:
    moved = []
    for resource in state.values():
        root = resource.parent or resource.address
        new = moves.get(root)
        if new is not None:
            at = addresses.moved(resource.address, root, new)
            resource = replace(resource, address=at, parent=resource.parent and new)
        moved.append(resource)
    return State(moved)


def _require(pattern: str | None, states: Iterable[State]) -> None:
    if pattern is not None and not any(
        addresses.matches(at, pattern) for state in states for at in state
    ):
        raise UsageError(f"Neither the source nor the database has the address {pattern}.")


def _by_name(old: str, new: str, types: Mapping[str, ResourceType]) -> bool:
    """Tell whether documents bring a root from one address to another by their name."""
    kind = all_kinds()[types[addresses.split(old)[0]].kind]
    return kind.named and addresses.split(old)[2:] == addresses.split(new)[2:]


def _wanted(desired: State, chosen: Iterable[Drift]) -> State:
    """The desired state with what was chosen as it is live."""
    wanted = dict(desired)
    for drift in chosen:
        if drift.after is None:
            wanted.pop(drift.address)
        elif drift.before is None:
            wanted[drift.address] = drift.after
        else:
            live = {name: drift.after.values[name] for name in drift.fields}
            values = {**drift.before.values, **live}
            wanted[drift.address] = replace(drift.before, values=values)
    return State(wanted.values())


class _Finding:
    """What differs between the live and the applied state, and what of it is to be adopted."""

    def __init__(
        self,
        desired: State,
        applied: State,
        live: State,
        types: Mapping[str, ResourceType],
        owner: str,
        pattern: str | None,
        renamed: Mapping[str, str],
        ignored: tuple[IgnoreRule, ...],
    ) -> None:
        self.desired, self.applied, self.live = desired, applied, live
        self.renamed = {
            new: old for new, old in renamed.items() if old in desired and new not in desired
        }
        self.rekeyed = {
            new: old for new, old in self.renamed.items() if not _by_name(old, new, types)
        }
        """Rows with another key that isn't their document's name: one goes, another comes."""
        self.ignored = ignored
        self.types = types
        self.owner = owner
        self.pattern = pattern
        self.notes: list[str] = []

    def chosen(self) -> list[Drift]:
        """The drift that the pattern selects, and the defaults that move with it."""
        every = list(self._every())
        chosen = {d.address: d for d in every if self._selects(d.address)}
        for pair in self.rekeyed.items():
            if not chosen.keys().isdisjoint(pair):
                chosen |= {d.address: d for d in every if d.address in pair}
        moving = {self._group(d) for d in chosen.values() if self._moves_default(d)}
        for drift in every:
            # One gets to be the default because another is it no longer.
            moves = self._group(drift) in moving and self._moves_default(drift)
            default = self._type(drift).default
            if moves and default and drift.before and drift.after:
                chosen.setdefault(drift.address, replace(drift, fields=(default,)))
        return [chosen[at] for at in sorted(chosen)]

    def _moves_default(self, drift: Drift) -> bool:
        """Tell whether a resource becomes the default, or is it no longer."""
        old, new = drift.values.get(self._type(drift).default or "", (None, None))
        return (old is True) != (new is True)

    def _type(self, drift: Drift) -> ResourceType:
        resource = drift.after or drift.before
        assert resource is not None
        return self.types[resource.domain]

    def _group(self, drift: Drift) -> tuple[str, str | None]:
        resource = drift.after or drift.before
        assert resource is not None
        return resource.domain, resource.parent

    def _selects(self, at: str) -> bool:
        return self.pattern is None or addresses.matches(at, self.pattern)

    def _named(self, root: str) -> bool:
        """Tell whether the pattern is the address of a root, or of one of its parts."""
        return self.pattern is not None and addresses.within(self.pattern, root)

    def _every(self) -> Iterator[Drift]:
        """Everything that could be adopted."""
        unmanaged: dict[str, None] = {}
        renamed = self._renamed()
        for at in sorted(self.desired.keys() | self.live.keys()):
            resource = self.desired.get(at) or self.live[at]
            root = resource.parent or at
            known = self.applied.get(self.rekeyed.get(root, root))
            if root in renamed:
                old, new = renamed[root]
                if at == old and (self._selects(old) or self._selects(new)):
                    self.notes.append(_rename_first(old, new))
            elif known is not None and known.owner not in (None, self.owner):
                if at == root and self._named(root):
                    self.notes.append(f"{root} is the source {known.owner}'s: adopt it there.")
            elif known is None and root in self.live and not self._adoptable(root):
                git, now = self.desired.get(at), self.live.get(at)
                same = git is not None and now is not None and git.same_values(now)
                if not same and (self._selects(root) or self._named(root)):
                    unmanaged[root] = None
            else:
                yield from self._drift(at, root)
        if unmanaged:
            self.notes.append(
                "No source manages what follows, so it is adopted by its own address only: "
                f"{', '.join(unmanaged)}."
            )

    def _renamed(self) -> dict[str, tuple[str, str]]:
        """Old and new address of each root that got another name in the database, under both."""
        pairs = [(old, new) for new, old in self.renamed.items() if new not in self.rekeyed]
        return {at: pair for pair in pairs for at in pair}

    def _adoptable(self, root: str) -> bool:
        """Tell whether a root that was never applied is named, as a whole if git hasn't it."""
        return self._named(root) if root in self.desired else self.pattern == root

    def _drift(self, at: str, root: str) -> Iterator[Drift]:
        """The drift at one address, if there is any."""
        git, was, now = (s.get(at) for s in (self.desired, self.applied, self.live))
        if now is None:
            if was is not None and git is not None:
                yield from self._deleted(git, was, root)
        elif git is None:
            if root in self.applied and (was is not None or root not in self.desired):
                if self._selects(at) and (was is None or not now.same_values(was)):
                    self.notes.append(
                        f"{at} was changed in the database, and git removes it: not adopted."
                    )
            else:
                yield Drift(at, None, now, tuple(now.values))
        else:
            moved = tuple(now.values) if was is None else now.differing(was)
            moved = tuple(n for n in moved if not any(r.covers(at, n) for r in self.ignored))
            fields = tuple(n for n in moved if not equal(now.values[n], git.values[n]))
            replaced = () if was is None else tuple(n for n in git.differing(was) if n in fields)
            if fields:
                yield Drift(at, git, now, fields, replaced)

    def _deleted(self, git: Resource, was: Resource, root: str) -> Iterator[Drift]:
        if root not in self.live and not self._selects(root):
            if self._selects(git.address):
                self.notes.append(f"{root} was deleted as a whole in the database: adopt {root}.")
            return
        replaced = git.differing(was)
        yield Drift(git.address, git, None, tuple(git.values), replaced)


def _rename_first(old: str, new: str) -> str:
    """What to do before a root can be adopted that has another name in the database."""
    domain, former, *_ = addresses.split(old)
    document = shlex.quote(addresses.join(domain, former))
    name = shlex.quote(addresses.split(new)[1])
    return f"{old} is {new} in the database now. First run: configsync rename {document} {name}"
