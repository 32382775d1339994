"""The quick reader: the plain part of YAML that most documents keep to, read line by line.

It judges nothing. A text that keeps to the forms below gives exactly what
`configsync.source.strict` makes of it, places included; for any other text the
answer is None, and that reader reads it. So it saves time and changes nothing
else: ``tests/properties/test_plain.py`` holds the two against each other.

The forms: one document of block mappings and block lists, each entry in a line
of its own, whose values are plain or quoted text within the line (without
escapes), a mapping of such in braces, a list of such in brackets, or a literal
block. Where YAML has a special case, it is left to the other reader rather than
followed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from configsync.core.document import Map, Mark, Seq
from configsync.source.limits import MAX_DEPTH, MAX_SCALAR_BYTES
from configsync.source.scalars import Inexact, NotFinite, resolve

LONGEST = MAX_SCALAR_BYTES // 4
"""A text of fewer characters passes no limit of size, whatever it holds."""

_PRINTABLE_ASCII = b"\n" + bytes(range(0x20, 0x7F))
_NAME = r"[A-Za-z_$][\w$./-]{0,99}+"
_QUOTED = r""""[^"\\]*+"|'[^']*+'"""
_WORDS = r"[\w./][\w./-]*+(?:\ [\w./][\w./-]*+)*+"
_PAIR = rf"{_NAME}:\ (?:{_WORDS}|{_QUOTED})"
_ITEM = rf"(?:{_WORDS}|{_QUOTED})"

# Nothing is tried twice, so that any text takes a time in proportion to its length.

# A line, with the literal block that it may begin. Its first line tells how far a block is
# indented; that one of fewer spaces and nothing else follows is a special case.
_LINES = re.compile(
    r"""
    (?P<line>.*)\n
    (?:
      (?:(?<=\|\n)|(?<=\|-\n))
      (?P<block>\n*+(?P<margin>\ ++)[^\n].*\n(?:(?:(?P=margin).*)?+\n)*+)(?P<odd>\ ++\n)?+
    )?+
    """,
    re.VERBOSE,
)
_LINE = re.compile(
    rf"""
    (?P<indent>\ *+)
    (?P<dash>-\ ++)?+
    (?:(?P<key>{_NAME}):(?:\ ++|\Z))?+
    (?P<value>
      # A colon or # belongs to the text where no space stands behind, or before it.
      (?P<plain>
        (?:[\w./+]|-(?=[0-9.]))
        [^:\#]*+(?:(?::(?=[^\ ])|(?<=[^\ ])\#)[^:\#]*+)*+
      )
    | \|-?\Z
    | (?:{_QUOTED}|\{{{_PAIR}(?:,\ {_PAIR})*+\}}|\[(?:{_ITEM}(?:,\ {_ITEM})*+)?+\])
      (?=\ *+\Z|\ ++\#)
    )?+
    \ *+(?:\#.*)?+
    """,
    re.VERBOSE,
)
_PAIRS = re.compile(rf"({_NAME}):\ ({_WORDS}|{_QUOTED})")
_ITEMS = re.compile(_ITEM)

_GAP, _SCALAR, _PARENT, _BLOCK, _FLOW = range(5)
"""What a line is: a comment or empty; an entry with a scalar; one whose value is the collection
below it, or a literal block; one with a mapping in braces or a list in brackets."""

_Line = tuple[int, int, int, str, int, Any]
"""What a line is, its indentation, the width of its dash, its key, the offset of its value, and
that: a scalar, or the text of what is more than one."""

REMEMBERED = 200
"""Characters of a line: the same short ones stand in many files, and are then known."""


class _Other(Exception):
    """The text has another form."""


def read_plain(text: str, file: str) -> Map | None:
    """The one document of a text of plain form, as the strict reader reads it; else None."""
    if len(text) >= LONGEST or text[-1:] != "\n":
        return None
    try:
        # What isn't printable is another line's end, a hidden character, or refused.
        special = text.encode().translate(None, _PRINTABLE_ASCII).decode()
        return _Lines(file).read(text) if special.isprintable() else None
    except (_Other, Inexact, NotFinite, UnicodeError):
        return None


