"""A plan as a JSON document: what ``plan -o json`` prints, and what a plan file holds.

The keys are those of DESIGN section 7. Reading is strict: a plan file is an
approval, so nothing in it may go unread, and its digests must be those of what
it says.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location, Related, Severity
from configsync.core.errors import Refused, UsageError
from configsync.core.plan import Action, Base, Change, Plan, PlanOptions, Reason, SourceInfo
from configsync.core.resource import Resource
from configsync.core.revision import RevisionSource, Writer
from configsync.core.values import Json, digest
from configsync.plan.shape import ANY, JsonFile, Values

FORMAT_VERSION = 1
"""Rises when a key changes its meaning or goes away."""


def to_document(plan: Plan) -> dict[str, Any]:
    """A plan as JSON values; ``digest`` is that of all else."""
    content: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "plan_id": plan.plan_id,
        "target": plan.target,
        "source": {
            "id": plan.source.id,
            "commit": plan.source.commit,
            "dirty": plan.source.dirty,
        },
        "author": plan.source.author,
        "source_digest": plan.source.digest,
        "base": {"database_id": plan.base.database_id, "revision": plan.base.revision},
        "schema_version": plan.base.schema_version,
        "options": {**asdict(plan.options), "select": list(plan.options.select)},
        "summary": plan.summary(),
        "changes": [change_document(c) for c in plan.changes],
        "drift": [change_document(c) for c in plan.drift],
        "records": [r.address for r in plan.records],
        "forgotten": list(plan.forgotten),
        "unmanaged": list(plan.unmanaged),
        "left_out": list(plan.left_out),
        "taken": [{"address": at, "owner": owner} for at, owner in plan.taken],
        "diagnostics": [diagnostic_document(d) for d in plan.diagnostics],
    }
    if plan.offline is not None:
        content["offline"] = {"moment": plan.offline.moment}
    return {**content, "digest": digest(content)}


def change_document(change: Change) -> dict[str, Any]:
    """A change as JSON values."""
    return {
        "address": change.address,
        "kind": change.kind,
        "domain": change.domain,
        "action": change.action.value,
        "reason": change.reason.value,
        "fields": {k: {"old": old, "new": new} for k, (old, new) in change.fields.items()},
        "location": location_document(change.location),
        "previous_address": change.previous_address,
        "version": change.version,
        "by": writer_document(change.by),
        "deactivates": change.deactivates,
    }


def writer_document(writer: Writer | None) -> dict[str, Any] | None:
    """Who wrote a row, as JSON values."""
    if writer is None:
        return None
    return {
        "user": writer.user,
        "application": writer.application,
        "at": writer.at,
        "client_address": writer.address,
        "revision": writer.revision,
        "source": writer.source.value,
    }


def diagnostic_document(diagnostic: Diagnostic) -> dict[str, Any]:
    """A diagnostic as JSON values."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
        "path": diagnostic.path,
        "location": location_document(diagnostic.location),
        "help": diagnostic.help,
        "related": [
            {"message": r.message, "location": location_document(r.location)}
            for r in diagnostic.related
        ],
    }


def location_document(location: Location | None) -> dict[str, Any] | None:
    """A place in a file as JSON values."""
    return None if location is None else asdict(location)


def from_document(text: str, name: str) -> Plan:
    """The plan that a plan file holds, as it can be shown; ``name`` is the file's.

    What is in it of resources is what changes of them, so that a plan is made
    again before it is applied. Raises UsageError for what is no plan file, and
    Refused where it isn't as configsync wrote it.
    """
    file = JsonFile(name, "a plan file")
    content = file.parse(text)
    if isinstance(content, dict) and content.get("format_version", 1) != FORMAT_VERSION:
        raise UsageError(
            f"{name} has the format version {content['format_version']!r}, this configsync reads "
            f"{FORMAT_VERSION}. Make the plan with the configsync that applies it."
        )
    if isinstance(content, dict) and "offline" in content:
        raise UsageError(
            f"{name} is not a plan file: the plan was made against an export, and an approval is "
            "for what a database holds. Plan against the database, with --out."
        )
    file.require(content, _PLAN)
    stated = content.pop("digest")
    plan = _plan(content)
    if digest(content) != stated or plan.plan_id != content["plan_id"]:
        raise Refused(
            f"{codes.EDITED_PLAN.code}: {name} was edited after configsync wrote it. Nothing was "
            "changed; plan again, and apply the file as it is."
        )
    return plan


