"""Sites: where the source sets the value of a column, and who else takes it from there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from configsync.core import address as addresses
from configsync.core.document import Document, Mark, Path, reference_of
from configsync.core.errors import UsageError
from configsync.core.kind import Compiled, Kind
from configsync.core.values import Json
from configsync.edit.references import file_of, files_referred_to
from configsync.source.layers import OWN, UNSET, find_in, is_abstract, merge
from configsync.source.project import Target
from configsync.source.references import Followed, References
from configsync.usecases.editing import Editing
from configsync.usecases.rows import rows_of

REMOVED: dict[str, Json] = {UNSET: True}
"""What a layer says of what it takes away."""


@dataclass(frozen=True, slots=True)
class Site:
    """A value in a layer, which is one document by itself."""

    layer: Document
    path: Path

    def same(self, other: Site) -> bool:
        """Tell whether both are one place in one file."""
        return self.path == other.path and self.layer.body.mark == other.layer.body.mark

    @property
    def reference(self) -> tuple[str, str] | None:
        """What stands there, if it is a reference: ``("$file", "a.md")``."""
        return reference_of(self.layer.get(self.path))

    @property
    def table(self) -> str | None:
        """What stands there names, if it is a reference to a table."""
        reference = self.reference
        return reference[1] if reference is not None and reference[0] == "$csv" else None

    @property
    def text(self) -> str | None:
        """The file whose text the value is, if it is one of the project."""
        reference = self.reference
        if reference is None or reference[0] != "$file":
            return None
        return file_of(self.layer.file, reference[1])


@dataclass(slots=True)
class Layered:
    """A document with its layers, the one that wins first, and the rows that they compile to.

    In ``merged`` references aren't followed, but for tables that merge by key. A document
    that can't be compiled has no rows.
    """

    document: Document
    stack: list[Document]
    kind: Kind
    merged: Document
    rows: dict[str, Compiled] = field(default_factory=dict)

    def path(self, at: str, column: str) -> Path:
        """Where the value of a column of the resource at an address stands."""
        row = self.rows[at]
        return row.paths.get(column, (*row.path, column))

    def key(self, at: str) -> dict[str, str]:
        """The keys of the document and their texts by which the item of a row is told."""
        row = self.rows[at]
        return {str(self.path(at, name)[-1]): str(row.values[name]) for name in row.type.key}

    def sites(self, path: Path) -> list[Site]:
        """The layers that say something about a path, the one that wins first."""
        found = []
        for layer in self.stack:
            if path[0] == "metadata" and path[1] in OWN and not self.owns(layer):
                continue
            place = find_in(layer, path, self.merged, self.kind.list_keys)
            if place is not None:
                found.append(Site(layer, place))
        return found

    def owns(self, layer: Document) -> bool:
        """Tell whether a layer is the document or its patch, and no base."""
        return layer.name == self.document.name

    def is_itself(self, layer: Document) -> bool:
        """Tell whether a layer is the document, and neither its patch nor a base."""
        return layer.body.mark == self.document.body.mark

    def way_into(self, layer: Document, path: Path, value: Json) -> tuple[Path, Json]:
        """Where a path of the merged document leads in a layer, and what to put there.

        A list's item that the layer doesn't have begins behind its others, with its key.
        """
        node: Any = layer.body
        where: list[str | int] = []
        for depth, step in enumerate(path):
            rest = path[depth + 1 :]
            key = self.kind.list_keys.get(tuple(str(s) for s in path[:depth]))
            if key is not None:
                item: Any = (
                    self.merged.get(path[: depth + 1]) if rest or value == REMOVED else value
                )
                named = [_get(entry, (key,)) for entry in node] if isinstance(node, list) else []
                known = item[key] in named
                step = named.index(item[key]) if known else len(named)
                if not known or not rest:
                    entry: Json = {key: item[key], **_nested(rest, value)}
                    return ((*where, step), entry) if named else (tuple(where), [entry])
            where.append(step)
            node = layer.get(tuple(where))
        return tuple(where), value

    def winners(self) -> Iterator[tuple[str, str, Site]]:
        """Each address and column that a layer sets, with the site that wins."""
        for at, row in self.rows.items():
            for column in row.type.names:
                found = self.sites(self.path(at, column))
                if found:
                    yield at, column, found[0]


class Sites:
    """The sites of all documents, as a draft has them, for one target."""

    def __init__(self, edit: Editing, target: Target) -> None:
        self.edit = edit
        self.target = target
        self.references = References(edit.project.root, target.vars, edit.project.environment)
        self.references.files.update(edit.draft.after)
        self._known: dict[Mark, Layered] = {}
        self._roots: dict[str, Document] = {}
        self._by_layer: dict[Mark, list[Document]] = {}
        self._by_text: dict[str, list[Document]] | None = None
        for document in edit.documents:
            if is_abstract(document) or document.name is None:
                continue
            for root in self._roots_of(document):
                self._roots[root] = document
            for layer in edit.layers(document, [target]):
                self._by_layer.setdefault(layer.body.mark, []).append(document)

    def _roots_of(self, document: Document) -> Iterable[str]:
        """The roots that a document defines; where it has one by its own name, unread."""
        kind = self.edit.kind(document)
        root = kind.types[0]
        if kind.named and len(root.key) == 1:
            return [addresses.join(root.domain, document.name or "")]
        rows = self.of_document(document).rows
        return [at for at, row in rows.items() if row.parent is None]

    def of(self, root: str) -> Layered:
        """The document of a root's address. Raises UsageError if the source has none."""
        document = self.document(root)
        if document is None:
            raise UsageError(f"The source defines nothing at {root}.")
        return self.of_document(document)

    def document(self, root: str) -> Document | None:
        """The document of a root's address by itself, if there is one."""
        return self._roots.get(root)

    def holding(self, place: str) -> Layered | None:
        """The first document with a root that lies within an address, if there is one."""
        for root, document in self._roots.items():
            if addresses.within(root, place):
                return self.of_document(document)
        return None

    def of_document(self, document: Document) -> Layered:
        """A document of the source, which is no base alone."""
        mark = document.body.mark
        if mark not in self._known:
            self._known[mark] = self._layered(document)
        return self._known[mark]

    def taking(self, site: Site) -> Iterator[tuple[str, str]]:
        """The addresses and columns whose value is the one at a site."""
        for document in self._by_layer[site.layer.body.mark]:
            for at, column, winner in self.of_document(document).winners():
                if winner.same(site):
                    yield at, column

    def reading(self, text: str) -> Iterator[tuple[str, str]]:
        """The addresses and columns whose value is the text of a file."""
        if self._by_text is None:
            self._by_text = {}
            documents = {d.body.mark: d for d in self._roots.values()}
            for mark, document in documents.items():
                for layer in self.edit.layers(document, [self.target]):
                    for file in files_referred_to(layer.body, layer.file):
                        self._by_text.setdefault(file, []).append(documents[mark])
        for document in {d.body.mark: d for d in self._by_text.get(text, ())}.values():
            for at, column, winner in self.of_document(document).winners():
                if winner.text == text:
                    yield at, column

    def _layered(self, document: Document) -> Layered:
        stack = [self.edit.again(d) for d in self.edit.layers(document, [self.target])]
        kind = self.edit.kind(document)
        tables = [self.references.with_tables(d, kind.list_keys, Followed()) for d in stack]
        found = Layered(document, stack, kind, merge(tables[::-1], kind.list_keys)[0])
        # Rows have the values, so that an address is right whose key is a variable.
        followed = merge(tables[::-1], kind.list_keys)[0]
        self.references.resolve(followed.body)
        try:
            found.rows |= rows_of(kind, followed)
        except (KeyError, TypeError, AttributeError):
            # It misses its schema, which is reported where the draft is judged.
            found.rows.clear()
        return found


def _get(node: Any, path: Path) -> Any:
    for step in path:
        node = node.get(step) if isinstance(node, dict) else None
    return node


def _nested(path: Path, value: Json) -> dict[str, Json]:
    """The keys of an item that lead to a value; the value itself if it is the item."""
    for step in reversed(path):
        value = {str(step): value}
    assert isinstance(value, dict)
    return value
