"""What the compiler knows of one file, and its spelling as JSON.

The JSON goes between processes and into the cache: never a pickle, which a
stranger could make run code.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from configsync.compiler.ignores import Ignore
from configsync.core.diagnostic import Diagnostic, Location, Related, Severity
from configsync.core.document import Document, Map
from configsync.core.resource import Resource


@dataclass(slots=True)
class FileRecord:
    """What one file gives.

    ``outlines`` are its documents as rules about all documents see them;
    ``dependencies`` the other files that it was made from, with their digests.
    ``layered`` tells that it can't be understood by itself: then nothing else
    is filled in.
    """

    documents: int = 0
    diagnostics: list[Diagnostic] = field(default_factory=list)
    outlines: list[Document] = field(default_factory=list)
    roots: list[tuple[str, Location]] = field(default_factory=list)
    ignores: list[Ignore] = field(default_factory=list)
    dependencies: dict[str, str] = field(default_factory=dict)
    layered: bool = False


def encode_record(record: FileRecord) -> bytes:
    """Spell a record."""
    return _spell(
        {
            "documents": record.documents,
            "diagnostics": [encode_diagnostic(d) for d in record.diagnostics],
            "outlines": [[d.kind, _encode_map(d.body)] for d in record.outlines],
            "roots": [[a, _encode_location(w)] for a, w in record.roots],
            "ignores": [[i.code, i.line, _encode_location(i.location)] for i in record.ignores],
            "dependencies": record.dependencies,
            "layered": record.layered,
        }
    )


def decode_record(data: bytes) -> FileRecord:
    """Read a record. Raises ValueError, KeyError or TypeError if it isn't one."""
    content = json.loads(data)
    return FileRecord(
        content["documents"],
        [decode_diagnostic(d) for d in content["diagnostics"]],
        [Document(kind, _decode_map(body)) for kind, body in content["outlines"]],
        [(at, Location(*where)) for at, where in content["roots"]],
        [Ignore(code, line, Location(*where)) for code, line, where in content["ignores"]],
        content["dependencies"],
        content["layered"],
    )


def encode_resources(resources: list[Resource]) -> bytes:
    """Spell resources; ``owner`` is the same for all of a source and not among it."""
    return _spell(
        [
            [
                r.address,
                r.domain,
                r.values,
                r.parent,
                r.location and _encode_location(r.location),
                r.renamed_from,
                r.prevent_destroy,
                r.labels,
            ]
            for r in resources
        ]
    )


def decode_resources(data: bytes, owner: str) -> list[Resource]:
    """Read resources. Raises ValueError or TypeError if they aren't any."""
    return [
        Resource(
            *(at, domain, values, parent, owner, where and Location(*where), old, protected),
            labels=labels,
        )
        for at, domain, values, parent, where, old, protected, labels in json.loads(data)
    ]


def encode_diagnostic(diagnostic: Diagnostic) -> list[Any]:
    """A diagnostic as JSON values."""
    where = diagnostic.location
    return [
        diagnostic.code,
        diagnostic.severity.value,
        diagnostic.summary,
        diagnostic.detail,
        where and _encode_location(where),
        diagnostic.path,
        diagnostic.help,
        [[r.message, _encode_location(r.location)] for r in diagnostic.related],
    ]


def decode_diagnostic(content: list[Any]) -> Diagnostic:
    """The diagnostic that `encode_diagnostic` spelled."""
    code, severity, summary, detail, where, path, help, related = content
    return Diagnostic(
        code,
        Severity(severity),
        summary,
        detail,
        where and Location(*where),
        path,
        help,
        tuple(Related(message, Location(*place)) for message, place in related),
    )


def _spell(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _encode_location(location: Location) -> list[Any]:
    return [location.file, location.line, location.column]


def _encode_map(node: Map) -> list[Any]:
    """An outline's mapping: its mark, and its entries with theirs."""
    return [
        node.mark,
        [
            [k, _encode_map(v) if isinstance(v, Map) else [v], node.key_marks[k], node.marks[k]]
            for k, v in node.items()
        ],
    ]


def _decode_map(content: list[Any]) -> Map:
    mark, entries = content
    node = Map(tuple(mark))
    for key, value, key_mark, value_mark in entries:
        decoded = value[0] if len(value) == 1 else _decode_map(value)
        node.put(key, decoded, tuple(key_mark), tuple(value_mark))
    return node
