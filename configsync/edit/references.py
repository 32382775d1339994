"""References in documents as they are written: what they mean, and how they move."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from configsync.core.document import Path, reference_of
from configsync.edit.splice import set_value
from configsync.source.reader import read

_SCHEMA = re.compile(r"(?m)^(# yaml-language-server: \$schema=)(\.[^\s]*)")


def file_of(document: str, reference: str) -> str | None:
    """The file that a reference in a document's file means, None if it is not in the project."""
    name = os.path.normpath(os.path.join(os.path.dirname(document), reference))
    name = name.replace(os.sep, "/")
    inside = not os.path.isabs(reference) and name.split("/")[0] != ".." and "\0" not in name
    return name if inside else None


def files_referred_to(root: object, name: str) -> Iterator[str]:
    """The files within the project that a node in the file ``name`` refers to."""
    for _, reference in _references(root):
        target = file_of(name, reference)
        if target is not None:
            yield target


def with_moved_references(text: str, old: str, new: str) -> str:
    """The text of one document, which moves between folders, referring to the same files.

    So does the comment by which editors find its schema. Raises CannotEdit.
    """
    if os.path.normpath(old) == os.path.normpath(new):
        return text

    def moved(name: str) -> str:
        return os.path.relpath(os.path.join(old, name), new or ".").replace(os.sep, "/")

    for path, reference in _references(read(text, "", aliases=True).roots[0]):
        text = set_value(text, 0, path, moved(reference))
    return _SCHEMA.sub(lambda match: match[1] + moved(match[2]), text)


def _references(root: object) -> Iterator[tuple[Path, str]]:
    """What refers to files below a node, and the path of where that stands."""
    pending: list[tuple[Path, object]] = [((), root)]
    while pending:
        path, node = pending.pop()
        reference = reference_of(node)
        if reference is not None and reference[0] in ("$csv", "$file"):
            yield (*path, reference[0]), reference[1]
        elif isinstance(node, dict):
            pending += (((*path, key), child) for key, child in node.items())
        elif isinstance(node, list):
            pending += (((*path, index), child) for index, child in enumerate(node))
