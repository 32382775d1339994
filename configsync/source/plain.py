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
from typing import Any

from configsync.core.document import Map, Mark, Seq
from configsync.source.limits import MAX_DEPTH, MAX_SCALAR_BYTES
from configsync.source.scalars import Inexact, NotFinite, resolve

LONGEST = MAX_SCALAR_BYTES // 4
"""A text of fewer characters passes no limit of size, whatever it holds."""

_PRINTABLE_ASCII = b"\n" + bytes(range(0x20, 0x7F))
_NAME = r"[A-Za-z_$][\w$./-]{0,99}+"
_QUOTED = r""""[^"\\\n]*+"|'[^'\n]*+'"""
_WORDS = r"[\w./][\w./-]*+(?:\ [\w./][\w./-]*+)*+"
_PAIR = rf"{_NAME}:\ (?:{_WORDS}|{_QUOTED})"
_ITEM = rf"(?:{_WORDS}|{_QUOTED})"
_COMMENT = r"\ *+(?:(?<=\ )\#.*)?+\n"

# One match a line, with the literal block that it begins; nothing is tried twice, so that any
# text takes a time in proportion to its length.
_LINES = re.compile(
    rf"""
    (?P<indent>\ *+)
    (?:
      (?:\#.*)?+\n
    | (?P<dash>-\ ++)?+
      (?P<head>(?P<key>{_NAME}):(?:\ ++|(?=\n)))?+
      (?:
        # A colon or # belongs to the text where no space stands behind, or before it.
        (?P<plain>
          (?:[\w./+]|-(?=[0-9.]))
          [^:\#\n]*+(?:(?::(?=[^\ \n])|(?<=[^\ ])\#)[^:\#\n]*+)*+
        )(?:\#.*)?+\n
      | # Its first line tells how far a block is indented. Where one of fewer spaces and
        # nothing else follows, that is a special case.
        \|(?P<strip>-?)\n
        (?P<block>\n*+(?P<margin>\ ++)[^\n].*\n(?:(?:(?P=margin).*)?+\n)*+)(?!\ +\n)
      | (?P<other>
          {_QUOTED}|\{{{_PAIR}(?:,\ {_PAIR})*+\}}|\[(?:{_ITEM}(?:,\ {_ITEM})*+)?+\]
        ){_COMMENT}
      | (?:\#.*)?+\n
      )
    )
    | (?P<rest>(?s:.+))
    """,
    re.VERBOSE,
)
_PAIRS = re.compile(rf"({_NAME}):\ ({_WORDS}|{_QUOTED})")
_ITEMS = re.compile(_ITEM)


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
        file, number, column, before = self.file, 0, 0, ""
        node: Any = None
        # The key, and its place, whose value is the collection that comes next.
        pending: tuple[str, Mark] | None = None
        entries = _LINES.findall(text)
        for indent, dash, head, key, plain, strip, block, margin, other, rest in entries:
            number += 1
            if not key and not dash:
                # A comment, an empty line; or else what belongs to a value above.
                if plain or other or block or rest:
                    raise _Other
                continue
            # Most entries follow one in the same mapping.
            if indent != before or dash or pending or node is None:
                node = self.enter(len(indent), number, dash, key, pending)
                column, before, pending = len(indent) + len(dash), indent, None
            if not key:
                mark = (file, number, column + 1)
                node.put(_value(plain, other, mark), mark)
                node = None
                continue
            if key in node:
                raise _Other
            key_mark = (file, number, column + 1)
            mark = (file, number, column + len(head) + 1)
            if plain:
                value = resolve(plain.rstrip(" "))
            elif block:
                if len(margin) <= column:
                    raise _Other
                value = block.removeprefix(margin).replace("\n" + margin, "\n").rstrip("\n")
                value = value if strip else value + "\n"
                number += block.count("\n")
            elif other:
                value = _value(plain, other, mark)
            else:
                pending = (key, key_mark)
                continue
            node[key] = value
            node.key_marks[key] = key_mark
            node.marks[key] = mark
            if dash:
                before = " " * column
        if pending or not self.stack:
            raise _Other
        root: Map = self.stack[0][1]
        return root

    def enter(
        self, column: int, number: int, dash: str, key: str, pending: tuple[str, Mark] | None
    ) -> Any:
        """The collection that the entry at a column is put into."""
        # At most three more levels begin here: a list, its item, and one in braces or brackets.
        if len(self.stack) > MAX_DEPTH - 3:
            raise _Other
        if pending or not self.stack:
            node = self.begin(column, bool(dash), (self.file, number, column + 1), pending)
        else:
            node = self.node(column, bool(dash))
        if not dash or not key:
            return node
        # An item that is a mapping, of which this is the first entry.
        column += len(dash)
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


def _value(plain: str, other: str, mark: Mark) -> Any:
    """What stands at a mark: plain or quoted text, a mapping in braces, a list in brackets."""
    if plain:
        return resolve(plain.rstrip(" "))
    match other[:1]:
        case "":
            raise _Other
        case "{":
            return _braces(other, mark)
        case "[":
            return _brackets(other, mark)
    return other[1:-1]


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
