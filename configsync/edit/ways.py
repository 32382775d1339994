"""The ways to carry out an edit: candidates, the best first, of which a guard takes one.

None is certain to be right: what a place in YAML allows depends on more than is
looked at here. `configsync.edit.splice` reads each result back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from configsync.core.document import Path
from configsync.core.values import Json
from configsync.edit.spell import (
    Care,
    Place,
    Spelled,
    entry,
    inner_place,
    spell,
    spell_key,
    spellings,
)
from configsync.edit.tree import (
    BLOCK_HEADER,
    Entry,
    Node,
    column,
    line_break,
    line_end,
    line_start,
    next_line,
    skip,
)

Splice = tuple[int, int, str]
"""Start and end of a span of the text, and what comes in its place."""

Way = list[Splice]


@dataclass(slots=True)
class Spot:
    """A node with what surrounds it; ``entry`` is None for the document's root."""

    node: Node
    place: Place
    entry: Entry | None = None

    @property
    def indicator(self) -> int:
        return self.entry.indicator if self.entry else self.node.start


def apply(text: str, way: Way) -> str:
    """The text with its spans replaced; those of one place follow each other."""
    parts: list[str] = []
    at = 0
    for start, end, new in sorted(way, key=lambda splice: splice[0]):
        parts += text[at:start], new
        at = end
    return "".join([*parts, text[at:]])


def find(text: str, root: Node, path: Path) -> tuple[list[Spot], Path]:
    """The spots on the way along a path, and the steps that lead on from the last one."""
    step, list_step = _steps(text, root)
    spots = [Spot(root, Place(step=step, list_step=list_step))]
    for index, key in enumerate(path):
        node = spots[-1].node
        found = node.child(key)
        if found is None:
            return spots, path[index:]
        spots.append(Spot(found.value, _within(text, spots[-1], found), found))
    return spots, ()


def _within(text: str, outer: Spot, found: Entry) -> Place:
    """The place of an entry's value."""
    node, value = outer.node, found.value
    place = replace(_inside(text, outer), item=found.key is None, style=value.style)
    if value.style in ("|", ">"):
        first = next_line(text, value.start)
        while first < value.end and line_end(text, first) == first:
            first = next_line(text, first)
        line = text[first : line_end(text, first)]
        place = replace(place, text_column=len(line) - len(line.lstrip(" ")))
    return replace(place, flow=value.flow, inside=node.flow)


def _inside(text: str, spot: Spot) -> Place:
    """The place of entries of a collection."""
    node, place = spot.node, spot.place
    if not node.flow:
        return inner_place(place, column(text, node.first))
    keys = [e.key for e in node.entries if e.key]
    json = keys[0].style == '"' if keys else place.json
    return replace(place, style="", flow=True, inside=True, json=json, item=False)


def _steps(text: str, root: Node) -> tuple[int, int]:
    """How far a document indents mappings within mappings, and lists: 2 if it has none."""
    step = list_step = None
    pending = [root]
    while pending and (step is None or list_step is None):
        node = pending.pop()
        for child in (e.value for e in node.entries):
            if node.kind == "map" and child.entries and not node.flow and not child.flow:
                deeper = column(text, child.first) - column(text, node.first)
                if child.kind == "map" and step is None:
                    step = deeper
                elif child.kind == "list" and list_step is None:
                    list_step = deeper
            pending.append(child)
    return step or 2, 2 if list_step is None else list_step


# Replacing a value


def replacements(text: str, spot: Spot, value: Json) -> Iterator[Way]:
    """Ways to put a value where another stands, or nothing does behind an indicator."""
    if spot.entry is None:
        return
    for spelled in spellings(value, spot.place):
        if spot.place.inside:
            yield from _in_flow(text, spot, spelled)
        elif spot.node.kind != "scalar" and not spot.node.flow:
            yield from _of_collection(text, spot, spelled)
        elif spot.node.style in ("|", ">"):
            yield from _of_block_text(text, spot, spelled)
        else:
            yield from _in_line(text, spot, spelled)


def _in_flow(text: str, spot: Spot, spelled: Spelled) -> Iterator[Way]:
    node = spot.node
    yield [(node.start, node.end, spelled.head)]
    yield [(node.start, node.end, " " + spelled.head)]
    if node.empty:
        yield [(node.start, node.end, ": " + spelled.head)]


def _in_line(text: str, spot: Spot, spelled: Spelled) -> Iterator[Way]:
    """In place of a value that is not a block."""
    start, end = spot.node.start, spot.node.end
    head = spelled.head
    if not head:
        # The space behind the colon goes with the value; a comment there stays.
        between = text[spot.indicator : start]
        start = start if between.strip() else spot.indicator
    elif start == spot.indicator:
        head = " " + head
    below = next_line(text, end)
    for lines in _bodies(text, below, below, spelled.lines):
        yield [(start, end, head), *lines]


def _of_block_text(text: str, spot: Spot, spelled: Spelled) -> Iterator[Way]:
    """In place of a literal or folded block; a comment behind its sign stays."""
    start = spot.node.start
    header = BLOCK_HEADER.match(text, start)
    if header is None:
        return
    below = next_line(text, start)
    end = next_line(text, spot.node.end) if spot.node.end > header.end() else below
    first = (start if spelled.head else spot.indicator, header.end(), spelled.head)
    for lines in _bodies(text, below, end, spelled.lines):
        yield [first, *lines]


