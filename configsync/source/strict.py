"""The strict YAML reader: text to located data, or diagnostics.

It walks the events of PyYAML's C parser itself rather than let PyYAML construct
objects: so types are those of YAML 1.2, duplicate keys, aliases and tags are
refused where they stand, every node keeps its place, and nothing recurses. The
limits are those of rule 6.19.
"""

from __future__ import annotations

from typing import Any

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location, Related
from configsync.core.document import Map, Mark, Seq, show_path
from configsync.source.aliases import Anchors, merge_into
from configsync.source.faults import (
    LINE_SEPARATOR,
    bad_character,
    character_fault,
    syntax_fault,
)
from configsync.source.limits import MAX_DEPTH, MAX_NODES, MAX_SCALAR_BYTES
from configsync.source.reading import Reading
from configsync.source.scalars import MAX_INTEGER_DIGITS, Inexact, NotFinite, resolve

SHORT = MAX_SCALAR_BYTES // 4
"""Characters that can't be more than `MAX_SCALAR_BYTES`."""

MERGE = "<<"


def read_strictly(text: str, file: str, *, aliases: bool = False) -> Reading:
    """Read the YAML documents in a text of any form; see `configsync.source.reader.read`."""
    reading = Reading()
    # A byte order mark at the start is no character of the text, anywhere else a hidden one.
    text = text.removeprefix("\ufeff")
    if (found := LINE_SEPARATOR.search(text)) is not None:
        reading.diagnostics.append(bad_character(file, text, found.start()))
        return reading
    try:
        _Builder(file, reading, aliases).run(CParser(text))
    except yaml.MarkedYAMLError as error:
        reading.stop(syntax_fault(error, file, text))
    except yaml.reader.ReaderError as error:
        reading.stop(character_fault(error, text, file))
    except UnicodeEncodeError as error:
        reading.stop(bad_character(file, text, error.start))
    except _Stop as stop:
        reading.stop(stop.diagnostic)
    return reading


