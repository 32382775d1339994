"""Brings YAML into one canonical form, or says why not: never another meaning.

The form: keys in the order of their kind, two columns of indentation, quotes
where they are needed, at most one blank line, LF. Text, comments, the style of
block scalars and of collections that fit on a line are their author's. What was
written is read back, and counts only if it says the same in every respect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.document import Map, Seq
from configsync.core.kind import Kind
from configsync.core.values import equal
from configsync.edit.format_lines import write
from configsync.edit.format_order import KeyOrders
from configsync.edit.format_tree import Entry, Scalar, Tree, Unsafe, parse
from configsync.source.reader import Reading, read
from configsync.source.scalars import Inexact, NotFinite, resolve

_UNREAD = {
    c.code
    for c in (
        codes.SYNTAX,
        codes.BAD_CHARACTER,
        codes.TOO_DEEP,
        codes.TOO_MANY_NODES,
        codes.ALIAS,
        codes.TAG,
        codes.BAD_KEY,
    )
}
"""Faults at or behind which it isn't known what the file says."""


@dataclass(frozen=True, slots=True)
class Formatted:
    """The canonical form of a text; None if it has none, for the reasons in ``diagnostics``."""

    text: str | None
    diagnostics: tuple[Diagnostic, ...] = ()


class Formatter:
    """Formats the documents of the given kinds; ``aliases`` tells whether they may have some."""

    def __init__(self, kinds: Mapping[str, Kind], *, aliases: bool = False) -> None:
        self._orders = KeyOrders(kinds)
        self._aliases = aliases

    def format(self, text: str, file: str) -> Formatted:
        """Format a file's text; ``file`` is named in every diagnostic.

        Faults above the syntax, as an unknown key, don't matter. Never raises
        for what the text holds.
        """
        reading = self._read(text, file)
        if any(d.code in _UNREAD for d in reading.diagnostics):
            return Formatted(None, tuple(reading.diagnostics))
        source = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        try:
            tree = parse(source)
            formatted = write(tree, self._orders)
        except Unsafe as unsafe:
            return _refused(Location(file, unsafe.line, unsafe.column), unsafe.reason)
        if formatted == text:
            return Formatted(text)
        change = self._change(reading, tree, source, formatted, file)
        if change is not None:
            reason, line = change
            return _refused(Location(file, line, 1), reason)
        return Formatted(formatted)

    def _change(
        self, before: Reading, tree: Tree, source: str, formatted: str, file: str
    ) -> tuple[str, int] | None:
        """Say what formatting would change besides the form, and in which line; None if nothing."""
        after = self._read(formatted, file)
        if before.roots != after.roots or not all(map(equal, before.roots, after.roots)):
            return "a value would change", _changed_line(before.roots, after.roots)
        reason = self._other_change(before, after, tree, source, formatted, file)
        pairs = enumerate(zip(source.split("\n"), formatted.split("\n"), strict=False), 1)
        line = next((n for n, (old, new) in pairs if old != new), 1)
        return None if reason is None else (reason, line)

    def _other_change(
        self,
        before: Reading,
        after: Reading,
        tree: Tree,
        source: str,
        formatted: str,
        file: str,
    ) -> str | None:
        """Say what would change though the values are the same."""
        if _findings(before) != _findings(after):
            return "other faults would be found in it"
        try:
            again = parse(formatted)
        except Unsafe as unsafe:
            return unsafe.reason
        if _meaning(tree) != _meaning(again):
            return "another YAML reader would see another value"
        if Counter(tree.comments) != Counter(again.comments):
            return "a comment would be lost"
        if self._silenced(source, file) != self._silenced(formatted, file):
            return "an ignore comment would silence something else"
        if write(again, self._orders) != formatted:
            return "it would not stay as it is formatted"
        return None

    def _silenced(self, text: str, file: str) -> Counter[tuple[str, frozenset[str]]]:
        """The ignore comments of a file, each with the nodes that begin in the line it is for."""
        from configsync.compiler.ignores import find_ignores, has_ignores

        if not has_ignores(text):
            return Counter()
        from configsync.checks.rules import all_rules

        ignores, _ = find_ignores(text, file, all_rules())
        lines: dict[int, set[str]] = {}
        for number, root in enumerate(self._read(text, file).roots):
            for line, path in _places(root, str(number)):
                lines.setdefault(line, set()).add(path)
        return Counter((i.code, frozenset(lines.get(i.line, ()))) for i in ignores)

    def _read(self, text: str, file: str) -> Reading:
        return read(text, file, aliases=self._aliases)


