"""The case of a kind: a folder ``tests/conformance/KIND/`` of YAML that the suite works with.

``start/``    the documents that a project begins with, and the files that they refer to
``changed/``  files laid over those of start, with another value in each column;
              ``changed-WHAT/`` are more of them
``added/``    files with new documents, laid beside those of start
``renamed/``  files laid over those of start, whose documents have new names, and renamed_from;
              only for a kind whose documents give their names to their resources
``invalid/``  ``NAME.yaml``, or a folder of files, each laid beside start: ``# CODE`` ends each line
              at which validate finds an error. What takes no such comment, as a CSV file, has
              its errors in the folder's file ``expected``, a line ``CODE FILE:LINE`` each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from configsync.checks.generate import generate
from configsync.core.kind import Kind
from configsync.core.resource import Resource, ResourceType, State

CASES = Path(__file__).parent
EXPECTED = "expected"
_MARK = re.compile(r"# ([A-Z]+\d+)$", re.MULTILINE)

Errors = list[tuple[str, str, int]]
"""Code, file and line of each."""


@dataclass(frozen=True)
class Case:
    """The folder of one kind."""

    kind: Kind
    folder: Path

    @property
    def start(self) -> Path:
        return self.folder / "start"

    @property
    def added(self) -> Path:
        return self.folder / "added"

    @property
    def renamed(self) -> Path:
        return self.folder / "renamed"

    @property
    def changed(self) -> list[Path]:
        return sorted(self.folder.glob("changed*/"))

    @property
    def invalid(self) -> list[Path]:
        return sorted(self.folder.glob("invalid/*"))

    def missing(self) -> Iterator[str]:
        """The parts that there are not, and what to write."""
        name = self.kind.name
        what = {
            "start/": "documents that a project begins with, with a value in every column",
            "changed/": "files laid over those of start/, with another value in every column",
            "added/": "files with a new document, laid beside those of start/",
            "renamed/": "files laid over those of start/, with new names and renamed_from",
            "invalid/": "files NAME.yaml that are wrong, with # CODE at the end of the line",
        }
        if not self.kind.named:
            del what["renamed/"]
            if self.renamed.exists():
                yield f"{name}/renamed/ is there, but documents of {name} give no names: remove it"
        for part, description in what.items():
            if not any((self.folder / part).glob("*")):
                yield f"{name}/{part} is missing: {description} (see {CASES.name}/case.py)"


def expected_errors(path: Path) -> Errors:
    """The errors that an invalid file, or folder of files, says that it has."""
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.is_file())
    found: Errors = []
    for file in files:
        name = file.name if file == path else file.relative_to(path).as_posix()
        text = file.read_text(encoding="utf-8")
        if name == EXPECTED:
            for line in text.splitlines():
                code, _, place = line.partition(" ")
                found.append((code, *_place(place)))
        else:
            for mark in _MARK.finditer(text):
                found.append((mark[1], name, text.count("\n", 0, mark.start()) + 1))
    return sorted(found)


def _place(text: str) -> tuple[str, int]:
    file, _, line = text.rpartition(":")
    return file, int(line)


def not_begun(case: Case, start: State) -> Iterator[str]:
    """What the start of a case leaves out: resource types, columns, keys of the documents."""
    name = case.kind.name
    for type_ in case.kind.types:
        resources = [r for r in start.values() if r.domain == type_.domain]
        if not resources:
            yield f"{name}/start/ has no {type_.domain}"
        for column in type_.names if resources else ():
            decided = type_.versions is not None and column == type_.versions.number
            if not decided and all(r.values[column] is None for r in resources):
                yield f"{name}/start/ has no value of {type_.domain}.{column}"
    # A pinned version must have been published first.
    pins = {t.versions.number for t in case.kind.types if t.versions}
    for key in sorted({*_keys_known(case.kind)} - {*_keys_used(case)} - pins):
        yield f"{name}/start/ and changed/ don't use the key {key}"


def _keys_known(kind: Kind) -> Iterator[str]:
    schema = generate(kind)
    definitions = [v for k, v in schema["$defs"].items() if k not in ("file", "variable")]
    for node in (schema["properties"]["spec"], *definitions):
        yield from node.get("properties", {})


def _keys_used(case: Case) -> Iterator[str]:
    for folder in (case.start, *case.changed):
        for file in folder.rglob("*.yaml"):
            for document in yaml.safe_load_all(file.read_text(encoding="utf-8")):
                if document["kind"] == case.kind.name:
                    yield from _keys(document["spec"])


def _keys(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node
    for child in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from _keys(child)


def not_changed(case: Case, start: State, changed: list[State]) -> Iterator[str]:
    """What no change of a case changes: columns, and the coming and going of parts."""
    name = case.kind.name
    for type_ in case.kind.types:
        for column in changeable(type_):
            if other_value(type_, column, start, changed) is None:
                yield f"{name}/changed/ has no other value of {type_.domain}.{column}"
        of_a_document = type_.parent is None and case.kind.named and len(type_.key) == 1
        if of_a_document or not type_.key:
            continue
        pairs = [(start, state) for state in changed]
        back = [(new, old) for old, new in pairs]
        for what, among in (("that start/ lacks", pairs), ("less than start/", back)):
            if not any(_comes(type_, old, new) for old, new in among):
                yield f"{name}/changed/ has no {type_.domain} {what}"


def changeable(type_: ResourceType) -> list[str]:
    """The columns that a change gives other values: those that are no key, nor a version."""
    fixed = {*type_.key, *([type_.versions.number] if type_.versions else [])}
    return [name for name in type_.names if name not in fixed]


Edit = tuple[Resource, str, Any]
"""A resource, a column of it, and another value of that."""


def other_value(
    type_: ResourceType, column: str, old: State, others: Iterable[State]
) -> Edit | None:
    """A resource whose column has another value in another state; None if there isn't one.

    Rather one that stops being the default than one that becomes a second.
    """
    found = [
        (resource, column, new[at].values[column])
        for new in others
        for at, resource in old.items()
        if resource.domain == type_.domain and at in new and column in new[at].differing(resource)
    ]
    return min(found, key=lambda edit: edit[2] is True, default=None)


def _comes(type_: ResourceType, old: State, new: State) -> bool:
    """Tell whether there is a new one, below what was there."""
    return any(
        r.domain == type_.domain and at not in old and r.parent in (None, *old)
        for at, r in new.items()
    )


def not_added(case: Case, start: State, added: State) -> Iterator[str]:
    """What is wrong with the documents that a case adds."""
    where = f"{case.kind.name}/added/"
    roots = {t.domain for t in case.kind.types if t.parent is None}
    if not any(r.domain in roots for at, r in added.items() if at not in start):
        yield f"{where} adds no {' or '.join(sorted(roots))}"
    for at, resource in start.items():
        if at not in added or not added[at].same_values(resource):
            yield f"{where} changes {at}, which is in start/"


def not_renamed(case: Case, start: State, renamed: State) -> Iterator[str]:
    """What is wrong with the documents that a case renames."""
    where = f"{case.kind.name}/renamed/"
    roots = {t.domain for t in case.kind.types if t.parent is None}
    if not any(r.renamed_from for r in renamed.values() if r.domain in roots):
        yield f"{where} has no document with renamed_from"
    if len(renamed) != len(start):
        yield f"{where} has {len(renamed)} resources, start/ has {len(start)}"
