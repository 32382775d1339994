"""Layers: documents laid over others by ``metadata.extends`` and by a target's overlay.

Mappings merge by key, lists that have a key (`Kind.list_keys`) by that key, all
else is replaced; ``$unset: true`` removes. Every value keeps the mark of the
layer that set it, so a diagnostic or an edit finds the file where it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeAlias

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location, Related
from configsync.core.document import Document, Map, Path, Seq, reference_of, show_path

ListKeys: TypeAlias = Mapping[tuple[str, ...], str]
"""Which key names the items of a list, by the list's path within a document."""

OWN = ("name", "extends", "abstract", "renamed_from", "prevent_destroy", "description")
"""What a document's metadata says of this document alone: no layer above inherits it."""

UNSET = "$unset"


@dataclass(slots=True)
class Layers:
    """The documents of a source by kind and name, with the overlay's patches."""

    documents: dict[tuple[str, str], Document] = field(default_factory=dict)
    patches: dict[tuple[str, str], Document] = field(default_factory=dict)

    def add(self, documents: Iterable[Document]) -> None:
        """Take documents in; of two with one name the first counts."""
        for document in documents:
            if document.name is not None:
                self.documents.setdefault((document.kind, document.name), document)

    def add_patches(self, patches: Iterable[Document]) -> list[Diagnostic]:
        """Take an overlay's documents in; returns which of them can't be used."""
        problems = []
        for patch in patches:
            key = (patch.kind, patch.name or "")
            problems += [
                codes.BAD_LAYER.at(
                    patch.locate(("metadata", word), key=True),
                    f"a patch can't say {word}",
                    "An overlay patches a document of the source, which says that itself.",
                    path=f"metadata.{word}",
                    help="Remove it, or write it in the document.",
                )
                for word in ("extends", "abstract")
                if patch.get(("metadata", word)) is not None
            ]
            if key in self.patches:
                first = Related("it is patched here first", self.patches[key].locate())
                problems.append(
                    codes.DEFINED_TWICE.at(
                        patch.locate(("metadata", "name")),
                        f"{patch.kind} {patch.name} is patched twice in one overlay",
                        path="metadata.name",
                        related=(first,),
                    )
                )
            else:
                self.patches[key] = patch
        return problems

    def stray_patches(self) -> list[Diagnostic]:
        """Patches of documents that the source doesn't have."""
        return [
            codes.BAD_LAYER.at(
                patch.locate(("metadata", "name")),
                f"the overlay patches {kind} {name}, which the source doesn't have",
                path="metadata.name",
                help=self._near(kind, name),
            )
            for (kind, name), patch in self.patches.items()
            if (kind, name) not in self.documents
        ]

    def is_layered(self, document: Document) -> bool:
        """Tell whether other documents say something about this one."""
        patched = (document.kind, document.name or "") in self.patches
        return patched or document.get(("metadata", "extends")) is not None

    def stack(self, document: Document) -> list[Document] | Diagnostic:
        """The layers of a document, the base first; a diagnostic if one is missing or they turn
        in a circle."""
        upwards: list[Document] = []
        seen: list[Document] = []
        current = document
        while True:
            if current in seen:
                return _circle(seen[seen.index(current) :])
            seen.append(current)
            patch = self.patches.get((current.kind, current.name or ""))
            upwards += [patch, current] if patch is not None else [current]
            base = current.get(_EXTENDS)
            if base is None:
                return upwards[::-1]
            if not isinstance(base, str):
                return _bad_extends(
                    current, f"extends must be the name of one {document.kind}, as text"
                )
            found = self.documents.get((document.kind, base))
            if found is None:
                return _bad_extends(
                    current,
                    f"{current.name} extends {base}, which is no {document.kind} of this source",
                    help=self._near(document.kind, base),
                )
            current = found

    def _near(self, kind: str, name: Any) -> str:
        names = [n for k, n in self.documents if k == kind]
        near = get_close_matches(name, names, 1) if isinstance(name, str) else []
        return f"Did you mean {near[0]}?" if near else ""


_EXTENDS = ("metadata", "extends")


def is_abstract(document: Document) -> bool:
    """Tell whether a document is only a base for others."""
    return document.get(("metadata", "abstract")) is True


def merge(stack: list[Document], keys: ListKeys) -> tuple[Document, list[Diagnostic]]:
    """Merge layers, the base first, into the document that they make together."""
    top = stack[-1]
    problems: list[Diagnostic] = []
    merged = _copy(stack[0].body)
    for layer in stack[1:]:
        metadata = merged.get("metadata")
        # A patch stands for the document itself: only a base's own words go.
        patch = isinstance(metadata, Map) and layer.name == metadata.get("name")
        if isinstance(metadata, Map) and not patch:
            for key in OWN:
                metadata.pop(key, None)
        merged = _Merge(keys, patch, problems).maps(merged, layer.body, ())
    metadata = merged.get("metadata")
    if isinstance(metadata, Map):
        metadata.pop("extends", None)
    return Document(top.kind, merged), problems


def _circle(members: list[Document]) -> Diagnostic:
    """One diagnostic for a circle, the same from whichever member it is found."""
    first = min(range(len(members)), key=lambda i: members[i].name or "")
    turned = [*members[first:], *members[:first]]
    names = [d.name or "" for d in (*turned, turned[0])]
    return _bad_extends(
        turned[0],
        f"extends turns in a circle: {' → '.join(names)}",
        tuple(Related(f"{d.name} extends {d.get(_EXTENDS)}", d.locate(_EXTENDS)) for d in turned),
    )


def _bad_extends(
    document: Document, summary: str, related: tuple[Related, ...] = (), help: str = ""
) -> Diagnostic:
    return codes.BAD_LAYER.at(
        document.locate(_EXTENDS),
        summary,
        path=show_path(_EXTENDS),
        help=help,
        related=related,
    )