_LOCATION = ({"file": str, "line": int, "column": int}, None)
WRITER = {
    "user": str,
    "application": (str, None),
    "at": str,
    "client_address": (str, None),
    "revision": int,
    "source": tuple(RevisionSource),
}
"""The shape of who wrote a row."""
_CHANGE = {
    "address": str,
    "kind": str,
    "domain": str,
    "action": tuple(Action),
    "reason": tuple(Reason),
    "fields": Values({"": {"old": ANY, "new": ANY}}),
    "location": _LOCATION,
    "previous_address": (str, None),
    "version": int,
    "by": (WRITER, None),
    "deactivates": bool,
}
_DIAGNOSTIC = {
    **dict.fromkeys(("code", "summary", "detail", "path", "help"), str),
    "severity": tuple(Severity),
    "location": _LOCATION,
    "related": [{"message": str, "location": _LOCATION}],
}
_PLAN = {
    "format_version": int,
    "plan_id": str,
    "target": str,
    "source": {"id": str, "commit": (str, None), "dirty": bool},
    "author": (str, None),
    "source_digest": str,
    "base": {"database_id": str, "revision": int},
    "schema_version": str,
    "options": {
        "select": [str],
        **{f.name: bool for f in fields(PlanOptions) if f.name not in ("select", "to_revision")},
        "to_revision": (int, None),
    },
    "summary": dict.fromkeys(("create", "update", "delete", "unchanged"), int),
    "changes": [_CHANGE],
    "drift": [_CHANGE],
    **{name: [str] for name in ("records", "forgotten", "unmanaged", "left_out")},
    "taken": [{"address": str, "owner": str}],
    "diagnostics": [_DIAGNOSTIC],
    "digest": str,
}
"""The shape of a plan file."""


def _plan(content: dict[str, Any]) -> Plan:
    options = {**content["options"], "select": tuple(content["options"]["select"])}
    return Plan(
        target=content["target"],
        source=SourceInfo(
            **content["source"], author=content["author"], digest=content["source_digest"]
        ),
        base=Base(**content["base"], schema_version=content["schema_version"]),
        options=PlanOptions(**options),
        changes=tuple(_change(c) for c in content["changes"]),
        drift=tuple(_change(c) for c in content["drift"]),
        unchanged=content["summary"]["unchanged"],
        unmanaged=tuple(content["unmanaged"]),
        records=tuple(_record(at) for at in content["records"]),
        forgotten=tuple(content["forgotten"]),
        left_out=tuple(content["left_out"]),
        taken=tuple((t["address"], t["owner"]) for t in content["taken"]),
        diagnostics=tuple(_diagnostic(d) for d in content["diagnostics"]),
    )


def _record(at: str) -> Change:
    return Change(at, Action.UPDATE, Reason.GIT, "", None, Resource(at, "", {}))


def _change(content: dict[str, Any]) -> Change:
    action = Action(content["action"])
    before, after = (_resource(content, side) for side in ("old", "new"))
    by = content["by"]
    return Change(
        content["address"],
        action,
        Reason(content["reason"]),
        content["kind"],
        None if action is Action.CREATE else before,
        None if action is Action.DELETE else after,
        content["version"],
        by
        and Writer(
            by["revision"],
            RevisionSource(by["source"]),
            by["user"],
            by["at"],
            by["application"],
            by["client_address"],
        ),
        deactivates=content["deactivates"],
    )


def _resource(content: dict[str, Any], side: str) -> Resource:
    """The part of a resource that a change is about, before (``old``) or after it (``new``)."""
    values: dict[str, Json] = {name: pair[side] for name, pair in content["fields"].items()}
    at = content["address"]
    if side == "old":
        at = content["previous_address"] or at
    return Resource(at, content["domain"], values, location=_location(content["location"]))


def _location(content: dict[str, Any] | None) -> Location | None:
    return None if content is None else Location(**content)


def _diagnostic(content: dict[str, Any]) -> Diagnostic:
    return Diagnostic(
        **{
            **content,
            "severity": Severity(content["severity"]),
            "location": _location(content["location"]),
            "related": tuple(
                Related(r["message"], Location(**r["location"])) for r in content["related"]
            ),
        }
    )
