"""Loading: from files to their documents, every finding collected."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.document import Document, Map, Mark
from configsync.core.kind import API_VERSION
from configsync.core.values import type_name
from configsync.source.files import read_text, scan
from configsync.source.reader import read


def parse(
    text: str, name: str, kinds: Collection[str], *, aliases: bool = False
) -> tuple[list[Document], list[Diagnostic]]:
    """The documents of the given kinds in a file's text, and what is wrong with it.

    ``aliases`` tells whether aliases and merge keys are allowed. Never raises
    for what the text holds.
    """
    reading = read(text, name, aliases=aliases)
    problems = list(reading.diagnostics)
    documents = []
    for root, mark in zip(reading.roots, reading.marks, strict=True):
        found = _document(root, mark, kinds)
        if isinstance(found, Document):
            documents.append(found)
        else:
            problems += found
    if not reading.roots and not reading.diagnostics:
        problems.append(
            codes.EMPTY.at(
                Location(name, 1, 1),
                f"{name} is empty",
                help="Write a document in it, or delete the file.",
            )
        )
    return documents, problems


def _document(root: Any, mark: Mark, kinds: Collection[str]) -> Document | list[Diagnostic]:
    where = Location(*mark)
    if root is None:
        return [codes.EMPTY.at(where, "the document is empty", help="Remove its --- line.")]
    if not isinstance(root, Map):
        summary = f"expected a mapping with apiVersion and kind, got {type_name(root)}"
        return [codes.NOT_A_DOCUMENT.at(where, summary)]
    missing = [_missing(key, root, where) for key in ("apiVersion", "kind") if key not in root]
    if missing:
        return missing
    version, kind = root["apiVersion"], root["kind"]
    if version != API_VERSION:
        text = isinstance(version, str)
        return [
            codes.UNKNOWN_API_VERSION.at(
                Location(*root.marks["apiVersion"]),
                f"unknown apiVersion {_shown(version)}"
                if text
                else f"apiVersion must be text, and is {type_name(version)}",
                path="apiVersion",
                help=f"Write {API_VERSION}.",
            )
        ]
    if isinstance(kind, str) and kind in kinds:
        return Document(kind, root)
    near = get_close_matches(kind, kinds, 1) if isinstance(kind, str) else []
    return [
        codes.UNKNOWN_KIND.at(
            Location(*root.marks["kind"]),
            f"unknown kind {_shown(kind)}"
            if isinstance(kind, str)
            else f"kind must be text, and is {type_name(kind)}",
            f"The kinds are: {', '.join(sorted(kinds))}.",
            path="kind",
            help=f"Did you mean {near[0]}?"
            if near
            else "If another package adds it, install that.",
        )
    ]


def _missing(key: str, root: Map, where: Location) -> Diagnostic:
    near = get_close_matches(key, list(root), 1)
    return codes.NOT_A_DOCUMENT.at(
        Location(*root.key_marks[near[0]]) if near else where,
        f"the document has no {key}",
        f"A document begins with apiVersion: {API_VERSION} and its kind.",
        path=key,
        help=f"Rename {near[0]} to {key}." if near else "",
    )


def _shown(value: str) -> str:
    return value or '""'


@dataclass(slots=True)
class Source:
    """The documents of a project as they stand in its files: nothing followed, nothing merged."""

    files: list[str] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def load(
    root: Path,
    paths: tuple[str, ...],
    kinds: Collection[str],
    without: tuple[str, ...] = (),
    *,
    aliases: bool = False,
) -> Source:
    """Parse every file below ``paths``, but not below ``without``; all relative to ``root``."""
    names, problems = scan(root, paths, without)
    source = Source(names, diagnostics=problems)
    for name in names:
        text = read_text(root, name)
        if isinstance(text, Diagnostic):
            source.diagnostics.append(text)
            continue
        documents, found = parse(text, name, kinds, aliases=aliases)
        source.documents += documents
        source.diagnostics += found
    return source
