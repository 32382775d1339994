"""Where each node of a YAML text begins and ends, in characters, for edits by position.

The C parser's marks count characters, but for a byte order mark at the very start:
callers cut that off. Its end marks of block scalars and block collections lie
behind blank lines that aren't theirs; `Node.end` doesn't.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from yaml.cyaml import CParser  # type: ignore[attr-defined]
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

BLOCK_HEADER = re.compile(r"[|>][-+0-9]*")
_LABELS = re.compile(r"(?:[&!]\S*\s+)*")
_BREAK = re.compile(r"\r\n|\r|\n")
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)*")


@dataclass(slots=True)
class Entry:
    """A key with its value, or an item of a list, whose ``key`` is None.

    ``start`` is where it begins: with its dash or question mark, else with its
    key, or in flow its value. ``indicator`` is the place just behind the colon
    or the dash; in flow collections, and where there is none, it is the start
    of the value.
    """

    key: Node | None
    value: Node
    start: int
    indicator: int

    @property
    def end(self) -> int:
        return self.value.end if self.key is None else max(self.key.end, self.value.end)


@dataclass(slots=True)
class Node:
    """A node's place: ``text[start:end]``.

    ``style`` is that of a scalar: empty for plain text, else its quote, ``|`` or
    ``>``. ``first`` is where a collection's content begins: behind the bracket, or
    the first key or dash. ``labelled`` tells of an anchor, tag or alias.
    """

    kind: Literal["scalar", "map", "list"]
    start: int
    end: int
    style: str = ""
    flow: bool = False
    value: str = ""
    first: int = 0
    labelled: bool = False
    entries: list[Entry] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether nothing is written where the value would stand."""
        return self.kind == "scalar" and self.start == self.end

    def child(self, step: str | int) -> Entry | None:
        """The entry at a step of a path; of equal keys the first, as the reader has it."""
        if self.kind == "list" and isinstance(step, int):
            return self.entries[step] if 0 <= step < len(self.entries) else None
        if self.kind == "map":
            found = (e for e in self.entries if e.key and e.key.kind == "scalar")
            return next((e for e in found if e.key and e.key.value == step), None)
        return None


@dataclass(slots=True)
class Tree:
    """The places of one document: ``text[start:end]`` with its ``---``."""

    start: int
    end: int
    root: Node | None = None


def parse(text: str) -> list[Tree]:
    """The places in each document of a text, which must not begin with a byte order mark.

    Raises yaml.YAMLError if the text isn't YAML: read it with the strict reader first.
    """
    return _Builder(text).build()


