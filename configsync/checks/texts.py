"""Every text of a document, for rules that look into all of them."""

from __future__ import annotations

from collections.abc import Iterator

from configsync.core.document import Map, Path, Seq


def every_text(body: Map) -> Iterator[tuple[Path, str, bool]]:
    """Every text of a document with its path, and whether it is a key (of 20 letters or more)."""
    nodes: list[tuple[Map | Seq, Path]] = [(body, ())]
    while nodes:
        node, path = nodes.pop()
        pairs = node.items() if isinstance(node, Map) else enumerate(node)
        for step, value in pairs:
            if value.__class__ is str:
                yield (*path, step), value, False
            elif isinstance(value, Map | Seq):
                nodes.append((value, (*path, step)))
            if step.__class__ is str and len(step) >= 20:
                yield (*path, step), step, True
