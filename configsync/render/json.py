"""JSON for machines: the keys of DESIGN section 7, which others rely on.

``format_version`` rises when a key changes its meaning or goes away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from configsync.core.diagnostic import Diagnostic
from configsync.core.drift import DriftReport
from configsync.core.plan import Plan
from configsync.core.resource import Resource
from configsync.core.revision import HistoryEntry
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


def plan(plan: Plan, revision: int | None = None) -> str:
    """A plan, as a plan file holds it; after it was applied, with the ``revision`` it made."""
    content = to_document(plan)
    if revision is not None:
        content["revision"] = revision
    return _spell(content)


def drift(report: DriftReport) -> str:
    """What someone changed in the database past configsync."""
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
        }
    )


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


def table(name: str, rows: Iterable[dict[str, Any]]) -> str:
    """Rows under one name."""
    return _spell({name: list(rows)})


def _spell(content: dict[str, Any]) -> str:
    """UTF-8, but for what steers a terminal or shows as nothing: that is escaped (rule 6.20)."""
    text = json.dumps({"format_version": FORMAT_VERSION} | content, indent=2, ensure_ascii=False)
    return HIDDEN.sub(lambda match: json.dumps(match[0])[1:-1], text) + "\n"