class _Builder:
    def __init__(self, text: str) -> None:
        self.text = text
        self.trees: list[Tree] = []
        self.stack: list[Node] = []
        # Per open collection: the key whose value comes next.
        self.keys: list[Node | None] = []

    def build(self) -> list[Tree]:
        parser = CParser(self.text)
        while True:
            event = parser.get_event()
            match event:
                case ScalarEvent():
                    self.put(self.scalar(event))
                case AliasEvent():
                    self.put(self.alias(event))
                case MappingStartEvent() | SequenceStartEvent():
                    self.open(event)
                case MappingEndEvent() | SequenceEndEvent():
                    self.close(event)
                case DocumentStartEvent():
                    self.document(event)
                case StreamEndEvent():
                    return self.trees

    def document(self, event: Any) -> None:
        """Begin a document; what stands before the first one belongs to it."""
        start = event.start_mark.index
        if self.trees:
            self.trees[-1].end = start
        self.trees.append(Tree(start if self.trees else 0, len(self.text)))

    def alias(self, event: Any) -> Node:
        return Node("scalar", event.start_mark.index, event.end_mark.index, labelled=True)

    def scalar(self, event: Any) -> Node:
        start, end = event.start_mark.index, event.end_mark.index
        # PyYAML gives a plain scalar either no style or an empty one.
        style = event.style or ""
        if style in ("|", ">"):
            header = _LABELS.match(self.text, start)
            end = block_end(self.text, header.end() if header else start, end, self.column())
        labelled = event.anchor is not None or event.tag is not None
        return Node("scalar", start, end, style, value=event.value, labelled=labelled)

    def column(self) -> int:
        """The column of the innermost open block collection, -1 outside of any."""
        for node in reversed(self.stack):
            if not node.flow:
                return column(self.text, node.first)
        return -1

    def put(self, node: Node) -> None:
        if not self.stack:
            self.trees[-1].root = node
            return
        parent, key = self.stack[-1], self.keys[-1]
        if parent.kind == "map" and key is None:
            self.keys[-1] = node
        else:
            parent.entries.append(self.entry(parent, key, node))
            self.keys[-1] = None

    def entry(self, parent: Node, key: Node | None, node: Node) -> Entry:
        start, indicator = (key or node).start, node.start
        if not parent.flow:
            before = parent.entries[-1].end if parent.entries else parent.first
            begin = skip(self.text, before)
            start = begin if self.text[begin : begin + 1] in ("-", "?") else start
            at = begin if key is None else skip(self.text, key.end)
            if self.text[at : at + 1] == ("-" if key is None else ":"):
                indicator = at + 1
        return Entry(key, node, start, indicator)

    def open(self, event: Any) -> None:
        start, first = event.start_mark.index, event.end_mark.index
        is_list = isinstance(event, SequenceStartEvent)
        flow = bool(event.flow_style)
        # The mark of a list that is indented no further than its key is behind its dash.
        if is_list and not flow and first > start and self.text[first - 1] == "-":
            first -= 1
        labelled = event.anchor is not None or event.tag is not None
        kind: Literal["map", "list"] = "list" if is_list else "map"
        self.stack.append(Node(kind, start, start, flow=flow, first=first, labelled=labelled))
        self.keys.append(None)

    def close(self, event: Any) -> None:
        node = self.stack.pop()
        self.keys.pop()
        node.end = event.end_mark.index if node.flow else node.entries[-1].end
        self.put(node)


def block_end(text: str, start: int, end: int, parent_column: int) -> int:
    """Where a block scalar's own text ends, before the line break of its last line.

    Blank lines behind it are its own only if it keeps them (``|+``).
    """
    header = BLOCK_HEADER.match(text, start)
    if header is None:
        return end
    digits = [c for c in header[0] if c.isdigit()]
    indent = max(parent_column, 0) + int(digits[0]) if digits else 0
    last = header.end()
    at = next_line(text, start)
    while at < end:
        stop = line_end(text, at)
        spaces = len(text[at:stop]) - len(text[at:stop].lstrip(" "))
        blank = at + spaces == stop
        if not indent and not blank:
            indent = spaces
        # A line of more spaces than the indentation is text, were it the last one.
        if (not blank and spaces >= indent) or (blank and indent and spaces > indent):
            last = stop
        elif not blank:
            break
        elif "+" in header[0]:
            last = stop
        at = next_line(text, at)
    return last


def line_start(text: str, at: int) -> int:
    """The start of the line that holds a place."""
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def line_end(text: str, at: int) -> int:
    """The end of the line that holds a place, before its break."""
    found = _BREAK.search(text, at)
    return found.start() if found else len(text)


def next_line(text: str, at: int) -> int:
    """The start of the next line, the end of the text behind the last one."""
    found = _BREAK.search(text, at)
    return found.end() if found else len(text)


def column(text: str, at: int) -> int:
    """The column of a place, from 0."""
    return at - line_start(text, at)


def line_number(text: str, at: int) -> int:
    """The number of the line that holds a place, from 1."""
    return len(_BREAK.findall(text, 0, at)) + 1


def skip(text: str, at: int) -> int:
    """The next place that is neither white space nor within a comment."""
    found = _BLANK.match(text, at)
    return found.end() if found else at


def line_break(text: str) -> str:
    """The line break that a text uses: that of its first line."""
    found = _BREAK.search(text)
    return found[0] if found else "\n"
