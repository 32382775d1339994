"""The three-way diff: desired, applied and live state to changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from configsync.core import address, codes
from configsync.core.diagnostic import Diagnostic
from configsync.core.ignore import IgnoreRule, ignoring
from configsync.core.plan import Action, Change, Reason
from configsync.core.resource import Resource, ResourceType, State


@dataclass(slots=True)
class Difference:
    """What stands between the live and the desired state.

    ``records`` go from resources that are live as desired to what to note as
    applied, where the record isn't that yet; ``forgotten`` addresses on record that are
    neither desired nor live. ``unmanaged`` are live resources that no source
    owns, ``owned`` counts those that this one does. ``live`` is the live state
    at the addresses after the renames, ``originals`` has by those what is live.
    """

    changes: list[Change] = field(default_factory=list)
    records: list[Change] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    unmanaged: list[str] = field(default_factory=list)
    unchanged: int = 0
    owned: int = 0
    live: State = field(default_factory=State)
    originals: Mapping[str, Resource] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms states are compared.

    Only resources that ``owner`` owns are deleted, unless ``take_ownership``
    lets it have those of others that it defines. ``renamed`` has the live
    address of each root that was renamed past configsync, with the one on
    record. Differences that an ``ignored`` rule covers don't count.
    """

    types: Mapping[str, ResourceType]
    owner: str
    take_ownership: bool = False
    renamed: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[IgnoreRule, ...] = ()


def diff(desired: State, live: State, applied: State, terms: Terms) -> Difference:
    """Compare the three states.

    A renamed resource is compared under its new name, with its parts, so that
    identity and history stay.
    """
    return _Diff(desired, live, applied, terms).run()


def drift(live: State, applied: State, terms: Terms) -> list[Change]:
    """What someone changed in the database since configsync last applied, by address.

    ``before`` is a resource as applied, ``after`` as it is live, also where it
    was renamed: at the address that it has now.
    """
    now: Mapping[str, Resource] = live
    if terms.renamed:
        now = {_moved(r, terms.renamed).address: r for r in live.values()}
    found = []
    for at in sorted(applied):
        known, actual = applied[at], now.get(at)
        if known.domain not in terms.types:
            continue
        if actual is None:
            found.append(_change(terms, at, Action.DELETE, Reason.DRIFT, known, None))
            continue
        known = ignoring(known, actual, terms.ignored) if terms.ignored else known
        if not known.same_values(actual):
            action = _update_action(terms.types[known.domain], known, actual)
            after = as_recorded(actual, known)
            found.append(_change(terms, at, action, Reason.DRIFT, known, after))
    return found


def as_recorded(actual: Resource, known: Resource) -> Resource:
    """A live resource with what only its record tells: whose it is, and where it stood."""
    return replace(
        actual,
        owner=known.owner,
        location=known.location,
        renamed_from=known.renamed_from,
        prevent_destroy=known.prevent_destroy,
        labels=known.labels,
        uses=known.uses,
    )


