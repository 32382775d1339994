"""Foreign YAML, taken apart value by value: each has the type that is wanted, or a diagnostic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.document import Document, Map, Seq, show_path
from configsync.core.document import Path as KeyPath
from configsync.core.values import canonical_json, type_name
from configsync.importers.importer import Draft, Origin
from configsync.source.files import read_text
from configsync.source.reader import read

_WANTED: dict[type, tuple[str, type | tuple[type, ...]]] = {
    str: ("text", str),
    float: ("a number", (int, float)),
    int: ("a whole number", int),
    bool: ("true or false", bool),
    Map: ("a mapping", Map),
    Seq: ("a list", Seq),
}


@dataclass(frozen=True, slots=True)
class Field:
    """Which value of a foreign file becomes which of a document, and its type."""

    source: KeyPath
    target: KeyPath
    type: type
    required: bool = True


@dataclass(slots=True)
class Foreign:
    """A foreign file: what of it was taken so far, and what is wrong with it."""

    document: Document
    problems: list[Diagnostic]
    taken: set[KeyPath] = field(default_factory=set)
    reported: set[KeyPath] = field(default_factory=set)

    def move(
        self, fields: tuple[Field, ...], base: KeyPath, draft: Draft, to: KeyPath = ()
    ) -> None:
        """Put the values of fields below ``base`` into a draft, below ``to``."""
        for wanted in fields:
            path = (*base, *wanted.source)
            value = self.take(path, wanted.type, required=wanted.required)
            if value is not None:
                draft.put((*to, *wanted.target), value, self.origin(path))

    def take(self, path: KeyPath, wanted: type, *, required: bool = True) -> Any:
        """The value at a path, or None where there is none that can be used.

        A required one that is missing, null or blank is a diagnostic, and so is
        one of another type; so is a section above it that is no mapping.
        """
        self.taken.add(path)
        for end in range(1, len(path)):
            section = self.document.get(path[:end])
            if section is None:
                break
            if not isinstance(section, Seq if isinstance(path[end], int) else Map):
                self._wrong(path[:end], section, Seq if isinstance(path[end], int) else Map)
                return None
        value = self.document.get(path)
        empty = value is None or (
            required and (not value.strip() if isinstance(value, str) else value in ({}, []))
        )
        if empty:
            if required:
                self._missing(path)
            return None
        _, types = _WANTED[wanted]
        if not isinstance(value, types) or isinstance(value, bool) is not (wanted is bool):
            self._wrong(path, value, wanted)
            return None
        return value

    def origin(self, path: KeyPath, *, key: bool = False) -> Origin:
        """Where a value stands, or with ``key`` its key."""
        return Origin(self.document.locate(path, key=key), show_path(path))

    def not_taken(self) -> Iterator[str]:
        """The paths of all values that weren't taken, in the file's order."""
        parents = {path[:end] for path in self.taken for end in range(len(path))}
        yield from (show_path(p) for p in _rest(self.document.body, (), self.taken, parents))

    def _missing(self, path: KeyPath) -> None:
        shown = show_path(path)
        self.problems.append(
            codes.MISSING_KEY.at(
                self.document.locate(path, key=True),
                f"{shown} is missing or empty",
                "An application would run on an empty value as it is.",
                path=shown,
                help=f"Give it a value in {self.document.file}, then import again.",
            )
        )

    def _wrong(self, path: KeyPath, value: Any, wanted: type) -> None:
        if path in self.reported:
            return
        self.reported.add(path)
        expected, _ = _WANTED[wanted]
        shown = show_path(path)
        plain = wanted is str and not isinstance(value, Map | Seq)
        self.problems.append(
            codes.WRONG_TYPE.at(
                self.document.locate(path),
                f"{shown} must be {expected}, and is {_shown(value)}",
                path=shown,
                help=f'Quote it: "{canonical_json(value)}".' if plain else "",
            )
        )


def read_foreign(name: Path, problems: list[Diagnostic]) -> Foreign | None:
    """Read a YAML file of one document, a mapping or a list.

    None where it isn't that, which is then among ``problems``. Places name the
    file as ``name`` does.
    """
    # A link that someone names is meant; within a project none is followed.
    file = (name.resolve() if name.is_symlink() else name).as_posix()
    text = read_text(Path(), file)
    if isinstance(text, Diagnostic):
        problems.append(text)
        return None
    reading = read(text, file)
    problems += reading.diagnostics
    if reading.diagnostics:
        return None
    if len(reading.roots) > 1:
        problems.append(
            codes.NOT_A_DOCUMENT.at(
                Location(*reading.marks[1]),
                f"{file} has a second document",
                "One file is imported as one document.",
                help="Import each of them from a file of its own.",
            )
        )
        return None
    if not reading.roots or reading.roots[0] in (None, {}, []):
        problems.append(codes.EMPTY.at(Location(file, 1, 1), f"{file} is empty"))
        return None
    root = reading.roots[0]
    if not isinstance(root, Map | Seq):
        problems.append(
            codes.NOT_A_DOCUMENT.at(
                Location(*reading.marks[0]),
                f"{file} must be a mapping or a list, and is {_shown(root)}",
            )
        )
        return None
    body: Any = root
    return Foreign(Document("", body), problems)


def _shown(value: Any) -> str:
    if isinstance(value, Map | Seq):
        return type_name(value)
    text = canonical_json(value)
    return f"{type_name(value)}: {text if len(text) <= 60 else text[:60] + '…'}"


def _rest(
    node: Any, path: KeyPath, taken: set[KeyPath], parents: set[KeyPath]
) -> Iterator[KeyPath]:
    if path in taken:
        return
    if isinstance(node, Map) and node:
        for key, value in node.items():
            yield from _rest(value, (*path, key), taken, parents)
    elif isinstance(node, Seq) and path in parents:
        for index, value in enumerate(node):
            yield from _rest(value, (*path, index), taken, parents)
    else:
        yield path