@dataclass(slots=True)
class _Merge:
    """Lays one layer over others.

    ``patch`` tells that the layer is an overlay's: then what it only adds to
    keeps its own place, since that is where a reader looks for it.
    """

    keys: ListKeys
    patch: bool
    problems: list[Diagnostic]

    def maps(self, base: Map, over: Map, path: Path) -> Map:
        """Lay a mapping over another one, which is a copy of our own."""
        if not self.patch:
            base.mark = over.mark
        for name, value in over.items():
            here = (*path, name)
            if _is_unset(value):
                if name in base:
                    del base[name]
                else:
                    self.problems.append(_nothing_to_unset(value, here))
                continue
            old, marks = base.get(name), (over.key_marks[name], over.marks[name])
            if isinstance(old, Map) and isinstance(value, Map) and not _replaces(old, value):
                value = self.maps(old, value, here)
                marks = (base.key_marks[name], base.marks[name]) if self.patch else marks
            elif isinstance(old, Seq) and isinstance(value, Seq) and here in self.keys:
                value = self.lists(old, value, here)
                marks = (base.key_marks[name], base.marks[name]) if self.patch else marks
            else:
                value = _copy(value)
            base.put(name, value, *marks)
        return base

    def lists(self, base: Seq, over: Seq, path: tuple[Any, ...]) -> Seq:
        """Lay a list over another one by the key of its items; new items come last."""
        key = self.keys[path]
        named = ((item.get(key), i) for i, item in enumerate(base) if isinstance(item, Map))
        places = {name: i for name, i in named if isinstance(name, str)}
        removed: set[int] = set()
        for index, (item, mark) in enumerate(zip(over, over.marks, strict=True)):
            name = item.get(key) if isinstance(item, Map) else None
            place = places.get(name) if isinstance(name, str) else None
            if isinstance(item, Map) and item.get(UNSET) is True:
                if place is None:
                    self.problems.append(_nothing_to_unset(item, (*path, index)))
                else:
                    removed.add(place)
            elif place is not None:
                base[place] = self.maps(base[place], item, (*path, index))
                base.marks[place] = base.marks[place] if self.patch else mark
            else:
                base.put(_copy(item), mark)
        merged = Seq(base.mark if self.patch else over.mark)
        for index, (item, mark) in enumerate(zip(base, base.marks, strict=True)):
            if index not in removed:
                merged.put(item, mark)
        return merged


def find_in(layer: Document, path: Path, merged: Document, keys: ListKeys) -> Path | None:
    """The path in a layer of what stands at ``path`` of the merged document.

    None where the layer says nothing about it. A reference on the way is all
    that a layer says: then the path leads to that. Of a list without a key, the
    layer has an item if it has an equal one.
    """
    node: Any = layer.body
    found: list[str | int] = []
    for depth, step in enumerate(path):
        if isinstance(node, Seq):
            key = keys.get(tuple(str(s) for s in path[:depth]))
            item = merged.get(path[: depth + 1])
            index = _equal(node, step, item) if key is None else _item(node, key, item)
            if index is None:
                return None
            found.append(index)
        elif reference_of(node) is not None:
            return tuple(found)
        elif isinstance(node, Map) and step in node:
            found.append(step)
        else:
            return None
        node = node[found[-1]]
    return tuple(found)


def _item(items: Seq, key: str, wanted: Any) -> int | None:
    """The index of the item that has the same key as ``wanted``."""
    name = wanted.get(key) if isinstance(wanted, Map) else None
    named = (i for i, item in enumerate(items) if isinstance(item, Map) and item.get(key) == name)
    return next(named, None)


def _equal(items: Seq, step: str | int, wanted: Any) -> int | None:
    """The index of the item that is equal to ``wanted``, the one at ``step`` if that is."""
    if isinstance(step, int) and step < len(items) and items[step] == wanted:
        return step
    return items.index(wanted) if wanted in items else None


def unset_left(document: Document) -> list[Diagnostic]:
    """Where a document removes something though it lies over nothing."""
    problems: list[Diagnostic] = []
    pending: list[tuple[Any, Path]] = [(document.body, ())]
    while pending:
        node, path = pending.pop()
        if isinstance(node, Map):
            if node.get(UNSET) is True:
                problems.append(_nothing_to_unset(node, path))
            else:
                pending += [(v, (*path, k)) for k, v in node.items()]
        elif isinstance(node, Seq):
            pending += [(v, (*path, i)) for i, v in enumerate(node)]
    return problems


def _is_unset(value: Any) -> bool:
    return isinstance(value, Map) and len(value) == 1 and value.get(UNSET) is True


def _replaces(old: Map, new: Map) -> bool:
    """A reference is one value: nothing merges into it."""
    return reference_of(old) is not None or reference_of(new) is not None


def _nothing_to_unset(node: Map, path: Path) -> Diagnostic:
    return codes.BAD_LAYER.at(
        Location(*node.key_marks[UNSET]),
        f"{show_path(path)} is removed, but no layer below has it",
        "$unset: true takes away what a base or the document below an overlay has set.",
        path=show_path(path),
        help="Remove it, or correct its name.",
    )


def _copy(value: Any) -> Any:
    """A copy of a node's collections: merging must not alter a base that others share."""
    if isinstance(value, Map):
        node = Map(value.mark)
        for key, item in value.items():
            node.put(key, _copy(item), value.key_marks[key], value.marks[key])
        return node
    if isinstance(value, Seq):
        items = Seq(value.mark, value.columns)
        for item, mark in zip(value, value.marks, strict=True):
            items.put(_copy(item), mark)
        return items
    return value