class _Diff:
    """One comparison."""

    def __init__(self, desired: State, live: State, applied: State, terms: Terms) -> None:
        self.desired = desired
        self.terms = terms
        self.result = Difference()
        self.originals: Mapping[str, Resource] = live
        undone = {at: old for at, old in terms.renamed.items() if at in live and at not in desired}
        live = self._relocate(live, undone)
        self.moves = _moves(desired, live, applied, self.result.diagnostics)
        self.renamed = frozenset(self.moves.values())
        if self.moves:
            live = self._relocate(live, self.moves)
            applied = State(_moved(r, self.moves) for r in applied.values())
        self.live = self.result.live = live
        self.result.originals = self.originals
        self.applied = applied

    def _relocate(self, live: State, moves: Mapping[str, str]) -> State:
        """The live state with roots at other addresses; where they were is kept."""
        if not moves:
            return live
        self.originals = {_moved(r, moves).address: self.originals[at] for at, r in live.items()}
        return State(_moved(r, moves) for r in live.values())

    def run(self) -> Difference:
        result, owner = self.result, self.terms.owner
        for at, wanted in self.desired.items():
            self._compare(at, wanted)
        for at, actual in self.live.items():
            known = self.applied.get(at)
            result.owned += known is not None and known.owner == owner
            if at not in self.desired:
                self._left(at, actual, known)
        for at, known in self.applied.items():
            gone = at not in self.live and at not in self.desired
            # Of a kind that isn't installed here, nothing is read.
            if gone and known.domain in self.terms.types and self._ours(known):
                result.forgotten.append(at)
        result.changes += _demotions(self.desired, self.live, self.applied, self.terms, result)
        result.unmanaged.sort()
        return result

    def _compare(self, at: str, wanted: Resource) -> None:
        """One desired resource with what is live and on record."""
        terms, result = self.terms, self.result
        known, actual = self.applied.get(at), self.live.get(at)
        foreign = known is not None and known.owner not in (None, terms.owner)
        if known is not None and foreign and wanted.parent is None and not terms.take_ownership:
            result.diagnostics.append(_foreign(wanted, known))
        if actual is None:
            reason = _reason(terms, wanted, None, known)
            result.changes.append(_change(terms, at, Action.CREATE, reason, None, wanted))
            return
        given, recorded = wanted, known
        if terms.ignored:
            wanted = ignoring(wanted, actual, terms.ignored)
            known = known and ignoring(known, actual, terms.ignored)
        if actual.same_values(wanted):
            result.unchanged += 1
            may_record = terms.take_ownership or not foreign
            if given.owner == terms.owner and may_record and not _on_record(given, recorded):
                before = self.originals[at]
                result.records.append(_change(terms, at, Action.UPDATE, Reason.GIT, before, given))
            return
        renamed = wanted.parent is None and at in self.renamed
        reason = Reason.RENAME if renamed else _reason(terms, wanted, actual, known)
        action = _update_action(terms.types[wanted.domain], actual, wanted)
        change = _change(terms, at, action, reason, self.originals[at], wanted)
        result.changes.append(change if given is wanted else replace(change, noted=given))

    def _left(self, at: str, actual: Resource, known: Resource | None) -> None:
        """A live resource that isn't desired: ours are deleted."""
        if known is None:
            self.result.unmanaged.append(at)
        elif self._ours(known):
            base = ignoring(known, actual, self.terms.ignored) if self.terms.ignored else known
            reason = Reason.GIT if actual.same_values(base) else Reason.CONFLICT
            gone = as_recorded(self.originals[at], known)
            self.result.changes.append(_change(self.terms, at, Action.DELETE, reason, gone, None))

    def _ours(self, known: Resource) -> bool:
        """Tell whether a resource on record is this source's, or a part of what it takes."""
        if known.owner == self.terms.owner:
            return True
        # A root that only stays as it is, as it isn't selected, is not taken.
        root = self.desired.get(known.root)
        return self.terms.take_ownership and root is not None and root.owner == self.terms.owner


def _on_record(wanted: Resource, known: Resource | None) -> bool:
    return known is not None and known.same_values(wanted) and _record(known) == _record(wanted)


def _record(resource: Resource) -> tuple[object, ...]:
    return (
        *(resource.owner, resource.renamed_from, resource.prevent_destroy),
        *(resource.labels, resource.uses),
    )


def _change(
    terms: Terms,
    at: str,
    action: Action,
    reason: Reason,
    before: Resource | None,
    after: Resource | None,
) -> Change:
    resource = after or before
    assert resource is not None
    return Change(at, action, reason, terms.types[resource.domain].kind, before, after)


def _update_action(type_: ResourceType, actual: Resource, wanted: Resource) -> Action:
    default = type_.default
    if default and wanted.values[default] is True and actual.values[default] is not True:
        return Action.SET_DEFAULT
    return Action.UPDATE


