"""Plan: compare a project's desired state with a database."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from configsync.core import address, codes
from configsync.core.diagnostic import Diagnostic, Severity
from configsync.core.ignore import ignoring, whole
from configsync.core.plan import Action, Change, Plan, PlanOptions, Reason, SourceInfo
from configsync.core.resource import Resource, ResourceType, State
from configsync.core.revision import OwnerRecord
from configsync.diff import Difference, Terms, as_recorded, diff, drift
from configsync.kinds import resource_types
from configsync.plan.authors import attributed
from configsync.plan.order import deactivating, in_order
from configsync.plan.policy import refusals, too_much
from configsync.plan.secrets import give_values
from configsync.plan.select import narrowed, selector
from configsync.plan.stored import Export, Stored
from configsync.plan.versions import Known, Numbering, number_versions, versions_named
from configsync.plugins import declared_plugins
from configsync.source.checkout import read_checkout
from configsync.source.project import Project, Target
from configsync.store.database import Database
from configsync.store.stored import read_stored
from configsync.usecases.commits import too_old
from configsync.usecases.validate import Validation


def make_plan(
    project: Project,
    target: Target,
    database: Database,
    validation: Validation,
    options: PlanOptions,
    only: frozenset[str] | None = None,
) -> Plan:
    """Plan the way from the live state to the desired one.

    ``validation`` has no errors; its warnings go with the plan. Policies that
    stand against the plan are errors among its diagnostics: such a plan is to
    be shown, not applied. ``only`` narrows the plan to some addresses, for the
    comparison with a saved one, and leaves the target's thresholds out. Raises
    DatabaseError, and UsageError for a selection of nothing.
    """
    desired = validation.desired
    source = read_source(project, desired)
    warnings = validation.warnings
    with database.reading() as transaction:
        stored = read_stored(transaction, resource_types())
        plan = Planner(project, target, stored).plan(desired, source, options, warnings, only)
        seen = stored.owner(project.source)
    return plan if only is not None else _dated(project, plan, seen)


def plan_offline(
    project: Project, target: Target, export: Export, validation: Validation, options: PlanOptions
) -> Plan:
    """Plan as `make_plan` does, against an export of the database; opens no connection.

    The plan is to be shown only. Raises UsageError for a selection of nothing.
    """
    desired = validation.desired
    source = read_source(project, desired)
    planner = Planner(project, target, export)
    plan = planner.plan(desired, source, options, validation.warnings)
    plan = _dated(project, plan, export.owner(project.source))
    return replace(plan, offline=export.offline)


def _dated(project: Project, plan: Plan, seen: OwnerRecord) -> Plan:
    """The plan, with a warning if its commit is too old to be applied."""
    old = None if plan.is_empty else too_old(project.root, plan.source.commit, seen)
    if old is None:
        return plan
    # Whether it is refused is decided when it is applied, under the lock.
    return replace(plan, diagnostics=(*plan.diagnostics, replace(old, severity=Severity.WARNING)))


def read_source(project: Project, desired: State) -> SourceInfo:
    """Where a desired state comes from: the project's checkout."""
    checkout = read_checkout(project.root, project.paths)
    return SourceInfo(
        *(project.source, checkout.commit, checkout.dirty, checkout.author, desired.digest())
    )


