"""Writes a tree in canonical form: the order of keys, indentation, where comments stand.

A function here returns whole lines, but for the comments of a collection's first
entry: those are for whoever knows what stands above it.
"""

from __future__ import annotations

from collections.abc import Sequence

from configsync.edit.format_order import UNORDERED, KeyOrder, KeyOrders
from configsync.edit.format_scalar import spell
from configsync.edit.format_tree import BLANK, Collection, DocumentTree, Entry, Scalar, Tree

INDENT = 2
MAX_FLOW_LINE = 100
"""Characters of a line up to which a flow collection stays on it."""


def write(tree: Tree, orders: KeyOrders) -> str:
    """Write a file."""
    lines: list[str] = []
    _add(lines, _comments(tree.header, 0, last=True))
    for number, document in enumerate(tree.documents):
        order = _order_of(document.root.value, orders)
        _add(lines, _document(document, order, first=number == 0, below=bool(lines)))
    return "".join(f"{line}\n" for line in lines)


def _document(document: DocumentTree, order: KeyOrder, *, first: bool, below: bool) -> list[str]:
    """The lines of a document, with the ``---`` that parts it from the one before.

    ``below`` tells of a comment that stands above the file's first ``---``.
    """
    root = document.root
    lead, body = _Writer().value(root, "", 0, order)
    header = root.before
    # A first document without content would be none without its line.
    if not first or (isinstance(root.value, Scalar) and not root.value.source):
        lines = ["---" + document.trailing]
    else:
        header = [*_own_line(document.trailing), *header]
        # Something else than the line that goes has to keep the two comments apart.
        lines = [BLANK] if below and any([*header, *lead]) else []
    _add(lines, _comments(header, 0))
    if any(header) and any(lead) and lines[-1] != BLANK:
        # A comment that came up with its key is no part of the header.
        lines.append(BLANK)
    _add(lines, _comments(lead, 0))
    _add(lines, body if any(body) else [])
    _add(lines, _comments(root.after, 0, last=True))
    return lines


class _Writer:
    """Writes the nodes of one document."""

    def __init__(self) -> None:
        # Each is asked for again by every collection around it.
        self.flows: dict[Collection, str | None] = {}

    def value(
        self, entry: Entry, head: str, indent: int, order: KeyOrder
    ) -> tuple[list[str], list[str]]:
        """The comments that go above an entry for want of another place, and its lines.

        ``head`` is what precedes the value on its line, ``indent`` that of the
        lines which follow.
        """
        node, trailing = entry.value, entry.trailing
        space = " " if head else ""
        if isinstance(node, Scalar):
            first, *more = spell(node)
            lines = [head + (space + first if first else "")]
            lines += [" " * indent + line if line else BLANK for line in more]
            # A block scalar's comment stands in its header: behind its lines it would be text.
            lines[0 if node.style in ("|", ">") else -1] += trailing
            return [], lines
        flow = self.flow(node, order) if node.flow else None
        if flow is not None and (not node.entries or len(head + space + flow) <= MAX_FLOW_LINE):
            return [], [head + space + flow + trailing]
        lead, lines = self.entries(node, indent, order)
        if entry.key is None and not node.anchor:
            # Between a dash and the key that shares its line there is no room.
            first = f"{head} {lines[0][indent:]}" if head else lines[0]
            return [*_own_line(trailing), *lead], [first, *lines[1:]]
        below = [head + (space + node.anchor if node.anchor else "") + trailing]
        _add(below, _comments(lead, indent))
        _add(below, lines)
        return [], below

    def entries(
        self, node: Collection, indent: int, order: KeyOrder
    ) -> tuple[list[str], list[str]]:
        """The comments of the first entry, and all lines that follow them."""
        first: list[str] = []
        lines: list[str] = []
        for number, entry in enumerate(_sorted(node, order)):
            head, inner = _head(entry, order)
            lead, body = self.value(entry, " " * indent + head, indent + INDENT, inner)
            _add(body, _comments(entry.after, indent + INDENT, last=True))
            before = [*entry.before, *lead]
            if number:
                _add(lines, _comments(before, indent))
            else:
                first = before
            _add(lines, body)
        while first and first[0] == BLANK:
            del first[0]
        return first, lines

    def flow(self, node: Collection, order: KeyOrder) -> str | None:
        """A flow collection on one line; None if a comment, a break or its length forbids it."""
        if node not in self.flows:
            self.flows[node] = self.new_flow(node, order)
        return self.flows[node]

    def new_flow(self, node: Collection, order: KeyOrder) -> str | None:
        if node.commented and node.entries:
            return None
        parts = []
        length = 0
        for entry in _sorted(node, order):
            if any(entry.before) or any(entry.after) or entry.trailing:
                return None
            head, inner = _head(entry, order, flow=True)
            if isinstance(entry.value, Collection):
                text = self.flow(entry.value, inner)
            else:
                lines = spell(entry.value, flow=True)
                text = lines[0] if len(lines) == 1 else None
            if text is None:
                return None
            parts.append(f"{head} {text}" if node.mapping else text)
            length += len(parts[-1]) + 2
            if length > MAX_FLOW_LINE:
                return None
        inside = ", ".join(parts)
        text = f"{{{inside}}}" if node.mapping else f"[{inside}]"
        return f"{node.anchor} {text}" if node.anchor else text


def _head(entry: Entry, order: KeyOrder, *, flow: bool = False) -> tuple[str, KeyOrder]:
    """What precedes the value of an entry, and the order within that value."""
    if entry.key is None:
        return "-", order.items()
    return spell(entry.key, flow=flow)[0] + ":", order.below(entry.key.value)


def _sorted(node: Collection, order: KeyOrder) -> list[Entry]:
    """The entries in their order: a merge first, unknown keys last, equal ones as they stand."""
    if not node.mapping or not order.ranks:
        return node.entries
    ranks = {"<<": -1} | order.ranks
    return sorted(node.entries, key=lambda e: ranks.get(e.key.value if e.key else "", len(ranks)))


def _order_of(root: Scalar | Collection, orders: KeyOrders) -> KeyOrder:
    if isinstance(root, Scalar) or not root.mapping:
        return UNORDERED
    kinds = (e.value for e in root.entries if e.key is not None and e.key.value == "kind")
    kind = next(kinds, None)
    return orders.of(kind.value if isinstance(kind, Scalar) else "")


def _own_line(trailing: str) -> list[str]:
    return [trailing.lstrip(" \t")] if trailing else []


def _comments(notes: Sequence[str], indent: int, *, last: bool = False) -> list[str]:
    """Comments as lines, one blank line between them at most, none at the ``last`` one's end."""
    lines: list[str] = []
    for note in notes:
        if note or not lines or lines[-1]:
            lines.append(" " * indent + note if note else BLANK)
    while last and lines and lines[-1] == BLANK:
        lines.pop()
    return lines


def _add(lines: list[str], more: Sequence[str]) -> None:
    """Append lines, with at most one blank line between the two and none at the start.

    A text that keeps its blank end ends in one: another would lengthen it.
    """
    start = 0
    while start < len(more) and more[start] == BLANK and not (lines and lines[-1]):
        start += 1
    lines += more[start:]
