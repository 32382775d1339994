"""The file of an export: all that a plan is made against, as one JSON document.

The same database gives the same bytes. Whoever plans may have got the file
from anybody, so that nothing of it is used before it is known to be what a
database could hold. Its digest finds damage; it is no signature.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from configsync.core.diagnostic import Location
from configsync.core.errors import UsageError
from configsync.core.plan import Base
from configsync.core.published import Published
from configsync.core.resource import Column, Resource, ResourceType, State
from configsync.core.revision import UNKNOWN, LastWrite, OwnerRecord, RevisionSource, Writer
from configsync.core.values import Json, Row, Unstorable, digest, equal
from configsync.plan.document import WRITER, writer_document
from configsync.plan.shape import ANY, JsonFile, Values, shown
from configsync.plan.stored import Export

FORMAT = "configsync-state"
FORMAT_VERSION = 1
"""Rises when a key changes its meaning or goes away."""

AGAIN = "Get it again, or make it again with: configsync export --state"


def to_text(export: Export) -> str:
    """An export as the text of its file. Raises UsageError if UTF-8 can't hold its texts."""
    past_git = {at: w for at, w in export.writes.items() if w.writer.source.past_git}
    content: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        **asdict(export.base),
        "moment": export.moment,
        "domains": list(export.domains),
        "owners": {owner: asdict(record) for owner, record in sorted(export.owners.items())},
        "live": [_live_document(r) for _, r in sorted(export.live.items())],
        "applied": [_applied_document(r) for _, r in sorted(export.applied.items())],
        "renamed": dict(sorted(export.renamed.items())),
        "versions": [
            {"address": at, "number": number, "values": values}
            for (at, number), values in sorted(export.versions.rows.items(), key=lambda i: i[0])
        ],
        "deactivated": sorted(export.gone),
        # Of who wrote for git, a plan tells nothing.
        "revisions": {
            at: w.writer.revision for at, w in sorted(export.writes.items()) if at not in past_git
        },
        "past_git": [
            {
                "address": at,
                "action": write.action,
                "snapshot": write.snapshot,
                "by": writer_document(write.writer),
            }
            for at, write in sorted(past_git.items())
        ],
    }
    try:
        content["digest"] = digest(content)
    except UnicodeEncodeError as error:
        raise UsageError(f"The database holds text that UTF-8 can't: {error.reason}.") from error
    return json.dumps(content, separators=(",", ":")) + "\n"


def from_text(text: str, name: str, types: Mapping[str, ResourceType], schema: str) -> Export:
    """The export in a file of a name. Raises UsageError for what is none, or not for us.

    It has to tell of all of ``types``, and be of a database of the ``schema``
    version; what it says of others is left out.
    """
    file = JsonFile(name, "a state export")
    content = file.parse(text)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise file.fault("name a file that configsync export --state wrote.")
    if content.get("format_version") != FORMAT_VERSION:
        raise UsageError(
            f"{name} has the format version {shown(repr(content.get('format_version')))}, this "
            f"configsync reads {FORMAT_VERSION}. Plan with the configsync that exported it."
        )
    file.require(content, _EXPORT)
    if content["schema_version"] != schema:
        raise UsageError(
            f"{name} is of a database at schema version {shown(content['schema_version'])}, this "
            f"configsync needs {schema}. Plan with the configsync that exported it."
        )
    if content.pop("digest") != digest(content):
        raise UsageError(f"{name} isn't as configsync wrote it: its digest differs. {AGAIN}")
    missing = sorted(types.keys() - set(content["domains"]))
    if missing:
        raise UsageError(
            f"{name} doesn't tell of {', '.join(missing)}: it was exported without the package "
            "that adds that kind. Install the package there, and export again."
        )
    return _Reader(file, types).export(content)


_ANY_VALUES = Values({"": ANY})
_EXPORT = {
    **dict.fromkeys(("format", "database_id", "schema_version", "digest"), str),
    "format_version": int,
    "revision": int,
    "moment": (str, None),
    "domains": [str],
    "owners": Values({"": {"commit": (str, None), "held": (str, None)}}),
    "live": [{"address": str, "domain": str, "values": _ANY_VALUES}],
    "applied": [
        {
            **dict.fromkeys(("address", "domain"), str),
            "values": _ANY_VALUES,
            "owner": (str, None),
            "file": (str, None),
            "line": (int, None),
            "prevent_destroy": bool,
            "renamed_from": (str, None),
            "labels": (Values({"": str}), None),
            "uses": [str],
        }
    ],
    "renamed": Values({"": str}),
    "versions": [{"address": str, "number": int, "values": _ANY_VALUES}],
    "deactivated": [str],
    "revisions": Values({"": int}),
    "past_git": [
        {"address": str, "action": str, "snapshot": (_ANY_VALUES, None), "by": WRITER},
    ],
}
_COMMIT = re.compile("[0-9a-f]{4,64}")
"""What git may be asked about: nothing that it could take for an option."""


def _live_document(resource: Resource) -> dict[str, Any]:
    return {"address": resource.address, "domain": resource.domain, "values": resource.values}


def _applied_document(resource: Resource) -> dict[str, Any]:
    location = resource.location
    return {
        **_live_document(resource),
        "owner": resource.owner,
        "file": location and location.file,
        "line": location and location.line,
        "prevent_destroy": resource.prevent_destroy,
        "renamed_from": resource.renamed_from,
        "labels": resource.labels,
        "uses": list(resource.uses),
    }


