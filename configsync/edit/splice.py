"""Edits of YAML text that touch nothing but the value, each read back before it counts.

A value is replaced by position, so comments, blank lines, quoting and line breaks
around it stay as their author left them. What no way of writing can change, so
that exactly the change asked for results, is refused: see `CannotEdit`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic
from configsync.core.document import Path, show_path
from configsync.core.errors import ConfigsyncError
from configsync.core.values import Json, equal, type_name
from configsync.edit.tree import Tree, line_number, parse
from configsync.edit.ways import Spot, Way, apply, find, insertions, removals, replacements
from configsync.source.reader import Reading, read

_MARK = "\ufeff"
_BY_HAND = "Change it by hand."


class CannotEdit(ConfigsyncError):
    """No way was found to write the change; the text says why, and what to do by hand."""


def set_value(text: str, document: int, path: Path, value: Json, *, at: int | None = None) -> str:
    """Return ``text`` with ``value`` at ``path`` of a document, and nothing else changed.

    ``document`` counts the documents of the text from 0, empty ones included.
    Missing keys are added behind their siblings, or behind ``at`` of them, with
    the mappings that lead to them; so is a list's item whose index is the list's
    length. Raises CannotEdit if the text isn't YAML, if something else than a
    mapping is in the way, or if the result would not read as exactly this change.
    """
    edit = _Edit(text, document, path)
    value = plain(value)
    expected = edit.changed(value)
    if equal(expected, edit.data[document]):
        return text
    edit.refuse_labels()
    last, missing = edit.spots[-1], edit.missing
    if not missing:
        ways = replacements(edit.body, last, value)
    elif last.node.kind == "scalar":
        ways = replacements(edit.body, last, _nest(missing, value))
    else:
        key = missing[0] if isinstance(missing[0], str) else None
        ways = insertions(edit.body, last, key, _nest(missing[1:], value), at)
    return edit.choose(ways, expected)


def remove_value(text: str, document: int, path: Path) -> str:
    """Return ``text`` without the key or item at ``path`` of a document.

    A collection that this leaves empty stays, as ``{}`` or ``[]``. A comment on the
    line goes with it, those above stay. Raises CannotEdit if there is nothing at
    ``path``, or as `set_value` does.
    """
    edit = _Edit(text, document, path)
    if edit.missing or not path:
        raise edit.cannot("there is no such value")
    if len(path) == 1 and len(edit.spots[0].node.entries) == 1:
        raise edit.cannot("nothing else stands in the document")
    edit.refuse_labels()
    return edit.choose(removals(edit.body, edit.spots), edit.without())


def document_text(text: str, document: int) -> str:
    """The part of ``text`` that is one document, with its ``---`` and its comments.

    Raises CannotEdit if the text isn't YAML.
    """
    edit = _Edit(text, document, ())
    part = edit.body[edit.tree.start : edit.tree.end]
    return edit.mark + part if document == 0 else part


def without_documents(text: str, documents: Collection[int]) -> str | None:
    """Return ``text`` without some of its documents and their comments; None if none is left.

    ``documents`` counts as `set_value` does. Raises CannotEdit if the text isn't
    YAML, or if what is left would not read as it did.
    """
    if not documents:
        return text
    edit = _Edit(text, min(documents), ())
    kept = [i for i in range(len(edit.trees)) if i not in documents]
    if not any(edit.data[i] is not None for i in kept):
        return None
    parts = (edit.body[edit.trees[i].start : edit.trees[i].end] for i in kept)
    result = edit.mark + "".join(parts)
    reading = read(result, "", aliases=True)
    new = Counter(_faults(reading)) - edit.faults
    if new or not equal(plain(reading.roots), [edit.data[i] for i in kept]):
        raise edit.cannot("the documents left in the file would be read as something else")
    return result


def plain(node: Any) -> Json:
    """Data without places, as ``equal`` compares it."""
    if isinstance(node, dict):
        return {key: plain(child) for key, child in node.items()}
    return [plain(child) for child in node] if isinstance(node, list) else node


class _Edit:
    """One edit of one document: what the text holds, and the guard over what it becomes."""

    def __init__(self, text: str, document: int, path: Path) -> None:
        # The parser doesn't count the mark, so it's left aside.
        self.mark = _MARK if text.startswith(_MARK) else ""
        self.body = text.removeprefix(_MARK)
        self.document = document
        self.path = path
        self.spots: list[Spot] = []
        self.missing: Path = ()
        reading = read(text, "", aliases=True)
        stopping = [d for d in reading.diagnostics if d.code in _UNEDITABLE]
        if stopping:
            where = stopping[0].location
            line = f" in line {where.line}" if where else ""
            raise self.cannot(f"{stopping[0].summary}{line}", "Mend that first.")
        if self.body.startswith(_MARK):
            raise self.cannot("the text begins with two byte order marks", "Remove them first.")
        self.faults = _faults(reading)
        self.data = [plain(root) for root in reading.roots]
        trees = parse(self.body)
        if len(trees) != len(self.data) or not 0 <= document < len(trees):
            raise self.cannot(f"there is no document {document + 1}")
        self.trees = trees
        self.tree: Tree = trees[document]
        assert self.tree.root is not None
        self.spots, self.missing = find(self.body, self.tree.root, path)

    def cannot(self, why: str, then: str = _BY_HAND) -> CannotEdit:
        """The refusal, with the line that it is about where the text could be read."""
        shown = show_path(self.path) or "the document"
        if self.spots:
            shown += f" (line {line_number(self.body, self.spots[-1].node.start)})"
        return CannotEdit(f"{shown} can't be edited here: {why}. {then}")

    def refuse_labels(self) -> None:
        """An anchor may be meant elsewhere too, and a tag says how to read what follows."""
        if any(spot.node.labelled for spot in self.spots[1:]):
            raise self.cannot("it carries an anchor, a tag or an alias")

    def changed(self, value: Json) -> Json:
        """The document's data with the value in its place."""
        data = root = plain(self.data[self.document])
        if not self.path:
            raise self.cannot("a whole document is not a value")
        for index, step in enumerate(self.path):
            last = index + 1 == len(self.path)
            fits = isinstance(data, dict) if isinstance(step, str) else isinstance(data, list)
            if not fits:
                where = show_path(self.path[:index]) or "the document"
                raise self.cannot(f"{where} is {type_name(data)}")
            data = self.enter(data, step, value if last else None, last)
        return root

    def enter(self, data: Any, step: str | int, value: Json, last: bool) -> Json:
        """Step into ``data``, making what is missing; at the last step put the value."""
        if isinstance(step, int):
            if not 0 <= step <= len(data):
                raise self.cannot(f"the list ends before item {step}")
            if step == len(data):
                data.append(None)
        if last:
            data[step] = value
        elif isinstance(step, int) or step in data:
            # Nothing, as after ``key:``, becomes the mapping that is to be there.
            data[step] = {} if data[step] is None else data[step]
        else:
            data[step] = {}
        return data[step]  # type: ignore[no-any-return]

    def without(self) -> Json:
        """The document's data with the value removed."""
        data: Any = plain(self.data[self.document])
        root: Json = data
        for step in self.path[:-1]:
            data = data[step]
        del data[self.path[-1]]
        return root

    def choose(self, ways: Iterator[Way], expected: Json) -> str:
        """The first way that reads back as expected. Raises CannotEdit if none does."""
        wanted = list(self.data)
        wanted[self.document] = expected
        reason = ""
        tried: set[str] = set()
        for way in ways:
            result = self.mark + apply(self.body, way)
            if result in tried:
                continue
            tried.add(result)
            reading = read(result, "", aliases=True)
            new = _faults(reading) - self.faults
            if not new and equal(plain(reading.roots), wanted):
                return result
            reason = reason or self.reason(reading, new)
        raise self.cannot(reason or "its place in the text allows no change")

    def reason(self, reading: Reading, new: Counter[tuple[str, str, str]]) -> str:
        """Why a result is not taken."""
        unreadable = [d.summary for d in reading.diagnostics if _fault(d) in new]
        if unreadable:
            return f"the result would not be valid ({unreadable[0]})"
        return "in its place, the text would be read as something else"


_UNEDITABLE = {
    c.code for c in (codes.SYNTAX, codes.BAD_CHARACTER, codes.ALIAS, codes.TAG, codes.BAD_KEY)
} | {c.code for c in (codes.TOO_DEEP, codes.TOO_MANY_NODES)}
"""With any of these the reader's data isn't all that the text says."""


def _fault(found: Diagnostic) -> tuple[str, str, str]:
    return (found.code, found.path, found.summary)


def _faults(reading: Reading) -> Counter[tuple[str, str, str]]:
    return Counter(map(_fault, reading.diagnostics))


def _nest(path: Path, value: Json) -> Json:
    """The value below the keys of a path."""
    for step in reversed(path):
        value = {step: value} if isinstance(step, str) else [value]
    return value
