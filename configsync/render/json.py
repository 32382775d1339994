"""JSON for machines: the keys of DESIGN section 7, which others rely on.

``format_version`` rises when a key changes its meaning or goes away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from configsync.core.diagnostic import Diagnostic
from configsync.core.drift import DriftReport
from configsync.core.plan import Change, Plan
from configsync.core.resource import Resource
from configsync.core.revision import Applied, HistoryEntry
from configsync.plan.document import (
    FORMAT_VERSION,
    change_document,
    diagnostic_document,
    location_document,
    to_document,
    writer_document,
)
from configsync.render.escape import HIDDEN


def validation(files: int, documents: int, diagnostics: Sequence[Diagnostic]) -> str:
    """What ``validate`` found."""
    return _spell(
        {
            "summary": {
                "files": files,
                "documents": documents,
                "errors": sum(d.severity == "error" for d in diagnostics),
                "warnings": sum(d.severity == "warning" for d in diagnostics),
            },
            "diagnostics": [diagnostic_document(d) for d in diagnostics],
        }
    )


def plan(plan: Plan, applied: Applied | None = None, waited: Any = None) -> str:
    """A plan, as a plan file holds it; after it was applied, with ``revision`` and ``head``.

    After a wait for the readers (`configsync.usecases.fleet.Convergence`), with
    ``readers`` too.
    """
    content = to_document(plan)
    if applied is not None:
        content |= {"revision": applied.revision, "head": applied.head}
    if waited is not None:
        fleet = waited.fleet
        content["readers"] = {
            "live": len(fleet.live),
            "current": len(fleet.live) - len(fleet.stragglers),
            "stragglers": [_reader(r, fleet) for r in fleet.stragglers],
        }
    return _spell(content)


def promotion(found: Any) -> str:
    """A plan with where it comes from; see `configsync.usecases.promote.Promotion`.

    It has keys that no plan file has, so that nobody can apply it.
    """
    origin, base = found.origin.name, found.base
    extra = {
        "promoted_from": {
            "target": origin,
            "database_id": base.database_id,
            "revision": base.revision,
        },
        "kept": [
            {
                "address": k.address,
                "field": k.field,
                "by": k.by.value,
                "values": dict(zip(("from", "to"), k.values, strict=True)),
                "location": location_document(k.location),
            }
            for k in found.kept
        ],
        "waiting": list(found.waiting),
        "files": [change.file for change in found.files],
        "refusal": found.refusal,
        "problems": [diagnostic_document(d) for d in found.problems],
        "notes": list(found.notes),
    }
    return _spell({**to_document(found.plan), **extra})


def status(found: Any) -> str:
    """What a database is at, and its readers; see `configsync.usecases.fleet.Status`."""
    fleet, newest = found.fleet, found.newest
    return _spell(
        {
            "database": {
                "url": found.url,
                "database_id": found.database_id,
                "schema_version": found.schema_version,
                "newest": newest
                and {
                    **(writer_document(newest) or {}),
                    "commit": newest.commit,
                    "dirty": newest.dirty,
                    "actor_source": newest.actor_source,
                },
            },
            "revision": fleet.revision,
            "readers": [_reader(r, fleet) for r in fleet.readers],
            "summary": {
                "live": len(fleet.live),
                "current": len(fleet.live) - len(fleet.stragglers),
                "behind": len(fleet.stragglers),
                "expired": len(fleet.expired),
            },
        }
    )


def _reader(reader: Any, fleet: Any) -> dict[str, Any]:
    return {
        "id": reader.id,
        "name": reader.name,
        "host": reader.host,
        "pid": reader.pid,
        "revision": reader.revision,
        "behind": max(0, fleet.revision - reader.revision),
        "live": reader.live,
        "degraded": reader.degraded,
        "started_at": reader.started_at,
        "seen_at": reader.seen_at,
    }


def drift(report: DriftReport) -> str:
    """What someone changed in the database past git."""
    return _spell(
        {
            "drift": [
                {
                    "address": c.address,
                    "action": c.action.value,
                    "fields": {
                        name: {"applied": applied, "live": live}
                        for name, (applied, live) in c.fields.items()
                    },
                    "by": writer_document(c.by),
                    "location": location_document(c.location),
                }
                for c in report.drift
            ],
            "unmanaged": list(report.unmanaged),
            "pending": [change_document(c) for c in report.pending],
            "not_installed": list(report.not_installed),
            "compared": report.compared,
        }
    )


def history(entries: Iterable[HistoryEntry]) -> Iterator[str]:
    """History entries, newest first, in pieces as they come."""
    # What is spelled around no entries is spelled around any number of them.
    head, tail = _spell({"entries": []}).rsplit("[]", 1)
    between = f"{head}[\n"
    for entry in entries:
        content = {
            "revision": entry.revision,
            "address": entry.address,
            "domain": entry.domain,
            "action": entry.action,
            "changed_by": entry.changed_by,
            "changes": entry.changes,
            "snapshot": entry.snapshot,
            "timestamp": entry.timestamp,
            "source": entry.source,
            "commit": entry.commit,
            "dirty": entry.dirty,
            "actor_source": entry.actor_source,
        }
        yield f"{between}    " + _escaped(content).replace("\n", "\n    ")
        between = ",\n"
    yield f"{head}[]{tail}" if between.startswith(head) else f"\n  ]{tail}"


def verification(found: Any) -> str:
    """What a check of history found; see `configsync.store.chain.Verification`."""
    return _spell(
        {
            "intact": found.intact,
            "revisions": found.revisions,
            "sealed": found.sealed,
            "entries": found.entries,
            "head": found.head,
            "head_found": found.head_found,
            "unsealed": found.unsealed and {"first": found.unsealed[0], "last": found.unsealed[1]},
            "broken": [{"first": b.first, "last": b.last, "why": b.why} for b in found.broken],
        }
    )


def difference(old: int, new: int, changes: Iterable[Change]) -> str:
    """The net changes from one revision to another."""
    return _spell(
        {
            "from": old,
            "to": new,
            "changes": [
                {
                    "address": c.address,
                    "former_address": c.before and c.before.address,
                    "kind": c.kind,
                    "domain": c.domain,
                    "action": c.action.value,
                    "fields": {k: {"old": o, "new": n} for k, (o, n) in c.fields.items()},
                }
                for c in changes
            ],
        }
    )


def blame(found: Iterable[Any]) -> str:
    """Who set each value; see `configsync.store.blame.Blamed`."""
    return _spell(
        {
            "resources": [
                {
                    "address": r.address,
                    "domain": r.domain,
                    "fields": {f.name: _blamed(f) for f in r.fields},
                }
                for r in found
            ]
        }
    )


def _blamed(field: Any) -> dict[str, Any]:
    entry = field.entry
    if entry is None:
        return {"value": field.value, "explained": False}
    return {
        "value": field.value,
        "explained": True,
        "revision": entry.revision,
        "timestamp": entry.timestamp,
        "changed_by": entry.changed_by,
        "source": entry.source,
        "commit": entry.commit,
        "dirty": entry.dirty,
        "author": entry.author,
        "user": entry.db_user,
        "application": entry.application_name,
        "client_address": entry.client_address,
        "actor_source": entry.actor_source,
        "location": location_document(field.location),
    }


def resources(found: Iterable[Resource]) -> str:
    """Live resources."""
    return _spell(
        {
            "resources": [
                {"address": r.address, "domain": r.domain, "values": r.values} for r in found
            ]
        }
    )


def values(roots: Mapping[str, Any]) -> str:
    """Typed values by root; see `configsync.usecases.values.nested`."""
    return _spell({"roots": dict(roots)})


def users(address: str, found: Iterable[Any]) -> str:
    """Who uses a root; see `configsync.usecases.explain.find_users`."""
    used_by = [
        {"address": u.address, "location": location_document(u.location), "source": u.owner}
        for u in found
    ]
    return _spell({"address": address, "used_by": used_by})


def explanation(address: str, fields: Iterable[Any]) -> str:
    """Where the fields of a resource are set; see `configsync.usecases.explain`."""
    return _spell(
        {
            "address": address,
            "fields": {
                f.name: {
                    "value": f.value,
                    "chain": [
                        {
                            "location": location_document(s.location),
                            "value": s.value,
                            "layer": s.layer,
                        }
                        for s in f.chain
                    ],
                    "database": f.stored
                    and {
                        "value": f.stored.value,
                        "revision": f.stored.entry and f.stored.entry.revision,
                        "changed_by": f.stored.entry and f.stored.entry.changed_by,
                        "timestamp": f.stored.entry and f.stored.entry.timestamp,
                    },
                }
                for f in fields
            },
        }
    )


def adoption(found: Any) -> str:
    """What was adopted; see `configsync.usecases.adopt`. With errors, nothing was."""
    failed = bool(found.diagnostics)
    return _spell(
        {
            "adopted": [
                {
                    "address": a.drift.address,
                    "fields": {k: {"old": o, "new": n} for k, (o, n) in a.drift.values.items()},
                    "location": location_document(a.location),
                }
                for a in (() if failed else found.adopted)
            ],
            "files": [] if failed else [c.file for c in found.changes],
            "notes": list(found.notes),
            "diagnostics": [diagnostic_document(d) for d in found.diagnostics],
        }
    )


def table(name: str, rows: Iterable[dict[str, Any]]) -> str:
    """Rows under one name."""
    return _spell({name: list(rows)})


def record(content: dict[str, Any]) -> str:
    """What one thing says of itself."""
    return _spell(content)


def _spell(content: dict[str, Any]) -> str:
    """UTF-8, but for what steers a terminal or shows as nothing: that is escaped (rule 6.20)."""
    return _escaped({"format_version": FORMAT_VERSION} | content) + "\n"


def _escaped(content: dict[str, Any]) -> str:
    text = json.dumps(content, indent=2, ensure_ascii=False)
    text = HIDDEN.sub(lambda match: json.dumps(match[0])[1:-1], text)
    # A CI runner obeys this wherever it stands in a log; only strings can hold it.
    return text.replace("##[", "##\\u005b")
