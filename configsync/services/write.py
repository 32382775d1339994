"""The write path of services: an edit of live documents becomes a plan, and that is applied.

An edit takes the documents that it is about as the database has them at one
moment, and changes them. They are checked as git's are, compared with what is
live, held to the policies, and handed to `configsync.store.apply`, which carries
the difference out in one transaction if nobody else changed those rows since;
else all is done again from what is live then.

What git last applied stays on record, so that a service's write is drift until
git says the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

from configsync.core import address, codes
from configsync.core.diagnostic import Diagnostic, Severity
from configsync.core.errors import StalePlan
from configsync.core.jitter import uniform
from configsync.core.kind import Kind
from configsync.core.plan import Plan, PlanOptions, SourceInfo
from configsync.core.resource import Resource, ResourceType, State
from configsync.core.revision import MAX_ACTOR, ActorSource, Attribution, RevisionSource
from configsync.diff import Difference, Terms, diff
from configsync.kinds import resource_types
from configsync.plan.authors import attributed
from configsync.plan.order import deactivating, in_order
from configsync.plan.policy import refusals
from configsync.plan.versions import Known, Numbering, number_versions, versions_named
from configsync.services.check import (
    OWNER,
    Checked,
    can_be_silenced,
    check,
    check_together,
    telling,
)
from configsync.services.errors import DuplicateName, Invalid, NotFound, Protected
from configsync.services.nodes import to_document
from configsync.store.apply import apply_plan
from configsync.store.authorship import last_writes, renamed_past_us
from configsync.store.database import Database, Transaction
from configsync.store.published import read_published
from configsync.store.read import read_applied, read_base, read_live, read_root, read_uses

ATTEMPTS = 10
"""How often an edit is made in all, where others keep changing the same rows."""

PAUSE = 0.05
"""Seconds between two attempts, at most."""

Body = dict[str, Any]
"""The ``metadata`` and ``spec`` of a document."""


def write(
    database: Database,
    kind: Kind,
    user: str,
    edit: Callable[[Draft], None],
    lock_timeout: float,
) -> State:
    """Make an edit in the name of a user; returns what its documents hold then.

    Nothing is written if it changes nothing. ``edit`` may be called again, and
    does nothing but change its draft. Raises ServiceError, StalePlan,
    LockTimeout or DatabaseError.
    """
    about = Attribution(RevisionSource.SERVICE, _named(user), ActorSource.SERVICE)
    attempts = 0
    while True:
        with database.reading() as transaction:
            draft = Draft(transaction, kind)
            edit(draft)
            plan, desired = draft.plan()
        if not plan.changes:
            return desired
        try:
            apply_plan(database, plan, resource_types(), about, lock_timeout)
            return desired
        except StalePlan:
            attempts += 1
            if attempts == ATTEMPTS:
                raise
        time.sleep(uniform(0, PAUSE))


def _named(user: str) -> str:
    if not is_storable(user) or not user.strip() or len(user) > MAX_ACTOR:
        raise Invalid(f"user names who makes the change, in 1 to {MAX_ACTOR} characters.")
    return user


def is_storable(text: str) -> bool:
    """Tell whether a database can have a text at all."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


