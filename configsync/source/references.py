"""References: ``{$file: path}``, ``{$csv: path}`` and ``{$var: name}`` replaced by what they name.

``{$env: name}`` stays as it is, and is held to where it may stand.

A file's text arrives to the byte; nothing inside of it is interpolated. A CSV
file's rows are a list of mappings (`configsync.source.table`). A path is
relative to the document's own folder and stays within the project: an absolute
path, a way out or a symbolic link on the way is refused.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location, Related
from configsync.core.document import Document, Map, Mark, Seq, reference_of, show_path
from configsync.core.sealed import ENV
from configsync.source.files import has_link, read_text, text_digest
from configsync.source.limits import MAX_NODES, MAX_SCALAR_BYTES


@dataclass(slots=True)
class Followed:
    """What following references came upon: files with the digests of their texts, and findings."""

    files: dict[str, str] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def _children(node: Map | Seq) -> list[tuple[str | int, Any]]:
    return list(node.items()) if isinstance(node, Map) else list(enumerate(node))


class References:
    """Follows the references of documents, reading each file once."""

    def __init__(
        self, root: Path, variables: Mapping[str, Any], environment: Set[str] = frozenset()
    ) -> None:
        """``environment`` are the names that ``$env`` may say."""
        self.root = root
        self.variables = variables
        self.environment = environment
        self.files: dict[str, str | Diagnostic] = {}
        self.digests: dict[str, str] = {}
        self.plain: set[str] = set()
        self.nodes: Counter[str] = Counter()
        """How many rows and cells each file's documents have brought in, for the limit."""

    def resolve(self, body: Map) -> Followed:
        """Replace every reference in ``body`` in place; one with a fault stays."""
        result = Followed()
        open_nodes: list[tuple[Map | Seq, tuple[str | int, ...]]] = [(body, ())]
        while open_nodes:
            node, path = open_nodes.pop()
            for step, value in _children(node):
                if isinstance(value, Map) and len(value) == 1:
                    here = show_path((*path, step))
                    if ENV in value:
                        whole = len(path) == 2 and path[0] == "spec" and step == "value"
                        setting = node if whole and isinstance(node, Map) else {}
                        result.diagnostics += self._environment(value, setting, here)
                        continue
                    found = self._follow(value, here, body.mark[0], result)
                    if found is not value:
                        node[step] = found  # type: ignore[index]
                        continue
                if isinstance(value, Map | Seq):
                    open_nodes.append((value, (*path, step)))
        return result

    def with_tables(
        self, document: Document, lists: Iterable[tuple[str, ...]], result: Followed
    ) -> Document:
        """The document with the rows of CSV files at some paths, where it refers to such.

        It is a copy as far as it differs; what was come upon is added to ``result``.
        """
        body = document.body
        for path in lists:
            node = document.get(path)
            reference = reference_of(node)
            if reference is not None and reference[0] == "$csv":
                found = self._follow(node, show_path(path), body.mark[0], result)
                if found is not node:
                    body = _with(body, path, found)
        return document if body is document.body else Document(document.kind, body)

    def _follow(self, node: Map, path: str, document: str, result: Followed) -> Any:
        """The value that ``node`` refers to, ``node`` itself if it is no reference or can't be."""
        ((key, value),) = node.items()
        mark = node.marks[key]
        found: Any = node
        match key:
            case "$file":
                found = self._file(value, mark, path, result.files)
            case "$csv":
                found = self._table(node, path, document, result)
            case "$var":
                found = self._variable(value, mark, path)
        if isinstance(found, Diagnostic):
            result.diagnostics.append(found)
            return node
        return found

    def _environment(
        self, node: Map, setting: Mapping[str, Any], path: str
    ) -> Iterator[Diagnostic]:
        """What is wrong with an ``$env`` that is the value of a setting, or of something else."""
        name = node[ENV]
        if setting.get("sensitive") is not True:
            yield codes.BAD_ENVIRONMENT_REFERENCE.at(
                Location(*node.mark),
                "$env stands where no secret may: it is the value of a sensitive setting only",
                path=path,
                help="Write {value: {$env: NAME}, sensitive: true} in Settings, or take another "
                "reference.",
            )
        elif not isinstance(name, str):
            yield codes.BAD_ENVIRONMENT_REFERENCE.at(
                Location(*node.marks[ENV]), "$env needs the name of a variable, as text", path=path
            )
        elif name not in self.environment:
            known = ", ".join(sorted(self.environment)) or "none"
            yield codes.BAD_ENVIRONMENT_REFERENCE.at(
                Location(*node.marks[ENV]),
                f"the settings don't allow the environment variable {name}",
                f"Those that they allow are: {known}.",
                path=path,
                help="Add it to env in the settings of configsync.",
            )

    def _variable(self, name: Any, mark: Mark, path: str) -> Any:
        if not isinstance(name, str):
            return codes.BAD_VARIABLE_REFERENCE.at(
                Location(*mark), "$var needs the name of a variable, as text", path=path
            )
        if name in self.variables:
            return self.variables[name]
        known = ", ".join(sorted(self.variables)) or "none"
        return codes.BAD_VARIABLE_REFERENCE.at(
            Location(*mark),
            f"the target has no variable {name}",
            f"Its variables are: {known}.",
            path=path,
            help="Define it under targets.NAME.vars in the settings.",
        )

    def _file(
        self, reference: Any, mark: Mark, path: str, files: dict[str, str]
    ) -> str | Diagnostic:
        location = Location(*mark)
        found = self._text("$file", reference, mark, path, files)
        if isinstance(found, Diagnostic):
            return found
        name, text = found
        if "\0" in text:
            at = text.index("\0")
            line = text.count("\n", 0, at) + 1
            return codes.BAD_CHARACTER.at(
                location, f"{name} holds NUL in line {line}, which can't be stored", path=path
            )
        if len(text.encode()) > MAX_SCALAR_BYTES:
            return codes.SCALAR_TOO_LONG.at(location, f"{name} is longer than 256 KiB", path=path)
        return text

    def _table(
        self, node: Map, path: str, document: str, result: Followed
    ) -> Seq | Map | Diagnostic:
        """The rows of a CSV file, ``node`` itself if it has none; findings go to ``result``."""
        ((key, reference),) = node.items()
        found = self._text(key, reference, node.marks[key], path, result.files)
        if isinstance(found, Diagnostic):
            return found
        from configsync.source.table import read_table

        name, text = found
        # A few bytes name a whole table: what the documents of one file bring in counts together,
        # and each KiB for one at least.
        table = read_table(text, name, MAX_NODES - self.nodes[document])
        self.nodes[document] += max(table.nodes, len(text) // 1024)
        result.diagnostics += table.diagnostics
        return node if table.rows is None else table.rows

    def _text(
        self, key: str, reference: Any, mark: Mark, path: str, files: dict[str, str]
    ) -> tuple[str, str] | Diagnostic:
        """The name and the text of the file that a reference means."""
        location = Location(*mark)
        if not isinstance(reference, str) or not reference or "\0" in reference:
            return codes.BAD_FILE_REFERENCE.at(
                location, f"{key} needs the path of a file, as text", path=path
            )
        name = os.path.normpath(os.path.join(os.path.dirname(mark[0]), reference))
        name = name.replace(os.sep, "/")
        outside = os.path.isabs(reference) or name.split("/")[0] == ".."
        if outside or has_link(self.root, name, self.plain):
            why = "leads out of the project" if outside else "leads over a symbolic link"
            return codes.BAD_FILE_REFERENCE.at(
                location,
                f"{reference} {why}",
                "A path is relative to the folder of its document.",
                path=path,
                help="Put the file itself into the project, and name it by its own path.",
            )
        if any(step.startswith(".") for step in name.split("/")):
            return codes.BAD_FILE_REFERENCE.at(
                location,
                f"{reference} is hidden, or lies in a hidden folder",
                "Such files hold secrets and settings more often than prompts.",
                path=path,
                help="Move the text to a file whose name doesn't begin with a dot.",
            )
        if name not in self.files:
            self.files[name] = read_text(self.root, name)
        text = self.files[name]
        if name not in self.digests:
            self.digests[name] = text_digest(text)
        files[name] = self.digests[name]
        if isinstance(text, Diagnostic):
            return self._unread(text, location, path, name, reference)
        return name, text

    def _unread(
        self, fault: Diagnostic, location: Location, path: str, name: str, reference: str
    ) -> Diagnostic:
        """Why a file that is referred to can't be read, and where in it that shows."""
        place = fault.location
        inside = fault.code == codes.NOT_UTF8.code and place is not None
        return codes.BAD_FILE_REFERENCE.at(
            location,
            fault.summary,
            fault.detail or "A path is relative to the folder of its document.",
            path=path,
            help=self._near(name, reference) or fault.help,
            related=(Related("it stands here", place),) if inside and place else (),
        )

    def _near(self, name: str, reference: str) -> str:
        """The file that was meant, if one of a similar name lies in the same folder."""
        folder, _, last = name.rpartition("/")
        try:
            near = get_close_matches(last, os.listdir(self.root / folder), 1)
        except OSError:
            return ""
        return (
            f"Did you mean {reference[: -len(last)]}{near[0]}?" if near and near[0] != last else ""
        )


def _with(body: Map, path: tuple[str, ...], value: Any) -> Map:
    """A copy of a mapping, as far as it differs, with another value at a path."""
    copy = Map(body.mark)
    for name, node in body.items():
        copy.put(name, node, body.key_marks[name], body.marks[name])
    copy[path[0]] = value if len(path) == 1 else _with(body[path[0]], path[1:], value)
    return copy
