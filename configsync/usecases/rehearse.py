"""Rehearse: report at the YAML what the database would refuse of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.document import Document, show_path
from configsync.core.kind import Compiled
from configsync.core.plan import Change, Plan
from configsync.core.resource import Resource
from configsync.core.revision import Actor
from configsync.kinds import all_kinds, resource_types
from configsync.source.files import read_text
from configsync.source.load import parse
from configsync.source.project import Project
from configsync.store.database import Database, Refusal
from configsync.store.rehearse import LIMIT, Refused, rehearse_plan
from configsync.usecases.apply import attribute

SHOWN = 200
"""Characters that are shown of what the database says."""


def rehearse(
    project: Project, database: Database, plan: Plan, actor: Actor, lock_timeout: float
) -> Plan:
    """Try a plan on its database and take it back; returns the plan with what was found.

    No policy stands against the plan. What the database would refuse is an
    error among the diagnostics, at the document that causes it. Raises
    StalePlan, LockTimeout or DatabaseError.
    """
    types = resource_types()
    findings = rehearse_plan(database, plan, types, attribute(plan, actor), lock_timeout)
    changes = {c.before.address: c for c in plan.changes if c.before is not None}
    changes |= {c.address: c for c in plan.changes}
    places = {r.address: r.location for r in plan.records}
    places |= {at: c.location for at, c in changes.items()}
    files = _Files(project)
    found = [_refused(files, places, changes, one) for one in findings.refused]
    if not findings.complete:
        found.append(codes.REHEARSAL.at(None, f"there are more than {LIMIT} refusals", _ENDED))
    for remark in findings.remarks:
        whose = "" if remark.address is None else f"{remark.address}: "
        where = None if remark.address is None else places.get(remark.address)
        found.append(codes.REMARK.at(where, f"{whose}the database says: {_cut(remark.text)}"))
    found.sort(key=lambda d: d.sort_key)
    return replace(plan, diagnostics=(*found, *plan.diagnostics))


_ENDED = "The rehearsal ended here, so that it didn't hold the database's lock for long."
_HELP = "Change it here, or have whoever runs the database change what refuses it."


def _refused(
    files: _Files,
    places: Mapping[str, Location | None],
    changes: Mapping[str, Change],
    found: Refused,
) -> Diagnostic:
    refusal = found.refusal
    detail = " ".join(
        f"{text.rstrip('.')}." for text in (_by(refusal), _cut(refusal.detail)) if text
    )
    help = _cut(refusal.hint) or _HELP
    if found.address is None:
        summary = f"the apply would be refused: {_cut(refusal.message)}"
        return codes.REHEARSAL.at(None, summary, detail, help=help)
    where, path = places.get(found.address), ""
    change = changes.get(found.address)
    if change is not None:
        where, path = _place(files, change, refusal)
    summary = f"{found.address} would be refused: {_cut(refusal.message)}"
    return codes.REHEARSAL.at(where, summary, detail, path=path, help=help)


def _by(refusal: Refusal) -> str:
    return f"It is refused by {refusal.by}" if refusal.by else ""


def _place(files: _Files, change: Change, refusal: Refusal) -> tuple[Location | None, str]:
    """Where the value stands that a refusal names, or that alone changes; else the change."""
    fields = list(change.fields)
    named = refusal.columns if refusal.table == resource_types()[change.domain].table else ()
    about = [c for c in named if c in fields] or (fields if len(fields) == 1 else [])
    found = files.find(change.after, about[0]) if change.after and about else None
    return found or (change.location, "")


class _Files:
    """Where the fields of resources stand, found in files that are read when they are asked for."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._rows: dict[str, list[tuple[Document, Compiled]]] = {}

    def find(self, resource: Resource, column: str) -> tuple[Location, str] | None:
        """The place and path of a field; None where its file doesn't set it."""
        if resource.elsewhere and column in resource.elsewhere:
            return resource.elsewhere[column], ""
        if resource.location is None:
            return None
        for document, row in self._of(resource.location.file):
            at = document.locate(row.path, key=True)
            if at == resource.location and row.type.domain == resource.domain:
                path = row.paths.get(column, (*row.path, column))
                if document.get(path) is not None:
                    return document.locate(path), show_path(path)
        return None

    def _of(self, file: str) -> list[tuple[Document, Compiled]]:
        """The documents of a file with the rows that they compile to by themselves."""
        if file not in self._rows:
            text = read_text(self.project.root, file)
            parsed = [] if isinstance(text, Diagnostic) else self._parse(text, file)
            self._rows[file] = list(chain.from_iterable(map(_compiled, parsed)))
        return self._rows[file]

    def _parse(self, text: str, file: str) -> list[Document]:
        return parse(text, file, all_kinds(), aliases=self.project.allow_aliases)[0]


def _compiled(document: Document) -> Iterator[tuple[Document, Compiled]]:
    try:
        for row in all_kinds()[document.kind].compile(document):
            yield document, row
    except (KeyError, TypeError, AttributeError):
        # A layer that others complete: it has the rows up to what it lacks.
        return


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