def _of_collection(text: str, spot: Spot, spelled: Spelled) -> Iterator[Way]:
    """In place of a block collection."""
    node, indicator = spot.node, spot.indicator
    below, end = next_line(text, indicator), next_line(text, node.end)
    if node.first < below:
        # It begins behind the dash of a list's item.
        stop = node.end if node.end < below else line_end(text, node.end)
        for lines in _bodies(text, end, end, spelled.lines):
            yield [(node.first, stop, spelled.head), *lines]
        return
    first = (indicator, indicator, " " + spelled.head if spelled.head else "")
    old = line_start(text, node.first), end
    if not spelled.head or old[0] == below:
        for lines in _bodies(text, *old, spelled.lines):
            yield [first, *lines]
        return
    # Comments before the collection would become part of a literal block.
    for lines in _bodies(text, below, below, spelled.lines):
        yield [first, *lines, (*old, "")]


def _bodies(text: str, start: int, end: int, lines: tuple[str, ...]) -> Iterator[Way]:
    """Put whole lines in place of others; at the end of the text with and without a break."""
    if not lines:
        yield [(start, end, "")] if start < end else []
        return
    new = line_break(text)
    body = new.join(lines)
    closed = end == 0 or text[end - 1] in "\r\n"
    before = "" if start < end or closed else new
    if not closed:
        yield [(start, end, before + body)]
    yield [(start, end, before + body + new)]


# Putting a new key or item into a collection


def insertions(
    text: str, spot: Spot, key: str | None, value: Json, at: int | None
) -> Iterator[Way]:
    """Ways to put a new entry into a collection, behind ``at`` others, at the end if None.

    If that place doesn't take it, others are tried.
    """
    place = _inside(text, spot)
    if spot.node.flow:
        for care in Care:
            place = replace(place, item=key is None)
            head = spell(value, place, care).head
            head = head if key is None else f"{spell_key(key, place, care)}: {head}"
            yield from _into_flow(text, spot.node, head, at)
        return
    count = len(spot.node.entries)
    if key is None and count:
        # In brackets, if its neighbour is.
        place = replace(place, flow=spot.node.entries[-1].value.flow)
    wanted = [count if at is None else min(at, count), count, *range(count - 1, -1, -1)]
    for index in dict.fromkeys(wanted):
        for care in Care:
            lines = tuple(entry(key, value, place, care))
            yield from _into_block(text, spot, lines, index)


def _into_block(text: str, spot: Spot, lines: tuple[str, ...], index: int) -> Iterator[Way]:
    node = spot.node
    if index:
        at = next_line(text, node.entries[index - 1].end)
    elif spot.entry is not None and next_line(text, spot.indicator) <= node.first:
        # Before the comments on what is first now.
        at = next_line(text, spot.indicator)
    else:
        at = line_start(text, node.first)
        if text[at : node.first].strip():
            return
    yield from _bodies(text, at, at, lines)


def _into_flow(text: str, node: Node, spelled: str, at: int | None) -> Iterator[Way]:
    count = len(node.entries)
    index = count if at is None else min(at, count)
    if index == 0:
        yield [(node.first, node.first, spelled + (", " if count else ""))]
        return
    last = node.entries[index - 1]
    indent = _own_line(text, last)
    if indent is not None and node.start < line_start(text, last.start):
        # One entry a line: so is the new one, and comments stay with their entries.
        below = line_break(text) + indent + spelled
        comma = skip(text, last.end)
        end = line_end(text, last.end)
        if text[comma] == ",":
            end = line_end(text, comma)
            yield [(end, end, below + ",")]
        elif end < node.end:
            yield [(last.end, last.end, ","), (end, end, below)]
        else:
            yield [(last.end, last.end, "," + below)]
    yield [(last.end, last.end, f", {spelled}")]


def _own_line(text: str, found: Entry) -> str | None:
    """The indentation of an entry that begins its line, None of any other."""
    before = text[line_start(text, found.start) : found.start]
    return None if before.strip() else before


# Removing


def removals(text: str, spots: list[Spot]) -> Iterator[Way]:
    """Ways to remove the last of the spots from the collection before it."""
    outer, spot = spots[-2], spots[-1]
    node, found = outer.node, spot.entry
    assert found is not None
    index = next(i for i, e in enumerate(node.entries) if e is found)
    if len(node.entries) == 1:
        yield from replacements(text, outer, {} if node.kind == "map" else [])
    elif node.flow:
        yield from _out_of_flow(text, node, index)
    else:
        yield from _out_of_block(text, node, index)


def _out_of_block(text: str, node: Node, index: int) -> Iterator[Way]:
    start, end = node.entries[index].start, node.entries[index].end
    line = line_start(text, start)
    if not text[line:start].strip():
        yield [(line, next_line(text, end), "")]
        # Blank lines behind it would become part of a text before it that keeps them.
        stop = next_line(text, end)
        while stop < len(text) and not text[stop : line_end(text, stop)].strip():
            stop = next_line(text, stop)
        yield [(line, stop, "")]
    elif index + 1 < len(node.entries):
        # It stands behind a dash: the next one takes its place, or the dash stands alone.
        following = node.entries[index + 1].start
        if not text[line_end(text, end) : following].strip():
            yield [(start, following, "")]
        yield [(start, end, "")]


def _out_of_flow(text: str, node: Node, index: int) -> Iterator[Way]:
    found = node.entries[index]
    if index + 1 == len(node.entries):
        before = node.entries[index - 1].end
        comma = skip(text, before)
        if _own_line(text, found) is not None and line_end(text, before) < found.start:
            line = line_start(text, found.start), next_line(text, found.end)
            yield [(comma, comma + 1, ""), (*line, "")]
        yield [(before, found.end, "")]
        return
    following = node.entries[index + 1].start
    comma = skip(text, found.end)
    if _own_line(text, found) is not None and line_end(text, comma) < following:
        yield [(line_start(text, found.start), next_line(text, comma), "")]
    yield [(found.start, following, "")]
