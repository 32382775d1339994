"""References: ``{$file: path}`` and ``{$var: name}`` replaced by what they name.

A file's text arrives to the byte; nothing inside of it is interpolated. A path
is relative to the document's own folder and stays within the project: an
absolute path, a way out or a symbolic link on the way is refused.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.document import Map, Mark, Seq, show_path
from configsync.source.files import has_link, read_text, text_digest
from configsync.source.limits import MAX_SCALAR_BYTES


@dataclass(slots=True)
class Followed:
    """What following references came upon: files with the digests of their texts, and faults."""

    files: dict[str, str] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def _children(node: Map | Seq) -> list[tuple[str | int, Any]]:
    return list(node.items()) if isinstance(node, Map) else list(enumerate(node))


class References:
    """Follows the references of documents, reading each file once."""

    def __init__(self, root: Path, variables: Mapping[str, Any]) -> None:
        self.root = root
        self.variables = variables
        self.files: dict[str, str | Diagnostic] = {}
        self.plain: set[str] = set()

    def resolve(self, body: Map) -> Followed:
        """Replace every reference in ``body`` in place."""
        result = Followed()
        open_nodes: list[tuple[Map | Seq, tuple[str | int, ...]]] = [(body, ())]
        while open_nodes:
            node, path = open_nodes.pop()
            for step, value in _children(node):
                if isinstance(value, Map) and len(value) == 1:
                    found = self._follow(value, show_path((*path, step)), result.files)
                    if isinstance(found, Diagnostic):
                        result.diagnostics.append(found)
                    elif found is not value:
                        node[step] = found  # type: ignore[index]
                        continue
                if isinstance(value, Map | Seq):
                    open_nodes.append((value, (*path, step)))
        return result

    def _follow(self, node: Map, path: str, files: dict[str, str]) -> Any:
        """The value that ``node`` refers to, ``node`` itself if it is no reference."""
        ((key, value),) = node.items()
        mark = node.marks[key]
        if key == "$file":
            return self._file(value, mark, path, files)
        if key == "$var":
            return self._variable(value, mark, path)
        return node

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

    def _file(self, reference: Any, mark: Mark, path: str, files: dict[str, str]) -> Any:
        location = Location(*mark)
        if not isinstance(reference, str) or not reference or "\0" in reference:
            return codes.BAD_FILE_REFERENCE.at(
                location, "$file needs the path of a file, as text", path=path
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
        files[name] = text_digest(text)
        if isinstance(text, Diagnostic):
            return codes.BAD_FILE_REFERENCE.at(
                location,
                text.summary,
                text.detail or "A path is relative to the folder of its document.",
                path=path,
                help=self._near(name, reference) or text.help,
            )
        if "\0" in text:
            at = text.index("\0")
            line = text.count("\n", 0, at) + 1
            return codes.BAD_CHARACTER.at(
                location, f"{name} holds NUL in line {line}, which can't be stored", path=path
            )
        if len(text.encode()) > MAX_SCALAR_BYTES:
            return codes.SCALAR_TOO_LONG.at(location, f"{name} is longer than 256 KiB", path=path)
        return text

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
