"""JSON for machines: the keys of DESIGN section 7, which others rely on.

``format_version`` rises when a key changes its meaning or goes away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.plan import Change, Plan
from configsync.core.resource import Resource
from configsync.core.revision import HistoryEntry
from configsync.render.escape import HIDDEN

FORMAT_VERSION = 1


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
            "diagnostics": [_diagnostic(d) for d in diagnostics],
        }
    )


def plan(plan: Plan, revision: int | None = None) -> str:
    """A plan; after it was applied, with the ``revision`` that it made."""
    content: dict[str, Any] = {
        "plan_id": plan.plan_id,
        "target": plan.target,
        "source": {
            "id": plan.source.id,
            "commit": plan.source.commit,
            "dirty": plan.source.dirty,
        },
        "base": {"database_id": plan.base.database_id, "revision": plan.base.revision},
        "summary": plan.summary(),
        "changes": [_change(c) for c in plan.changes],
        "unmanaged": list(plan.unmanaged),
        "diagnostics": [_diagnostic(d) for d in plan.diagnostics],
    }
    if revision is not None:
        content["revision"] = revision
    return _spell(content)


def history(entries: Iterable[HistoryEntry]) -> str:
    """History entries, newest first."""
    return _spell(
        {
            "entries": [
                {
                    "revision": e.revision,
                    "address": e.address,
                    "domain": e.domain,
                    "action": e.action,
                    "changed_by": e.changed_by,
                    "changes": e.changes,
                    "snapshot": e.snapshot,
                    "timestamp": e.timestamp,
                    "source": e.source,
                    "commit": e.commit,
                }
                for e in entries
            ]
        }
    )


def resources(found: Iterable[Resource]) -> str:
    """Live resources."""
    return _spell(
        {
            "resources": [
                {"address": r.address, "domain": r.domain, "values": r.values} for r in found
            ]
        }
    )


def explanation(address: str, fields: Iterable[Any]) -> str:
    """Where the fields of a resource are set; see `configsync.usecases.explain`."""
    return _spell(
        {
            "address": address,
            "fields": {
                f.name: {
                    "value": f.value,
                    "chain": [
                        {"location": _location(s.location), "value": s.value, "layer": s.layer}
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
                    "location": _location(a.location),
                }
                for a in (() if failed else found.adopted)
            ],
            "files": [] if failed else [c.file for c in found.changes],
            "notes": list(found.notes),
            "diagnostics": [_diagnostic(d) for d in found.diagnostics],
        }
    )


def table(name: str, rows: Iterable[dict[str, Any]]) -> str:
    """Rows under one name."""
    return _spell({name: list(rows)})


def _change(change: Change) -> dict[str, Any]:
    return {
        "address": change.address,
        "kind": change.kind,
        "domain": change.domain,
        "action": change.action.value,
        "reason": change.reason.value,
        "fields": {k: {"old": old, "new": new} for k, (old, new) in change.fields.items()},
        "location": _location(change.location),
    }


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
        "path": diagnostic.path,
        "location": _location(diagnostic.location),
        "help": diagnostic.help,
        "related": [
            {"message": r.message, "location": _location(r.location)} for r in diagnostic.related
        ],
    }


def _location(location: Location | None) -> dict[str, Any] | None:
    if location is None:
        return None
    return {"file": location.file, "line": location.line, "column": location.column}


def _spell(content: dict[str, Any]) -> str:
    """UTF-8, but for what steers a terminal or shows as nothing: that is escaped (rule 6.20)."""
    text = json.dumps({"format_version": FORMAT_VERSION, **content}, indent=2, ensure_ascii=False)
    return HIDDEN.sub(lambda match: json.dumps(match[0])[1:-1], text) + "\n"