def _refused(where: Location, reason: str) -> Formatted:
    diagnostic = codes.UNSAFE_FORMAT.at(
        where,
        f"{where.file} can't be formatted safely: {reason}",
        help="It stays as it is. Write this place in a plainer way, and format it again.",
    )
    return Formatted(None, (diagnostic,))


def _changed_line(before: list[Any], after: list[Any]) -> int:
    """The line in which the first value stands that is another one afterwards."""
    pending: list[tuple[Any, Any, int]] = [(before, after, 1)]
    while pending:
        old, new, line = pending.pop()
        if isinstance(old, Map) and isinstance(new, Map) and old.keys() == new.keys():
            pending += [(old[key], new[key], old.marks[key][1]) for key in reversed(old)]
        elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            lines = [m[1] for m in old.marks] if isinstance(old, Seq) else [1] * len(old)
            pending += reversed(list(zip(old, new, lines, strict=True)))
        elif not equal(old, new):
            return line
    return 1


def _findings(reading: Reading) -> Counter[tuple[str, str, str]]:
    return Counter((d.code, d.path, d.summary) for d in reading.diagnostics)


def _meaning(tree: Tree) -> list[Any]:
    """What readers of YAML 1.1 and 1.2 see in a tree, whatever the order of keys."""
    return [_seen(document.root) for document in tree.documents]


def _seen(entry: Entry) -> Any:
    node = entry.value
    if isinstance(node, Scalar):
        return _types(node)
    if not node.mapping:
        return node.anchor, [_seen(item) for item in node.entries]
    pairs = [(_types(e.key), _seen(e)) for e in node.entries if e.key is not None]
    # Of equal keys, which only a broken file has, the order counts.
    return node.anchor, {}, sorted(pairs, key=lambda pair: pair[0])


def _types(scalar: Scalar) -> tuple[str, str, str, str]:
    """A scalar's text with its types in YAML 1.1 and 1.2, and its anchor."""
    if scalar.style:
        return scalar.value, _TEXT, scalar.style if scalar.style == "*" else "str", scalar.anchor
    try:
        modern = type(resolve(scalar.value)).__name__
    except (Inexact, NotFinite) as error:
        modern = type(error).__name__
    # Null has several spellings; that of a key is its name, which the reader compares.
    value = "" if modern == "NoneType" else scalar.value
    older = _YAML_1_1.resolve(yaml.ScalarNode, scalar.value, (True, False))
    return value, older, modern, scalar.anchor


_TEXT = "tag:yaml.org,2002:str"
_YAML_1_1: Any = yaml.resolver.Resolver()


def _places(node: Any, path: str) -> Iterator[tuple[int, str]]:
    """The lines of a node's keys and values, with the paths of these.

    A mapping has none of its own: it begins where its first key does, whichever
    that is.
    """
    if isinstance(node, Map):
        for key, value in node.items():
            yield node.key_marks[key][1], f"{path}.{key}:"
            if not isinstance(value, Map):
                yield node.marks[key][1], f"{path}.{key}"
            yield from _places(value, f"{path}.{key}")
    elif isinstance(node, Seq):
        for index, value in enumerate(node):
            if not isinstance(value, Map):
                yield node.marks[index][1], f"{path}[{index}]"
            yield from _places(value, f"{path}[{index}]")