class Planner:
    """Makes plans against one moment of a database."""

    def __init__(
        self,
        project: Project,
        target: Target,
        stored: Stored,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """``environment`` has the values of sensitive settings."""
        self.environment = environment
        self.project = project
        self.target = target
        self.stored = stored
        self.types = resource_types()

    def plan(
        self,
        desired: State,
        source: SourceInfo,
        options: PlanOptions,
        warnings: Iterable[Diagnostic] = (),
        only: frozenset[str] | None = None,
    ) -> Plan:
        """The plan that leads to a desired state; see `make_plan`."""
        terms = self.terms(options)
        going_back = options.to_revision is not None
        given = give_values(
            *(desired, self.stored, self.types, self.environment, self.project.withheld),
            going_back=going_back,
        )
        desired = given.desired
        numbering = self.number_versions(desired, going_back=going_back)
        desired = numbering.desired
        selected = self._selected(desired, options, only)
        if options.refresh_only:
            return self._refresh(source, options, terms, selected)
        found, left_out, staying = self._compare(desired, terms, selected)
        told = attributed(found.changes, self.stored.last_writes)
        changes = in_order(deactivating(told, self.types, options), self.types)
        against = [
            *numbering.diagnostics,
            *found.diagnostics,
            *refusals(
                changes, found.live, self.types, options, self._uses(desired, staying, changes)
            ),
            *self._names_taken(changes),
            *self._judged(changes, desired, options),
            *given.errors({c.address for c in changes}),
        ]
        against.sort(key=lambda d: d.sort_key)
        if only is None:
            against += too_much(changes, found.owned, self.target.policy, options)
        return Plan(
            target=self.target.name,
            source=source,
            base=self.stored.base,
            options=options,
            changes=changes,
            unchanged=found.unchanged,
            unmanaged=tuple(found.unmanaged),
            records=tuple(sorted(found.records, key=lambda r: r.address)),
            forgotten=tuple(sorted(found.forgotten)),
            left_out=() if only is not None else tuple(left_out),
            taken=tuple(self._taken([*changes, *found.records], terms)),
            diagnostics=(*against, *given.notes, *self._not_installed(), *warnings),
        )

    def _judged(
        self, changes: tuple[Change, ...], desired: State, options: PlanOptions
    ) -> Iterator[Diagnostic]:
        """What the team's policies have against the changes, and whose these are."""
        if self.project.policies or declared_plugins():
            # Most projects have none, and don't wait for what judges by them.
            from configsync.usecases.policies import against

            states = (self.stored.applied, desired)
            yield from against(self.project, self.target, changes, options, states)
        judging = self.project.judging
        if judging is not None and judging.differs:
            yield codes.OTHER_POLICIES.at(
                None,
                "the policies here are not those of the base commit "
                f"{judging.commit[:12]}, which judge the plan",
            )
        if judging is not None and judging.elsewhere:
            yield codes.OTHER_DATABASE.at(
                None,
                f"the database of the target {self.target.name} here is not that of the base "
                f"commit {judging.commit[:12]}, and isn't asked before this is merged",
            )

    def _not_installed(self) -> Iterator[Diagnostic]:
        """What this source owns, and no kind that is installed here can read."""
        owned = (r for r in self.stored.applied.values() if r.owner == self.project.source)
        left = Counter(r.domain for r in owned if r.domain not in self.types)
        for domain, number in sorted(left.items()):
            are = "resource is" if number == 1 else "resources are"
            yield codes.NOT_INSTALLED.at(
                None,
                f"{number} {domain} {are} left as they are: no kind that is installed has them",
                help="Install the package that adds the kind, the one that applied them.",
            )

    def number_versions(self, desired: State, *, going_back: bool = False) -> Numbering:
        """The desired state with every version decided, by what the database has published."""
        stored = self.stored
        known = Known(stored.live, stored.applied, stored.renamed)
        published = stored.published(versions_named(desired, known, self.types))
        return number_versions(desired, known, published, self.types, going_back=going_back)

    def _uses(
        self, desired: State, staying: frozenset[str], changes: Iterable[Change]
    ) -> dict[str, tuple[str, ...]]:
        """What each root will use: by the source, or on record where the plan leaves it alone."""
        gone = {c.before.address for c in changes if c.before and c.after is None}
        uses = {at: r.uses for at, r in self.stored.applied.items() if r.uses and at not in gone}
        said = {at: r.uses for at, r in desired.items() if r.parent is None}
        return uses | {at: used for at, used in said.items() if at not in staying}

    def _names_taken(self, changes: Iterable[Change]) -> Iterator[Diagnostic]:
        """Renames to what a deactivated row is called."""
        renamed = {
            c.address: c
            for c in changes
            if c.previous_address
            and c.resource.parent is None
            and c.address not in self.stored.live
        }
        for at in self.stored.deactivated(renamed):
            yield codes.BAD_RENAME.at(
                renamed[at].location,
                f"{renamed[at].previous_address} can't become {at}: that was removed before, and "
                "is deactivated",
                path="metadata.renamed_from",
                help="Choose another name; or define that one again, apply, and remove it with "
                "--purge.",
            )

    def terms(self, options: PlanOptions) -> Terms:
        """On what terms the states are compared."""
        return Terms(
            self.types,
            self.project.source,
            take_ownership=options.take_ownership,
            renamed=self.stored.renamed,
            ignored=whole(self.project.ignore, self.types),
        )

    def _selected(
        self, desired: State, options: PlanOptions, only: frozenset[str] | None
    ) -> Callable[[Change], bool] | None:
        if only is not None:
            return lambda change: change.address in only
        if not options.select:
            return None
        return selector(options.select, desired, self.stored.live, self.stored.applied, self.types)

    def _compare(
        self, desired: State, terms: Terms, selected: Callable[[Change], bool] | None
    ) -> tuple[Difference, list[str], frozenset[str]]:
        """What differs, of what is selected; the addresses that would differ too, and stay."""
        found = diff(desired, self.stored.live, self.stored.applied, terms)
        if selected is None:
            return found, [], frozenset()
        narrower, staying, left_out = narrowed(desired, found, selected)
        found = diff(narrower, self.stored.live, self.stored.applied, terms)
        found.unchanged -= len(staying)
        return found, left_out, frozenset(r.address for r in staying)

    def _taken(self, changes: Iterable[Change], terms: Terms) -> Iterator[tuple[str, str]]:
        """What another source owns and this one is about to: the addresses, and its id."""
        for at in sorted({c.address for c in changes if terms.take_ownership}):
            known = self.stored.applied.get(at)
            if known is not None and known.owner not in (None, terms.owner):
                yield at, str(known.owner)

    def _refresh(
        self,
        source: SourceInfo,
        options: PlanOptions,
        terms: Terms,
        selected: Callable[[Change], bool] | None,
    ) -> Plan:
        """A plan that changes nothing, and takes what is live for applied."""
        found = [c for c in self.drift(terms, terms.owner) if selected is None or selected(c)]
        roots = {c.resource.root for c in found}
        moved = {at: r for at, r in self._moved(terms) if r.root in roots}
        live = {r.address: r for r in (c.after for c in found) if r is not None}
        live |= {r.address: r for r in moved.values()}
        owned = sum(r.owner == terms.owner for r in self.stored.applied.values())
        return Plan(
            target=self.target.name,
            source=source,
            base=self.stored.base,
            options=options,
            drift=tuple(found),
            unchanged=owned - len(found),
            records=tuple(self._as_applied(r, terms) for _, r in sorted(live.items())),
            forgotten=tuple(sorted([*(c.address for c in found if c.after is None), *moved])),
        )

    def _as_applied(self, live: Resource, terms: Terms) -> Change:
        """A live resource to be noted as applied, but for what is left to others."""
        known = self.stored.applied.get(live.address)
        noted = live if known is None else ignoring(live, known, terms.ignored)
        kind = self.types[live.domain].kind
        return Change(live.address, Action.UPDATE, Reason.DRIFT, kind, live, noted)

    def drift(self, terms: Terms, owner: str | None) -> list[Change]:
        """What someone changed in the database, of what a source owns or all, and who it was."""
        ours = State(r for r in self.stored.applied.values() if owner in (None, r.owner))
        found = [_in_columns(c, self.types) for c in drift(self.stored.live, ours, terms)]
        # What was renamed was perhaps written before, under the name on record.
        names = {at for c in found for at in (c.address, c.resource.address)}
        writes = self.stored.last_writes(names)
        attributed = []
        for change in found:
            known = (writes.get(at) for at in (change.address, change.resource.address))
            last = max((w for w in known if w), key=lambda w: w.writer.revision, default=None)
            by = last.writer if last is not None and last.explains(change.after) else None
            version = 0 if last is None else last.writer.revision
            attributed.append(replace(change, by=by, version=version))
        return attributed

    def _moved(self, terms: Terms) -> Iterator[tuple[str, Resource]]:
        """What somebody renamed with its parts: the address on record, and the live resource."""
        for resource in self.stored.live.values():
            old = terms.renamed.get(resource.root)
            if old is None:
                continue
            at = address.moved(resource.address, resource.root, old)
            known = self.stored.applied.get(at)
            if known is not None and known.owner == terms.owner:
                yield at, as_recorded(resource, known)


def _in_columns(change: Change, types: Mapping[str, ResourceType]) -> Change:
    """A change whose fields are in the order of the columns, which a JSON database forgets."""
    known = change.before
    if known is None:
        return change
    values = {k: known.values[k] for k in types[change.domain].names if k in known.values}
    return replace(change, before=replace(known, values=values))