class _Reader:
    """Makes an export of a document that has its shape. Raises UsageError for what can't be."""

    def __init__(self, file: JsonFile, types: Mapping[str, ResourceType]) -> None:
        self.file = file
        self.types = types

    def export(self, content: dict[str, Any]) -> Export:
        live = self._state(self._live(r) for r in content["live"] if r["domain"] in self.types)
        applied = self._state(map(self._applied, content["applied"]))
        for at, resource in live.items():
            self._require(resource.root in live, at, "is a part of what isn't there")
        return Export(
            base=Base(content["database_id"], content["revision"], content["schema_version"]),
            moment=content["moment"],
            domains=tuple(content["domains"]),
            owners={owner: self._owner(owner, r) for owner, r in content["owners"].items()},
            applied=applied,
            live=live,
            renamed=self._renamed(content["renamed"], live, applied),
            versions=self._published(content["versions"]),
            writes=dict(self._writes(content)),
            gone=frozenset(self._gone(content["deactivated"])),
        )

    def _state(self, resources: Iterable[Resource]) -> State:
        found: dict[str, Resource] = {}
        for resource in resources:
            self._require(resource.address not in found, resource.address, "stands in it twice")
            found[resource.address] = resource
        return State(found.values())

    def _live(self, content: dict[str, Any]) -> Resource:
        at, type_ = content["address"], self.types[content["domain"]]
        values = self._values(at, type_, content["values"])
        parent = type_.parent_address(at)
        self._require(type_.address(values, parent) == at, at, "is not called as its values say")
        return Resource(at, type_.domain, values, parent)

    def _applied(self, content: dict[str, Any]) -> Resource:
        at, domain, values = content["address"], content["domain"], content["values"]
        type_ = self.types.get(domain)
        if type_ is not None:
            self._require(_is_address(at, type_), at, f"is no address of {domain}")
            # A column may have come later than the record.
            needed = {*type_.key, *type_.together, type_.default} & set(type_.names)
            self._require(needed <= values.keys(), at, "lacks values")
        file, line = content["file"], content["line"]
        return Resource(
            address=at,
            domain=domain,
            values=values,
            parent=None if type_ is None else type_.parent_address(at),
            owner=content["owner"],
            location=None if file is None or line is None else Location(file, line, 1),
            renamed_from=content["renamed_from"],
            prevent_destroy=content["prevent_destroy"],
            labels=content["labels"],
            uses=tuple(content["uses"]),
        )

    def _values(self, at: str, type_: ResourceType, values: dict[str, Any]) -> Row:
        """The values of a row, in the order of the columns."""
        self._require(values.keys() == set(type_.names), at, "has other columns than here")
        for column in type_.columns:
            self._require(_fits(values[column.name], column), at, f"can't have that {column.name}")
        return {name: values[name] for name in type_.names}

    def _owner(self, owner: str, content: dict[str, Any]) -> OwnerRecord:
        for commit in content.values():
            self._require(commit is None or _COMMIT.fullmatch(commit), owner, "has no such commit")
        return OwnerRecord(**content)

    def _renamed(self, content: dict[str, str], live: State, applied: State) -> dict[str, str]:
        for now, old in content.items():
            roots = [s[at] for s, at in ((live, now), (applied, old)) if at in s]
            same = len(roots) == 2 and roots[0].domain == roots[1].domain
            self._require(same and roots[0].parent is None, now, "was not renamed")
        self._require(len(set(content.values())) == len(content), "renamed", "has a name twice")
        return content

    def _published(self, content: Iterable[dict[str, Any]]) -> Published:
        newest: dict[str, int] = {}
        rows: dict[tuple[str, int], Row] = {}
        for version in content:
            at, number = version["address"], version["number"]
            type_ = self.types.get(at.split("/")[0])
            if type_ is None:
                continue
            self._require(type_.versions is not None, at, "has no versions")
            assert type_.versions is not None
            values = self._values(at, type_, version["values"])
            same = type_.address(values, None) == at and values[type_.versions.number] == number
            self._require(same and (at, number) not in rows, at, "has no such version")
            rows[at, number] = values
            newest[at] = max(number, newest.get(at, 0))
        return Published(newest, rows)

    def _writes(self, content: dict[str, Any]) -> Iterator[tuple[str, LastWrite]]:
        for at, revision in content["revisions"].items():
            # Which of those that aren't past git makes no difference.
            yield at, LastWrite(Writer(revision, RevisionSource.APPLY, UNKNOWN, ""), "", None)
        for write in content["past_git"]:
            by = write["by"]
            writer = Writer(
                *(by["revision"], RevisionSource(by["source"]), by["user"], by["at"]),
                *(by["application"], by["client_address"]),
            )
            yield write["address"], LastWrite(writer, write["action"], write["snapshot"])

    def _gone(self, addresses: Iterable[str]) -> Iterator[str]:
        for at in addresses:
            type_ = self.types.get(at.split("/")[0])
            if type_ is not None:
                self._require(_is_address(at, type_), at, f"is no address of {type_.domain}")
                yield at

    def _require(self, met: object, what: str, why: str) -> None:
        if not met:
            raise self.file.fault(f"{shown(what)} {why}. {AGAIN}")


def _is_address(at: str, type_: ResourceType) -> bool:
    """Tell whether an address could be that of a resource of a type."""
    steps = at.split("/")
    if type_.parent is not None:
        before = 1 + len(type_.parent.key)
        if steps[0] != type_.parent.step:
            return False
        steps = steps[before:]
    return len(steps) == 1 + len(type_.key) and steps[0] == type_.step


def _fits(value: Json, column: Column) -> bool:
    """Tell whether a value is one that reading a column may give."""
    if value is None:
        return column.nullable
    with suppress(Unstorable):
        return equal(column.type.canonical(value), value)
    # SQLite lets a hand write what the column's type forbids.
    return isinstance(value, str | int | float)
