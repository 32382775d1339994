"""Reads YAML as it is written: nodes with their spelling, comments with what they belong to.

The events of PyYAML's C parser say where each token begins and ends. What stands
between two tokens is space, comments and the signs ``- ? : ,``, so every ``#``
there begins a comment, and nothing needs to be known of YAML's grammar to find
them all.

A comment belongs to

- the entry whose line it ends (`Entry.trailing`);
- else, if it is indented deeper than an entry that has just ended, to the end of
  that entry (`Entry.after`): a line commented out at the end of a section;
- else to the entry that follows (`Entry.before`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from yaml.cyaml import CParser  # type: ignore[attr-defined]
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

BLANK = ""
"""A blank line among comment lines."""


class Unsafe(Exception):
    """Something that the formatter doesn't move, at a line and column from 1."""

    def __init__(self, reason: str, event: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = event.start_mark.line + 1
        self.column = event.start_mark.column + 1


@dataclass(slots=True, eq=False)
class Scalar:
    """A scalar: its value, and its spelling from the first character to the last.

    ``style`` is empty for a plain scalar, else its quote, ``|`` or ``>``; that of
    an alias is ``*``. ``lines`` are those of a block scalar's text, without their
    indentation. ``anchor`` begins with ``&``.
    """

    value: str
    style: str
    source: str
    anchor: str = ""
    lines: list[str] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Collection:
    """A mapping or list; in flow style, ``commented`` if a comment stands before its end."""

    mapping: bool
    flow: bool
    anchor: str = ""
    entries: list[Entry] = field(default_factory=list)
    commented: bool = False


Node: TypeAlias = Scalar | Collection


@dataclass(slots=True, eq=False)
class Entry:
    """A key with its value, an item of a list, or the whole of a document.

    ``before`` and ``after`` hold comment lines and `BLANK`. ``trailing`` is the
    comment at the end of its line, with the space before it.
    """

    column: int
    key: Scalar | None = None
    value: Node = field(default_factory=lambda: Scalar("", "", ""))
    before: list[str] = field(default_factory=list)
    trailing: str = ""
    after: list[str] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class DocumentTree:
    """A document; its root's ``before`` is the header. ``trailing`` stands behind its ``---``."""

    root: Entry
    trailing: str = ""


@dataclass(slots=True, eq=False)
class Tree:
    """A file: its documents, and every comment in the order in which they stand.

    ``header`` holds the comments before a ``---`` at its beginning, or of a
    file without documents.
    """

    documents: list[DocumentTree] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    header: list[str] = field(default_factory=list)


def parse(text: str) -> Tree:
    """Read a text with LF line ends and no byte order mark.

    `configsync.source.reader.read` has read it before and found no fault of
    syntax. Raises `Unsafe` for what can't be moved.
    """
    return _Parser(text).run()


class _Parser:
    """Walks the events; ``cursor`` is the end of the token before."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.next: Any = CParser(text).get_event
        self.tree = Tree()
        self.cursor = 0
        # Whose line the cursor stands in: a comment there is theirs.
        self.tail: Entry | DocumentTree | None = None
        # Since the token before: the entries begun, outermost first, and those of block
        # collections ended, innermost first.
        self.opened: list[Entry] = []
        self.closed: list[Entry] = []

    def run(self) -> Tree:
        rest = self.tree.header
        while not isinstance(event := self.next(), StreamEndEvent):
            if isinstance(event, DocumentStartEvent):
                self.document(event)
            elif isinstance(event, DocumentEndEvent) and event.explicit:
                self.move_to(event, rest)
            if self.tree.documents:
                rest = self.tree.documents[-1].root.after
        self.move_to(event, rest)
        for document in self.tree.documents:
            _part_header(document.root)
        return self.tree

    def document(self, event: DocumentStartEvent) -> None:
        document = DocumentTree(Entry(column=-1))
        if event.version or event.tags:
            raise Unsafe("it has a % directive", event)
        if event.explicit:
            documents = self.tree.documents
            self.move_to(event, documents[-1].root.after if documents else self.tree.header)
            self.tail = document
        self.tree.documents.append(document)
        self.value(document.root, self.next(), document.root.before, flow=False)

    def value(self, entry: Entry, event: Any, rest: list[str], *, flow: bool) -> None:
        """Read the value of an entry; comments that precede nothing else go to ``rest``."""
        if isinstance(event, _SCALARS):
            entry.value = self.scalar(entry, event, rest)
        else:
            mapping = isinstance(event, MappingStartEvent)
            node = Collection(mapping, bool(event.flow_style), self.anchor(event))
            entry.value = node
            if node.flow:
                self.behind_anchor(event)
                self.move_to(event, rest)
                self.tail = entry
            end = self.entries(node, event)
            if node.flow:
                known = len(self.tree.comments)
                self.move_to(end, entry.after)
                node.commented = len(self.tree.comments) > known
                self.tail = entry
        if not flow:
            self.closed.append(entry)

    def entries(self, node: Collection, start: Any) -> Any:
        """Read the entries of a collection; returns the event that ends it."""
        # Its start is an anchor's, where it has one; its end may be behind the dash of a list.
        end = start.end_mark
        column = end.column - (self.text[end.index - 1 : end.index] == "-")
        while isinstance(event := self.next(), _NODES):
            entry = Entry(column)
            node.entries.append(entry)
            self.opened.append(entry)
            rest = entry.before
            if node.mapping:
                entry.key = self.key(event)
                self.move_to(event, rest)
                self.tail = entry
                event = self.next()
                if isinstance(event, _SCALARS) or getattr(event, "flow_style", False):
                    # Its line is not the key's alone: a comment between them goes above.
                    self.tail = None
            self.value(entry, event, rest, flow=node.flow)
        return event

    def key(self, event: Any) -> Scalar:
        if not isinstance(event, ScalarEvent):
            raise Unsafe("a key is not text", event)
        key = self.spelled(event)
        if "\n" in key.source:
            raise Unsafe("a key goes over several lines", event)
        return key

    def scalar(self, entry: Entry, event: Any, rest: list[str]) -> Scalar:
        scalar = self.spelled(event)
        self.move_to(event, rest)
        self.tail = entry
        if scalar.style in ("|", ">"):
            header, *lines = scalar.source.removesuffix("\n").split("\n")
            indent = _content_indent(header, lines, entry.column)
            if "+" not in header.partition("#")[0]:
                while lines and len(lines[-1]) <= indent and not lines[-1].strip(" "):
                    lines.pop()
            scalar.lines = [line[indent:] for line in lines]
            # The end mark lies behind the blank lines that follow, which are not its own.
            start = event.end_mark.index - len(scalar.source)
            self.cursor = start + len("\n".join([header, *lines]))
            _, comment = self.comment(header)
            if comment:
                entry.trailing = comment
        return scalar

    def spelled(self, event: Any) -> Scalar:
        source = self.behind_anchor(event)
        if isinstance(event, AliasEvent):
            return Scalar(source, "*", source)
        return Scalar(event.value, event.style or "", source, self.anchor(event))

    def anchor(self, event: Any) -> str:
        if event.tag is not None:
            raise Unsafe("it has a tag", event)
        return "" if event.anchor is None else f"&{event.anchor}"

    def behind_anchor(self, event: Any) -> str:
        """How a scalar or the beginning of a flow collection is spelled, without its anchor."""
        source = self.text[event.start_mark.index : event.end_mark.index]
        if event.anchor is None or isinstance(event, AliasEvent):
            return source
        source = source.removeprefix(f"&{event.anchor}").lstrip(" \t")
        if source.startswith(("\n", "#")):
            raise Unsafe("an anchor and its value are not in one line", event)
        return source

    def move_to(self, event: Any, rest: list[str]) -> None:
        """Move behind a token; what stands before it goes where it belongs, else to ``rest``."""
        if self.opened:
            rest = self.opened[0].before
        first, *lines = self.text[self.cursor : event.start_mark.index].split("\n")
        code, comment = self.comment(first)
        if comment and self.tail is not None and not self.tail.trailing:
            self.tail.trailing = comment
        elif comment:
            rest.append(comment.lstrip(" \t"))
        self.comment_lines(lines, rest, inside=bool(code.strip(" \t,")))
        self.cursor = event.end_mark.index
        self.tail = None
        self.opened.clear()
        self.closed.clear()

    def comment_lines(self, lines: list[str], rest: list[str], *, inside: bool) -> None:
        """Hand out the lines before a token; ``inside`` if a sign of what follows stood before."""
        blank = False
        # Space between a sign and what it introduces is no blank line between two things.
        quiet = inside
        reach = 0
        for number, line in enumerate(lines, 1):
            code, comment = self.comment(line)
            sign = code.strip(" \t,")
            if sign:
                if blank:
                    rest.append(BLANK)
                inside = quiet = True
                blank = False
            if comment:
                # Never back to an inner entry: the order of comments would change.
                while reach < len(self.closed) and (
                    inside or not _takes(self.closed[reach], len(code))
                ):
                    reach += 1
                target = self.closed[reach].after if reach < len(self.closed) else rest
                target += [BLANK, comment.lstrip(" \t")] if blank else [comment.lstrip(" \t")]
                blank = quiet = False
            elif not quiet and number < len(lines) and not code.strip(" \t"):
                blank = True
            if "-" in sign and self.opened:
                # What follows a dash in lines of its own is above the item's first key.
                rest = self.opened[-1].before
        if blank:
            rest.append(BLANK)

    def comment(self, line: str) -> tuple[str, str]:
        """Part what stands before a comment from the comment, which keeps the space before it."""
        at = line.find("#")
        if at < 0:
            return line, ""
        code, comment = line[:at], line[at:].rstrip(" \t")
        self.tree.comments.append(comment)
        space = code[len(code.rstrip(" \t")) :]
        return code, (space if space and "\t" not in space else " ") + comment


_SCALARS = (ScalarEvent, AliasEvent)
_NODES = (*_SCALARS, MappingStartEvent, SequenceStartEvent)

_HEADER = re.compile(r"[|>][-+]?([1-9]?)")


def _takes(entry: Entry, column: int) -> bool:
    """Tell whether a comment at a column belongs to the end of an entry.

    Below a block scalar it would be text there.
    """
    block = isinstance(entry.value, Scalar) and entry.value.style in ("|", ">")
    return entry.column < column and not block


def _content_indent(header: str, lines: list[str], column: int) -> int:
    """The indentation of a block scalar's text: stated in its header, else that of its lines."""
    match = _HEADER.match(header)
    if match and match[1]:
        return max(column, 0) + int(match[1])
    indent = 1
    for line in lines:
        spaces = len(line) - len(line.lstrip(" "))
        indent = max(indent, spaces)
        if spaces < len(line):
            break
    return indent


def _part_header(root: Entry) -> None:
    """Part the header of a document from the comment directly above its first entry.

    A single comment is the header: it stays where a tool or a reader looks for it.
    """
    first = root
    if isinstance(root.value, Collection) and not root.value.flow:
        first = root.value.entries[0]
    comments = first.before
    while comments and comments[0] == BLANK:
        del comments[0]
    if first is not root:
        cut = len(comments)
        if BLANK in comments:
            cut -= comments[::-1].index(BLANK)
        root.before, first.before = comments[:cut], comments[cut:]