class Draft:
    """The documents of a kind, as the database has them at one moment and as an edit wants them."""

    def __init__(self, transaction: Transaction, kind: Kind) -> None:
        self._transaction = transaction
        self._kind = kind
        self._root = kind.types[0]
        self._types = {t.domain: t for t in kind.types}
        self._live: dict[str, Resource] = {}
        self._seen: dict[str, list[Resource]] = {}
        self._wanted: dict[str, Body] = {}
        self._removed: list[str] = []
        self._renamed: list[str] = []

    @cached_property
    def roots(self) -> State:
        """Every live root, without its parts."""
        return read_live(self._transaction, [self._root])

    def has(self, name: str) -> bool:
        """Tell whether there is a document of a name."""
        return any(address.within(at, self._address(name)) for at in self.roots)

    def take(self, name: str) -> Body:
        """A document, to be changed in place. Raises NotFound."""
        rows = self._read(name)
        self._live |= rows
        at = self._address(name)
        self._wanted[at] = self._body(rows.values(), at)
        return self._wanted[at]

    def copy(self, name: str) -> Body:
        """What a document says, without its name; the document stays as it is. Raises NotFound."""
        body = self._body(self._read(name).values(), self._address(name))
        del body["metadata"]["name"]
        return body

    def add(self, name: str, body: Body) -> None:
        """Add a document. Raises DuplicateName."""
        self._require_free(name)
        metadata = {"name": name, **body["metadata"]}
        self._wanted[self._address(name)] = {**body, "metadata": metadata}

    def rename(self, name: str, new: str) -> None:
        """Give a document that was taken another name. Raises DuplicateName."""
        if new == name:
            return
        self._require_free(new)
        body = self._wanted.pop(self._address(name))
        self._renamed.append(self._address(name))
        body["metadata"] |= {"name": new, "renamed_from": name}
        self._wanted[self._address(new)] = body

    def remove(self, name: str) -> None:
        """Remove a document, taken or not. Raises NotFound."""
        self._live |= self._read(name)
        self._wanted.pop(self._address(name), None)
        self._removed.append(self._address(name))

    def plan(self) -> tuple[Plan, State]:
        """The plan that leads to what is wanted, and that. Raises ServiceError."""
        checked = [check(self._kind, at, body) for at, body in self._wanted.items()]
        self._require_no_worse(d for c in checked for d in c.diagnostics)
        # What compiled to nothing would look like a deletion.
        assert all(c.resources for c in checked)
        numbering = self._number(State(r for c in checked for r in c.resources))
        desired, types, options = numbering.desired, resource_types(), PlanOptions()
        found = self._compare(desired)
        told = attributed(found.changes, partial(last_writes, self._transaction))
        changes = in_order(deactivating(told, types, options), types)
        against = [
            *numbering.diagnostics,
            *found.diagnostics,
            *refusals(changes, found.live, types, options, self._uses()),
        ]
        for diagnostic in against:
            if diagnostic.code == codes.VERSION_UNPUBLISHED.code:
                raise NotFound(f"{diagnostic.summary}.")
            if diagnostic.code in _PROTECTING:
                raise Protected(_sentence(diagnostic))
        _require_valid([*against, *self._findings_together(checked, found)])
        plan = Plan(
            target="",
            source=SourceInfo(OWNER, digest=desired.digest()),
            base=read_base(self._transaction),
            changes=changes,
        )
        return plan, desired

    def _require_no_worse(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Raise Invalid for errors, but not for those that git has silenced in a live document.

        No database knows of what is silenced: so it is what the document has already.
        """
        errors = [d for d in diagnostics if d.severity is Severity.ERROR]
        if not errors:
            return
        known = {
            (d.code, d.path, d.summary)
            for at, rows in self._seen.items()
            for d in check(self._kind, at, self._body(rows, at)).diagnostics
            if can_be_silenced(d.code)
        }
        _require_valid(d for d in errors if (d.code, d.path, d.summary) not in known)

    def _number(self, desired: State) -> Numbering:
        """What is wanted, with the versions that the database decides."""
        known = Known(State(self._live.values()), State(), {})
        named = versions_named(desired, known, self._types)
        published = read_published(self._transaction, self._types, named)
        return number_versions(desired, known, published, self._types)

    def _uses(self) -> dict[str, tuple[str, ...]]:
        """What each root uses by the record, but for those that go."""
        uses = read_uses(self._transaction)
        return {
            at: used
            for at, used in uses.items()
            if not any(address.within(at, gone) for gone in self._removed)
        }

    def _compare(self, desired: State) -> Difference:
        """What stands between the live rows and the wanted ones.

        The rows that the edit has taken count as if the last apply had left them
        like this: so all that differs is the edit's doing.
        """
        live = State(self._live.values())
        if self._removed or any(
            r.parent is None and not (r.address in live and r.same_values(live[r.address]))
            for r in desired.values()
        ):
            # Another root may have to stop being the default, or one has to stay.
            live = State([*self.roots.values(), *live.values()])
        known = State(
            replace(
                r,
                owner=OWNER,
                prevent_destroy=at not in desired and r.parent is None and self._is_protected(at),
            )
            for at, r in self._live.items()
        )
        return diff(desired, live, known, Terms(resource_types(), OWNER))

    def _is_protected(self, at: str) -> bool:
        """Tell whether git said prevent_destroy of a root, be it under its former name."""
        types: dict[str, ResourceType] = {self._root.domain: self._root}
        applied = read_applied(self._transaction, types, [at])
        if at not in applied:
            every = read_applied(self._transaction, types).values()
            applied = State(r for r in every if r.domain == self._root.domain)
            renamed = renamed_past_us(self._transaction, self.roots, applied, types)
            at = renamed.get(at, at)
        return at in applied and applied[at].prevent_destroy

    def _findings_together(
        self, checked: Iterable[Checked], found: Difference
    ) -> Iterator[Diagnostic]:
        """What is wrong with new names, seen beside all others."""
        new = [c.document for c in checked if c.document.file not in self._seen]
        if not new:
            return
        after = {at: r for at, r in found.live.items() if r.parent is None}
        for change in found.changes:
            if change.after is not None and change.after.parent is None:
                after[change.address] = change.after
        assert self._kind.decompile is not None
        about = {d.file for d in new}
        others = [
            to_document(self._kind.name, at, body)[0]
            for at, body in self._kind.decompile(after.values())
            if at not in about
        ]
        yield from check_together([*others, *new], about)

    def _address(self, name: str) -> str:
        return address.join(self._root.domain, name)

    def _require_free(self, name: str) -> None:
        if self.has(name):
            raise DuplicateName(f"There is a {self._root.domain} {name} already.")

    def _read(self, name: str) -> dict[str, Resource]:
        """The live rows of a document, by address. Raises NotFound."""
        at = self._address(name)
        rows = {}
        if is_storable(name):
            rows = read_root(self._transaction, self._types, at)
        if not rows:
            raise NotFound(f"There is no {self._root.domain} {name!r}.")
        self._seen[at] = [row.resource for row in rows.values()]
        return {a: row.resource for a, row in rows.items()}

    def _body(self, rows: Iterable[Resource], at: str) -> Body:
        """The document that live rows make; an edit may change all of it."""
        assert self._kind.decompile is not None
        return deepcopy(dict(self._kind.decompile(rows))[at])


_PROTECTING = {
    codes.DEFAULT_DELETED.code,
    codes.LAST_GENIE_SPACE.code,
    codes.PROTECTED.code,
    codes.STILL_USED.code,
}


def _require_valid(diagnostics: Iterable[Diagnostic]) -> None:
    errors = [d for d in diagnostics if d.severity is Severity.ERROR]
    if errors:
        found = telling(errors)
        raise Invalid(" ".join(map(_sentence, found)), found)


def _sentence(diagnostic: Diagnostic) -> str:
    help = f" {diagnostic.help}" if diagnostic.help else ""
    return f"{diagnostic.code}: {diagnostic.summary}.{help}"