class _Stop(Exception):
    """A limit is passed: reading on would only cost more."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__()
        self.diagnostic = diagnostic


class _Builder:
    """Builds nodes from events, with a stack of the open collections."""

    def __init__(self, file: str, reading: Reading, aliases: bool) -> None:
        self.file = file
        # None where aliases are refused.
        self.anchors = Anchors() if aliases else None
        self.copied = 0
        self.reading = reading
        self.stack: list[Map | Seq] = []
        # Per open collection: the key whose value comes next, None where a key does.
        self.keys: list[tuple[str, Mark] | None] = []
        # Per open collection: its own step in the path.
        self.steps: list[str | int] = []
        # Per open collection: its anchor, and what it merges once its own keys are known.
        self.open_anchors: list[str | None] = []
        self.merges: dict[int, list[Any]] = {}
        # Where each mapping, by its identity, has its merge key.
        self.merge_keys: dict[int, Mark] = {}

    def run(self, parser: Any) -> None:
        """Build until the stream ends. Most of a check's time is spent here."""
        next_event, file = parser.get_event, self.file
        nodes = 0
        while True:
            event = next_event()
            kind = event.__class__
            if kind is ScalarEvent:
                nodes += 1
                start = event.start_mark
                mark = (file, start.line + 1, start.column + 1)
                if not self.entry(event, mark):
                    self.scalar(event, mark)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self.close()
            elif kind is MappingStartEvent:
                nodes += 1
                self.open(event, Map(self.mark(event)))
            elif kind is SequenceStartEvent:
                nodes += 1
                self.open(event, Seq(self.mark(event)))
            elif kind is AliasEvent:
                nodes += 1
                self.alias(event)
            elif kind is DocumentStartEvent:
                self.start_document(event)
            elif kind is StreamEndEvent:
                return
            if nodes + self.copied > MAX_NODES:
                raise _Stop(self.too_many(event))

    def entry(self, event: Any, mark: Mark) -> bool:
        """Take a key or a value of a mapping, the common case; False if anything is odd."""
        text = event.value
        node = self.stack[-1] if self.stack else None
        if node.__class__ is not Map or event.tag is not None or len(text) >= SHORT:
            return False
        if self.anchors is not None:
            return False
        if event.style == '"' and "\0" in text:
            return False
        key = self.keys[-1]
        if key is None:
            if text in node or text == "<<":
                return False
            self.keys[-1] = (text, mark)
            return True
        if key[0] in node:
            return False
        node.put(key[0], self.resolve(text, mark) if event.implicit[0] else text, key[1], mark)
        self.keys[-1] = None
        return True

    def start_document(self, event: Event) -> None:
        if self.anchors is not None:
            self.anchors = Anchors()
        self.reading.roots.append(None)
        self.reading.marks.append(self.mark(event))

    def mark(self, event: Any) -> Mark:
        start = event.start_mark
        return (self.file, start.line + 1, start.column + 1)

    def add(self, diagnostic: Diagnostic) -> None:
        self.reading.diagnostics.append(diagnostic)

    def path(self, *last: str) -> str:
        """The path of the node being read, for a diagnostic."""
        return show_path((*self.steps[1:], *self.step(), *last))

    def step(self) -> tuple[str | int, ...]:
        """The step from the open collection to the node being read."""
        if self.stack and isinstance(self.stack[-1], Seq):
            return (len(self.stack[-1]),)
        key = self.keys[-1] if self.keys else None
        return (key[0],) if key is not None else ()

    def too_many(self, event: Event) -> Diagnostic:
        return codes.TOO_MANY_NODES.at(
            Location(*self.mark(event)),
            f"the file has more than {MAX_NODES:,} nodes",
            help="Split the file.",
        )

    def scalar(self, event: Any, mark: Mark) -> None:
        text = event.value
        # Plain scalars resolve; quoted and block ones are text, and so is one with the tag "!"
        # (YAML 1.2, 6.9.1).
        plain = event.implicit[0] and event.tag is None
        if event.tag is not None and event.tag != "!":
            self.refuse_tag(event, mark)
        # Only an escape can bring NUL: the parser refuses the character itself.
        if len(text) >= SHORT or (event.style == '"' and "\0" in text):
            self.check_text(text, mark)
        if self.stack and self.keys[-1] is None and self.stack[-1].__class__ is Map:
            self.key(text, plain, mark)
            return
        value = self.resolve(text, mark) if plain else text
        if self.anchors is not None and event.anchor is not None:
            self.anchors.values[event.anchor] = value
        self.put(value, mark)

    def check_text(self, text: str, mark: Mark) -> None:
        if len(text.encode()) > MAX_SCALAR_BYTES:
            self.add(
                codes.SCALAR_TOO_LONG.at(
                    Location(*mark),
                    "the text is longer than 256 KiB",
                    path=self.path(),
                )
            )
        if "\0" in text:
            self.add(
                codes.BAD_CHARACTER.at(
                    Location(*mark),
                    "the text holds NUL",
                    "PostgreSQL can't store it.",
                    path=self.path(),
                )
            )

    def at_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1], Map) and self.keys[-1] is None

    def resolve(self, text: str, mark: Mark) -> Any:
        try:
            return resolve(text)
        except NotFinite:
            self.add(
                codes.NOT_FINITE.at(
                    Location(*mark),
                    f"{text} is not a finite number",
                    path=self.path(),
                    help="Quote it if text is meant.",
                )
            )
        except Inexact:
            shown = text if len(text) <= 40 else text[:40] + "…"
            self.add(
                codes.INEXACT.at(
                    Location(*mark),
                    f"{shown} can't be kept exactly",
                    f"A number keeps 15 to 17 digits, a whole number at most {MAX_INTEGER_DIGITS}.",
                    path=self.path(),
                    help="Write fewer digits, or quote it if text is meant.",
                )
            )
        return 0

    def key(self, text: str, plain: bool, mark: Mark) -> None:
        node = self.stack[-1]
        assert isinstance(node, Map)
        if text == "<<" and plain and self.anchors is not None:
            first = self.merge_keys.setdefault(id(node), mark)
            if first is not mark:
                self.add_duplicate(text, mark, first)
            self.keys[-1] = (MERGE, mark)
            return
        if text == "<<" and plain:
            self.add(
                codes.ALIAS.at(
                    Location(*mark),
                    "a merge key is used",
                    "Merge keys hide where a value is set.",
                    path=self.path(text),
                    help="Write the keys out, use metadata.extends, or set allow_aliases.",
                )
            )
        elif text in node:
            self.add_duplicate(text, mark, node.key_marks[text])
        self.keys[-1] = (text, mark)

    def add_duplicate(self, text: str, mark: Mark, first: Mark) -> None:
        self.add(
            codes.DUPLICATE_KEY.at(
                Location(*mark),
                f"the key {text} stands twice",
                path=self.path(text),
                help="Remove one of the two.",
                related=(Related("it stands here first", Location(*first)),),
            )
        )

    def put(self, value: Any, mark: Mark) -> None:
        """Put a node into the collection that is open, or make it the document's root."""
        if not self.stack:
            self.reading.roots[-1] = value
            if value is not None:
                self.reading.marks[-1] = mark
            return
        node = self.stack[-1]
        if isinstance(node, Seq):
            node.put(value, mark)
            return
        key = self.keys[-1]
        if key is None:
            self.add(
                codes.BAD_KEY.at(
                    Location(*mark),
                    "a key is a list or a mapping",
                    path=self.path(),
                    help="Write a name; text that begins with { or [ needs quotes.",
                )
            )
            key = ("?", mark)
            self.keys[-1] = key
            return
        name, key_mark = key
        if name is MERGE:
            self.merge(node, value, mark)
            return
        # Of two values for one key the first stays: both were reported.
        if name not in node:
            node.put(name, value, key_mark, mark)
        self.keys[-1] = None

    def open(self, event: MappingStartEvent | SequenceStartEvent, node: Map | Seq) -> None:
        if event.tag is not None and event.tag != "!":
            self.refuse_tag(event, node.mark)
        if len(self.stack) >= MAX_DEPTH:
            raise _Stop(
                codes.TOO_DEEP.at(
                    Location(*node.mark),
                    f"the document is nested more than {MAX_DEPTH} levels deep",
                    path=self.path(),
                )
            )
        # The root's own step stays unused: a path begins below it.
        step = next(iter(self.step()), "?")
        self.put(node, node.mark)
        if self.anchors is not None and event.anchor is not None:
            self.anchors.values[event.anchor] = node
            self.anchors.open.add(event.anchor)
        self.open_anchors.append(event.anchor)
        self.steps.append(step)
        self.stack.append(node)
        self.keys.append(None)

    def close(self) -> None:
        """End the innermost collection; what it merges comes below its own keys."""
        node = self.stack.pop()
        self.keys.pop()
        self.steps.pop()
        anchor = self.open_anchors.pop()
        if self.anchors is not None:
            for merged in self.merges.pop(id(node), ()):
                assert isinstance(node, Map)
                merge_into(node, merged)
            if anchor is not None:
                self.anchors.open.discard(anchor)

    def merge(self, node: Map, value: Any, mark: Mark) -> None:
        """Take note of what a merge key brings."""
        self.keys[-1] = None
        if value is None:
            return  # An alias that was refused.
        if merge_into(Map(mark), value):
            self.merges.setdefault(id(node), []).append(value)
            return
        self.add(
            codes.ALIAS.at(
                Location(*mark),
                "a merge key brings no mapping",
                path=self.path("<<"),
                help="Name a mapping, or a list of mappings, that is anchored above.",
            )
        )

    def follow(self, name: str, mark: Mark) -> bool:
        """Put a copy of what an anchor names; False where it names nothing whole."""
        if self.anchors is None or self.at_key():
            return False
        try:
            value, count = self.anchors.copy(name)
        except KeyError:
            return False
        self.copied += count
        self.put(value, mark)
        return True

    def alias(self, event: Any) -> None:
        mark = self.mark(event)
        if self.follow(event.anchor, mark):
            return
        self.add(
            codes.ALIAS.at(
                Location(*mark),
                f"an alias is used: *{event.anchor}",
                "An alias hides where a value is set, and a few of them can expand without bound.",
                path=self.path(),
                help="Write the value out, use metadata.extends, or set allow_aliases.",
            )
        )
        if self.at_key():
            self.keys[-1] = (f"*{event.anchor}", mark)
        else:
            self.put(None, mark)

    def refuse_tag(self, event: Any, mark: Mark) -> None:
        self.add(
            codes.TAG.at(
                Location(*mark),
                f"the tag {event.tag.replace('tag:yaml.org,2002:', '!!')} is used",
                path=self.path(),
                help="Remove the tag; quote the value if text is meant.",
            )
        )