def _reason(
    terms: Terms, wanted: Resource, actual: Resource | None, known: Resource | None
) -> Reason:
    """Who moved away from what was last applied: git, the database, or both.

    Only fields that are to change count: where both sides moved to the same,
    there is nothing to decide. A version's number follows from the others.
    """
    if known is None:
        return Reason.GIT
    if actual is None:
        number = terms.types[wanted.domain].versions
        moved = [n for n in known.differing(wanted) if number is None or n != number.number]
        return Reason.CONFLICT if moved else Reason.DRIFT
    versions = terms.types[wanted.domain].versions
    fields = wanted.differing(actual)
    if versions is not None and len(fields) > 1:
        fields = tuple(n for n in fields if n != versions.number)
    by_git = any(name in known.differing(wanted) for name in fields)
    by_others = any(name in known.differing(actual) for name in fields)
    if by_git and by_others:
        return Reason.CONFLICT
    return Reason.DRIFT if by_others else Reason.GIT


def _moves(
    desired: State, live: State, applied: State, problems: list[Diagnostic]
) -> dict[str, str]:
    """Old to new address of each root that is to be renamed.

    A rename that was applied before is on record with the new name, and done.
    """
    moves: dict[str, str] = {}
    for at, wanted in desired.items():
        if wanted.renamed_from is None or wanted.parent is not None:
            continue
        old = address.renamed(at, wanted.renamed_from)
        known = applied.get(at)
        done = known is not None and known.renamed_from == wanted.renamed_from
        if old == at or done or old not in live:
            continue
        if old in moves:
            problems.append(
                _bad_rename(wanted, f"{old} is renamed twice: to {moves[old]} and to {at}")
            )
            continue
        moves[old] = at
    taken = set(moves.values())
    for old, new in list(moves.items()):
        if old in desired and old not in taken:
            problems.append(_bad_rename(desired[new], f"{old} is still defined"))
        elif new in live and new not in moves:
            problems.append(_bad_rename(desired[new], f"{new} exists already"))
        else:
            continue
        del moves[old]
        taken.remove(new)
    return moves


def _bad_rename(wanted: Resource, why: str) -> Diagnostic:
    return codes.BAD_RENAME.at(
        wanted.location,
        f"{wanted.address} can't be renamed from {wanted.renamed_from}: {why}",
        path="metadata.renamed_from",
        help="Remove renamed_from, or give up the other name first.",
    )


def _moved(resource: Resource, moves: Mapping[str, str]) -> Resource:
    """The resource at the address that it has after the renames."""
    root = resource.parent or resource.address
    new = moves.get(root)
    if new is None:
        return resource
    at = address.moved(resource.address, root, new)
    return replace(resource, address=at, parent=resource.parent and new)


def _foreign(wanted: Resource, known: Resource) -> Diagnostic:
    return codes.FOREIGN_RESOURCE.at(
        wanted.location,
        f"{wanted.address} belongs to the source {known.owner}",
        help="Change it there, choose another name here, or take it over with --take-ownership.",
    )


def _demotions(
    desired: State,
    live: State,
    applied: State,
    terms: Terms,
    result: Difference,
) -> Iterator[Change]:
    """Resources outside of the desired state that stop being the default for one within it."""
    going = {c.address for c in result.changes if c.after is None}
    chosen: dict[tuple[str, str | None], Resource] = {}
    for wanted in desired.values():
        default = terms.types[wanted.domain].default
        if default and wanted.values[default] is True:
            chosen[(wanted.domain, wanted.parent)] = wanted
    for at, actual in live.items():
        default = terms.types[actual.domain].default
        if default is None or actual.values[default] is not True or at in desired or at in going:
            continue
        successor = chosen.get((actual.domain, actual.parent))
        if successor is None:
            continue
        known = applied.get(at)
        if known is not None:
            result.diagnostics.append(
                codes.FOREIGN_RESOURCE.at(
                    successor.location,
                    f"{at} is the default and belongs to the source {known.owner}",
                    help="Remove default: true there first.",
                )
            )
        after = replace(actual, values={**actual.values, default: False})
        yield _change(terms, at, Action.UPDATE, Reason.GIT, result.originals[at], after)