class _Lines:
    """Reads entry by entry, with a stack of the open collections and their columns from 0."""

    def __init__(self, file: str) -> None:
        self.file = file
        # Each is a Map or a Seq, as the entries that are put into it make sure.
        self.stack: list[tuple[int, Any]] = []

    def read(self, text: str) -> Map:
        """Read to the end. Raises `_Other` where the form ends, and what `resolve` raises."""
        file, number, column = self.file, 0, 0
        node: Any = None
        # The key, and its place, whose value is the collection that comes next.
        pending: tuple[str, Mark] | None = None
        for line, block, margin, odd in _LINES.findall(text):
            number += 1
            form, indent, dash, key, offset, value = (
                _known(line) if len(line) <= REMEMBERED else _read(line)
            )
            if odd or (block and form != _BLOCK):
                raise _Other
            if form == _GAP:
                continue
            # Most entries follow one in the same mapping.
            if indent != column or dash or pending or node is None:
                node = self.enter(indent, number, dash, key, pending)
                column, pending = indent + dash, None
            mark = (file, number, offset + 1)
            if not key:
                node.put(_flow(value, mark) if form == _FLOW else value, mark)
                node = None
                continue
            if key in node:
                raise _Other
            key_mark = (file, number, column + 1)
            if form == _PARENT:
                pending = (key, key_mark)
                continue
            if form == _BLOCK:
                if len(margin) <= column:
                    raise _Other
                number += block.count("\n")
                block = block.removeprefix(margin).replace("\n" + margin, "\n").rstrip("\n")
                value = block if value == "|-" else block + "\n"
            elif form == _FLOW:
                value = _flow(value, mark)
            node[key] = value
            node.key_marks[key] = key_mark
            node.marks[key] = mark
        if pending or not self.stack:
            raise _Other
        root: Map = self.stack[0][1]
        return root

    def enter(
        self, column: int, number: int, dash: int, key: str, pending: tuple[str, Mark] | None
    ) -> Any:
        """The collection that the entry at a column is put into."""
        # At most three more levels begin here: a list, its item, and one in braces or brackets.
        if len(self.stack) > MAX_DEPTH - 3:
            raise _Other
        if pending or not self.stack:
            node = self.begin(column, dash > 0, (self.file, number, column + 1), pending)
        else:
            node = self.node(column, dash > 0)
        if not dash or not key:
            return node
        # An item that is a mapping, of which this is the first entry.
        column += dash
        item = Map((self.file, number, column + 1))
        node.put(item, item.mark)
        self.stack.append((column, item))
        return item

    def node(self, column: int, item: bool) -> Any:
        """The open collection that an entry at a column belongs to; what lies deeper has ended."""
        stack = self.stack
        level, node = stack[-1]
        # A list's items may stand right below its key; the next key ends it.
        while level > column or (level == column and not item and node.__class__ is Seq):
            del stack[-1]
            if not stack:
                raise _Other
            level, node = stack[-1]
        if level != column or (node.__class__ is Seq) is not item:
            raise _Other
        return node

    def begin(self, column: int, item: bool, mark: Mark, pending: tuple[str, Mark] | None) -> Any:
        """Open the collection whose first entry stands at a column: a key's value, or the root."""
        node: Map | Seq = Seq(mark) if item else Map(mark)
        if pending:
            level, parent = self.stack[-1]
            if column < level or (column == level and not item):
                raise _Other
            parent.put(pending[0], node, pending[1], mark)
        elif item or column:
            raise _Other
        self.stack.append((column, node))
        return node


def _read(line: str) -> _Line:
    """What one line says. Raises `_Other`, and what `resolve` raises."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise _Other
    indent, dash, key, value, plain = match.groups()
    column, width = len(indent), len(dash or "")
    if not key and not dash:
        # A scalar by itself is a whole document, or goes on from a line above.
        if value is not None:
            raise _Other
        return _GAP, column, 0, "", 0, None
    offset = column + width if value is None else match.start("value")
    if plain is not None:
        return _SCALAR, column, width, key or "", offset, resolve(plain.rstrip(" "))
    if key and value is None:
        return _PARENT, column, width, key, offset, None
    if key and value in ("|", "|-"):
        return _BLOCK, column, width, key, offset, value
    match (value or "")[:1]:
        case "{" | "[":
            return _FLOW, column, width, key or "", offset, value
        case '"' | "'":
            return _SCALAR, column, width, key or "", offset, value[1:-1]
    raise _Other


_known = lru_cache(maxsize=4096)(_read)


def _flow(text: str, mark: Mark) -> Map | Seq:
    """What stands in braces or brackets at a mark."""
    return _braces(text, mark) if text[0] == "{" else _brackets(text, mark)


def _braces(text: str, mark: Mark) -> Map:
    node = Map(mark)
    file, number, column = mark
    for pair in _PAIRS.finditer(text):
        name, value = pair.groups()
        if name in node:
            raise _Other
        key_mark = (file, number, column + pair.start(1))
        node.put(name, _scalar(value), key_mark, (file, number, column + pair.start(2)))
    return node


def _brackets(text: str, mark: Mark) -> Seq:
    node = Seq(mark)
    file, number, column = mark
    for item in _ITEMS.finditer(text):
        node.put(_scalar(item[0]), (file, number, column + item.start()))
    return node


def _scalar(text: str) -> Any:
    return text[1:-1] if text[0] in "\"'" else resolve(text)
