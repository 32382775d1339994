"""What the compiler knows of one file, and its spelling as JSON.

The JSON goes between processes and into the cache: never a pickle, which a
stranger could make run code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from configsync.compiler.documents import Root
from configsync.compiler.findings import decode_diagnostic, encode_diagnostic, encode_location
from configsync.compiler.ignores import Ignore
from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.document import Document, Map
from configsync.core.resource import Resource


@dataclass(slots=True)
class FileRecord:
    """What one file gives.

    ``roots`` are the addresses that it defines, ``uses`` those that it names.
    ``outlines`` are its documents as rules about all documents see them;
    ``dependencies`` the other files that it was made from, with their digests.
    ``layered`` tells that it can't be understood by itself: then nothing else
    is filled in.
    """

    documents: int = 0
    diagnostics: list[Diagnostic] = field(default_factory=list)
    outlines: list[Document] = field(default_factory=list)
    roots: list[Root] = field(default_factory=list)
    uses: list[tuple[str, Location]] = field(default_factory=list)
    ignores: list[Ignore] = field(default_factory=list)
    dependencies: dict[str, str] = field(default_factory=dict)
    layered: bool = False


def encode_record(record: FileRecord) -> bytes:
    """Spell a record; the places of outlines and ignores lie in its own file."""
    return _spell(
        [
            record.documents,
            [encode_diagnostic(d) for d in record.diagnostics],
            [[d.kind, _encode_map(d.body)] for d in record.outlines],
            [[r.address, encode_location(r.location), r.path] for r in record.roots],
            [[address, *encode_location(where)] for address, where in record.uses],
            [[i.code, i.line, i.last, i.location.line, i.location.column] for i in record.ignores],
            record.dependencies,
            record.layered,
        ]
    )


def decode_record(data: bytes, file: str) -> FileRecord:
    """Read the record of a file. Raises ValueError, KeyError or TypeError if it isn't one."""
    documents, diagnostics, outlines, roots, uses, ignores, dependencies, layered = json.loads(
        data.decode()
    )
    return FileRecord(
        documents,
        [decode_diagnostic(d) for d in diagnostics],
        [Document(kind, _decode_map(body, file)) for kind, body in outlines],
        [Root(address, Location(*where), path) for address, where, path in roots],
        [(address, Location(*where)) for address, *where in uses],
        [Ignore(code, line, last, Location(file, *where)) for code, line, last, *where in ignores],
        dependencies,
        layered,
    )


NO_RESOURCES = b"[{},[]]"
"""What `encode_resources` spells of a file that has none."""


def encode_resources(resources: list[Resource], dependencies: Mapping[str, str]) -> bytes:
    """Spell resources, with the digests of the other files that they were made from.

    ``owner`` is the same for all of a source and not among it.
    """
    return _spell(
        [
            dependencies,
            [
                [
                    r.address,
                    r.domain,
                    r.values,
                    r.parent,
                    r.location and encode_location(r.location),
                    r.renamed_from,
                    r.prevent_destroy,
                    r.labels,
                    r.uses,
                ]
                for r in resources
            ],
        ]
    )


def decode_resources(data: bytes, owner: str, now: Mapping[str, str]) -> list[Resource]:
    """Read resources. Raises ValueError or TypeError if they aren't any.

    And if they were made from other files than there are ``now``, by digests:
    what a cache has for a file may be of another moment than the rest.
    """
    dependencies, resources = json.loads(data)
    if any(now.get(name) != digest for name, digest in dependencies.items()):
        raise ValueError("made from other files")
    return [
        Resource(
            *(at, domain, values, parent, owner, where and Location(*where), old, protected),
            labels=labels,
            uses=tuple(uses),
        )
        for at, domain, values, parent, where, old, protected, labels, uses in resources
    ]


_spell_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _spell(content: Any) -> bytes:
    return _spell_json(content).encode()


def _encode_map(node: Map) -> list[Any]:
    """An outline's mapping: its place, and its entries with theirs, as lines and columns."""
    entries = [
        [
            key,
            _encode_map(value) if isinstance(value, Map) else value,
            *node.key_marks[key][1:],
            *node.marks[key][1:],
        ]
        for key, value in node.items()
    ]
    return [*node.mark[1:], entries]


def _decode_map(content: list[Any], file: str) -> Map:
    line, column, entries = content
    node = Map((file, line, column))
    for key, value, key_line, key_column, value_line, value_column in entries:
        decoded = _decode_map(value, file) if isinstance(value, list) else value
        node.put(key, decoded, (file, key_line, key_column), (file, value_line, value_column))
    return node
