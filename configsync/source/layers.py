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
from configsync.core.document import Document, Map, Path, Seq, show_path

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
                circle = [d.name or "" for d in (*seen[seen.index(current) :], current)]
                return _bad_extends(
                    document,
                    f"extends turns in a circle: {' → '.join(circle)}",
                    tuple(
                        Related(f"{d.name} extends {d.get(_EXTENDS)}", d.locate(_EXTENDS))
                        for d in seen[seen.index(current) :]
                    ),
                )
            seen.append(current)
            patch = self.patches.get((current.kind, current.name or ""))
            upwards += [patch, current] if patch is not None else [current]
            base = current.get(_EXTENDS)
            if base is None:
                return upwards[::-1]
            found = self.documents.get((document.kind, base)) if isinstance(base, str) else None
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
    owner = next(d for d in reversed(stack) if d.get(("metadata", "name")) is not None)
    problems: list[Diagnostic] = []
    merged = _copy(stack[0].body)
    for layer in stack[1:]:
        metadata = merged.get("metadata")
        # A patch stands for the document itself: only a base's own words go.
        if isinstance(metadata, Map) and layer.name != metadata.get("name"):
            for key in OWN:
                metadata.pop(key, None)
        merged = _merge_maps(merged, layer.body, (), keys, problems)
    metadata = merged.get("metadata")
    if isinstance(metadata, Map):
        metadata.pop("extends", None)
    merged.mark = owner.body.mark
    return Document(top.kind, merged), problems


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


def _merge_maps(
    base: Map, over: Map, path: Path, keys: ListKeys, problems: list[Diagnostic]
) -> Map:
    """Lay a mapping over another one, which is a copy of our own."""
    base.mark = over.mark
    for name, value in over.items():
        here = (*path, name)
        if _is_unset(value):
            if name in base:
                del base[name]
            else:
                problems.append(_nothing_to_unset(value, here))
            continue
        old = base.get(name)
        if isinstance(old, Map) and isinstance(value, Map) and not _is_reference(value):
            value = value if _is_reference(old) else _merge_maps(old, value, here, keys, problems)
        elif isinstance(old, Seq) and isinstance(value, Seq) and here in keys:
            value = _merge_lists(old, value, here, keys, problems)
        else:
            value = _copy(value)
        base.put(name, value, over.key_marks[name], over.marks[name])
    return base


def _merge_lists(
    base: Seq, over: Seq, path: tuple[Any, ...], keys: ListKeys, problems: list[Diagnostic]
) -> Seq:
    """Lay a list over another one by the key of its items; new items come last."""
    key = keys[path]
    places = {item.get(key): i for i, item in enumerate(base) if isinstance(item, Map)}
    removed: set[int] = set()
    merged = Seq(over.mark)
    for item, mark in zip(base, base.marks, strict=True):
        merged.put(item, mark)
    for index, (item, mark) in enumerate(zip(over, over.marks, strict=True)):
        name = item.get(key) if isinstance(item, Map) else None
        place = places.get(name) if isinstance(name, str) else None
        if isinstance(item, Map) and item.get(UNSET) is True:
            if place is None:
                problems.append(_nothing_to_unset(item, (*path, index)))
            else:
                removed.add(place)
        elif place is not None and isinstance(merged[place], Map):
            merged[place] = _merge_maps(merged[place], item, (*path, index), keys, problems)
            merged.marks[place] = mark
        else:
            merged.put(_copy(item), mark)
    kept = Seq(over.mark)
    for index, (item, mark) in enumerate(zip(merged, merged.marks, strict=True)):
        if index not in removed:
            kept.put(item, mark)
    return kept


def unset_left(document: Document) -> list[Diagnostic]:
    """Where a document removes something though it lies over nothing."""
    problems: list[Diagnostic] = []
    pending: list[tuple[Any, Path]] = [(document.body, ())]
    while pending:
        node, path = pending.pop()
        if isinstance(node, Map):
            if UNSET in node:
                problems.append(_nothing_to_unset(node, path))
            else:
                pending += [(v, (*path, k)) for k, v in node.items()]
        elif isinstance(node, Seq):
            pending += [(v, (*path, i)) for i, v in enumerate(node)]
    return problems


def _is_unset(value: Any) -> bool:
    return isinstance(value, Map) and len(value) == 1 and value.get(UNSET) is True


def _is_reference(node: Map) -> bool:
    return len(node) == 1 and next(iter(node)) in ("$file", "$var")


def _nothing_to_unset(node: Map, path: Path) -> Diagnostic:
    return codes.BAD_LAYER.at(
        Location(*node.marks[UNSET]),
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
        items = Seq(value.mark)
        for item, mark in zip(value, value.marks, strict=True):
            items.put(_copy(item), mark)
        return items
    return value
