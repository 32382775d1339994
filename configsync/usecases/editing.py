"""One edit of a project's files: the documents as they are, and the draft of what they become.

What the use cases that edit share: finding documents, their layers and where
values stand in them, and judging a draft before it is written.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain, count
from pathlib import Path as FilePath

from configsync.core import address as addresses
from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Severity
from configsync.core.document import Document, Map, Path, reference_of, show_path
from configsync.core.errors import UsageError
from configsync.core.kind import API_VERSION, Compiled, Kind
from configsync.core.values import Json
from configsync.edit.draft import Draft, FileChange
from configsync.edit.emit import emit, file_stems
from configsync.edit.format_order import KeyOrders
from configsync.edit.references import file_of, files_referred_to
from configsync.edit.splice import CannotEdit, remove_value, set_value
from configsync.kinds import all_kinds
from configsync.source.files import SUFFIXES
from configsync.source.layers import Layers, is_abstract, merge
from configsync.source.load import load
from configsync.source.project import Project, Target
from configsync.source.reader import read
from configsync.source.references import References
from configsync.usecases.rows import rows_of
from configsync.usecases.validate import Validation, validate

_NAME: Path = ("metadata", "name")
_EXTENDS: Path = ("metadata", "extends")


@dataclass(frozen=True, slots=True)
class EditReport:
    """The changes of an edit; with ``diagnostics``, errors that it would bring, none was made."""

    changes: list[FileChange]
    diagnostics: list[Diagnostic]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Defined:
    """Where a value stands, or would: the file, which of its documents, the path in it."""

    file: str
    index: int
    path: Path


def where_defined(document: Document, path: Path, draft: Draft) -> Defined:
    """Find where the value at ``path`` of a document, one layer by itself, stands in its file."""
    roots = read(draft.original(document.file), document.file, aliases=True).roots
    marks = [root.mark if isinstance(root, Map) else None for root in roots]
    return Defined(document.file, marks.index(document.body.mark), path)


class Editing:
    """One edit: the documents as they are, and the draft of what they become."""

    def __init__(self, project: Project, dry_run: bool) -> None:
        self.project = project
        self.dry_run = dry_run
        self.draft = Draft(project)
        self.kinds = all_kinds()
        self.orders = KeyOrders(self.kinds)
        self.notes: list[str] = []
        self._by_overlay: dict[str | None, Layers] = {}
        overlays = tuple(t.overlay for t in project.targets.values() if t.overlay is not None)
        aliases = project.allow_aliases
        source = load(project.root, project.paths, self.kinds, overlays, aliases=aliases)
        self.documents, self.faults = source.documents, source.diagnostics
        self.patches = load(project.root, overlays, self.kinds, aliases=aliases).documents

    def kind(self, document: Document) -> Kind:
        return self.kinds[document.kind]

    def find(self, address: str, targets: Sequence[Target]) -> Document:
        """The one document of an address. Raises UsageError.

        That is ``domain/NAME``. A document whose name is in no address has that
        of each resource that it defines for one of the targets.
        """
        domain, *keys = addresses.split(address)
        address = addresses.join(domain, *keys)
        kind = next((k for k in self.kinds.values() if domain in _roots(k)), None)
        if kind is None or not keys or not all(keys):
            known = ", ".join(form for k in self.kinds.values() for form in _forms(k))
            raise UsageError(f"{address} is not the address of a document: {known}.")
        if kind.named and len(keys) > 1:
            outer = addresses.join(domain, keys[0])
            raise UsageError(f"{address} is not the address of a document. Did you mean {outer}?")
        known_at: dict[str, list[Document]] = {}
        for document in self.documents:
            if document.kind == kind.name and document.name is not None:
                for at in self._addresses(document, domain, targets):
                    known_at.setdefault(at, []).append(document)
        found = known_at.get(address, [])
        if len(found) == 1:
            return found[0]
        if found:
            places = " and at ".join(str(d.locate(_NAME)) for d in found)
            raise UsageError(f"{address} is defined twice, at {places}. Remove one of them.")
        # Without the domain, which all of them have.
        names = {at.partition("/")[2]: at for at in known_at}
        near = get_close_matches(addresses.join(*keys), names, 1)
        hint = f" Did you mean {names[near[0]]}?" if near else ""
        if self.faults:
            hint += " Not every file could be read: see configsync validate."
        raise UsageError(f"There is no {address} in {', '.join(self.project.paths)}.{hint}")

    def _addresses(
        self, document: Document, domain: str, targets: Sequence[Target]
    ) -> Iterable[str]:
        if self.kind(document).named:
            return [addresses.join(domain, document.name or "")]
        if is_abstract(document):
            return []
        return {at for target in targets for at in self.rows(document, target)}

    def rows(self, document: Document, target: Target) -> dict[str, Compiled]:
        """The rows of a document for a target, by address; none of one that can't be compiled."""
        stack = self._layers(target.overlay).stack(document)
        if isinstance(stack, Diagnostic):
            return {}
        kind = self.kind(document)
        merged = merge(stack, kind.list_keys)[0]
        References(self.project.root, target.vars, self.project.environment).resolve(merged.body)
        try:
            return rows_of(kind, merged)
        except (KeyError, TypeError, AttributeError):
            # It misses its schema, which validate reports.
            return {}

    def called(self, document: Document) -> str:
        """What to call a document in a note: its address, or its kind and name if it has none."""
        kind, name = self.kind(document), document.name or ""
        return addresses.join(kind.types[0].domain, name) if kind.named else f"{kind.name} {name}"

    def layers(self, document: Document, targets: Sequence[Target]) -> list[Document]:
        """The layers of a document, the one that wins first.

        The overlay's is among them where one target is meant. Raises UsageError
        where a base is missing or they turn in a circle.
        """
        stack = self._layers(targets[0].overlay if len(targets) == 1 else None).stack(document)
        if isinstance(stack, Diagnostic):
            raise UsageError(f"{stack.location}: {stack.summary}.")
        return stack[::-1]

    def _layers(self, overlay: str | None) -> Layers:
        """The documents by name, with the patches of an overlay."""
        found = self._by_overlay.get(overlay)
        if found is None:
            found = self._by_overlay[overlay] = Layers()
            found.add(self.documents)
            if overlay is not None:
                folder = os.path.normpath(overlay) + "/"
                found.add_patches(p for p in self.patches if p.file.startswith(folder))
        return found

    def is_overlay(self, layer: Document, target: Target) -> bool:
        """Tell whether a layer is one of a target's overlay."""
        overlay = target.overlay
        return overlay is not None and layer.file.startswith(os.path.normpath(overlay) + "/")

    def patch(self, document: Document, target: Target) -> Document:
        """What a target's overlay says of a document: its patch there, drafted if there is none."""
        assert target.overlay is not None
        for layer in self.patches:
            same = layer.kind == document.kind and layer.name == document.name
            if same and self.is_overlay(layer, target):
                return layer
        folder = os.path.normpath(target.overlay).replace(os.sep, "/")
        name = document.name or ""
        stem = f"{folder}/{file_stems({name: name})[name]}"
        files = chain([f"{stem}.yaml"], (f"{stem}-{n}.yaml" for n in count(2)))
        file = next(f for f in files if self.draft.is_free(f))
        head = {"apiVersion": API_VERSION, "kind": document.kind, "metadata": {"name": name}}
        self.draft.create(file, emit(head))
        root = read(self.draft.text(file), file).roots[0]
        assert isinstance(root, Map)
        added = Document(document.kind, root)
        self.patches.append(added)
        self._by_overlay.clear()
        return added

    def note_others(self, changed: Document, meant: Document) -> None:
        """Say whom else a change of a base reaches."""
        if changed.name == meant.name:
            return
        users = [
            self.called(d)
            for d in self.documents
            if d.get(_EXTENDS) == changed.name and d.name != meant.name
        ]
        if users:
            note = f"{changed.file} is also a base of {', '.join(users)}."
            self.notes += [note] if note not in self.notes else []

    def refuse_name(self, kind: str, name: str) -> None:
        """Raise UsageError if a document of the kind has the name."""
        for document in self.documents:
            if document.kind == kind and document.name == name:
                raise UsageError(f"There is a {kind} {name} already, in {document.file}.")

    def new_file(self, document: Document, name: str, wanted: str | None) -> str:
        """The file for a copy of a document. Raises UsageError if no scan would find it."""
        folder = os.path.dirname(document.file)
        file = os.path.normpath(
            wanted or os.path.join(folder, file_stems({name: name})[name] + ".yaml")
        )
        file = file.replace(os.sep, "/")
        folders = [p for p in self.project.paths if not p.endswith(SUFFIXES)]
        inside = any(
            os.path.normpath(p) in (".", *map(str, FilePath(file).parents)) for p in folders
        )
        if not inside or not file.endswith(SUFFIXES) or file.startswith(("/", "../")):
            raise UsageError(
                f"{file} would not be read: name a .yaml file below one of the project's paths, "
                f"{', '.join(self.project.paths)}."
            )
        return file

    def again(self, document: Document) -> Document:
        """A document as it is in the draft."""
        if document.file not in self.draft.after:
            return document
        place = where_defined(document, (), self.draft)
        root = read(self.draft.text(place.file), place.file, aliases=True).roots[place.index]
        assert isinstance(root, Map)
        # The mark of before the edit tells which document of the file it is.
        root.mark = document.body.mark
        return Document(document.kind, root)

    def outcome(self, document: Document) -> Document:
        """A document of the draft as it is to be, other documents of its file gone."""
        place = where_defined(document, (), self.draft)
        text = self.draft.outcome(place.file)
        gone = self.draft.dropped.get(place.file, ())
        index = place.index - sum(number < place.index for number in gone)
        root = read(text or "", place.file, aliases=True).roots[index]
        assert isinstance(root, Map)
        return Document(document.kind, root)

    def assign(self, document: Document, path: Path, value: Json) -> None:
        """Set a field, or remove it if the value is None; a text in a file is set there."""
        if path == _NAME:
            raise UsageError("A name is changed with: configsync rename.")
        old = reference_of(document.get(path))
        if old is None or value is None or reference_of(value) is not None:
            if value is None:
                self.remove(document, path)
            else:
                self.put(document, path, value)
        elif old[0] == "$var":
            raise UsageError(
                f"{show_path(path)} is the variable {old[1]} of the target. Set it under "
                f"targets.NAME.vars in {_settings_file(self.project)}, or write "
                f"{path[-1]}=null first."
            )
        else:
            self.put_text(document, path, old[1], value)

    def put(self, document: Document, path: Path, value: Json) -> None:
        """Set a value where it is defined; a new key stands among the others as `fmt` has them."""
        at = self.orders.of(document.kind).place_of(self.again(document).body, path)
        self._edit(document, path, lambda text, d: set_value(text, d.index, d.path, value, at=at))

    def drop(self, document: Document) -> None:
        """Take a whole document away, with its comments."""
        self.draft.drop(document.file, where_defined(document, (), self.draft).index)

    def remove(self, document: Document, path: Path) -> None:
        """Remove a value where it is defined. Raises UsageError if it isn't set."""
        outer = document.get(path[:-1])
        if outer is None or (isinstance(outer, dict) and path[-1] not in outer):
            raise UsageError(f"{show_path(path)} is not set in {document.file}.")
        self._edit(document, path, lambda text, d: remove_value(text, d.index, d.path))

    def _edit(self, document: Document, path: Path, change: Callable[[str, Defined], str]) -> None:
        place = where_defined(document, path, self.draft)
        with saying(place.file):
            self.draft.put(place.file, change(self.draft.text(place.file), place))

    def put_text(self, document: Document, path: Path, reference: str, value: Json) -> None:
        """Write the text of a file that a value refers to; say whose text else it is."""
        if not isinstance(value, str):
            raise UsageError(f"{show_path(path)} is the text of {reference}, and takes only text.")
        file = self.text_file(document, path, reference)
        self.draft.put(file, value)
        users = [
            self.called(other)
            for other in (*self.documents, *self.patches)
            if other.body.mark != document.body.mark
            and file in files_referred_to(other.body, other.file)
        ]
        if users:
            self.notes.append(f"{file} is also a text of {', '.join(users)}.")

    def text_file(self, document: Document, path: Path, reference: str) -> str:
        """The file that a value refers to. Raises UsageError if it can't be written."""
        file = file_of(document.file, reference)
        if file is None or self._behind_link(file) or ".git" in file.split("/"):
            raise UsageError(f"{reference}, which {show_path(path)} refers to, can't be written.")
        return file

    def _behind_link(self, file: str) -> bool:
        steps = FilePath(file)
        return any((self.project.root / p).is_symlink() for p in (steps, *steps.parents))

    def finish(self, targets: Sequence[Target]) -> EditReport:
        """Validate the project as it would be, and write the draft if nothing stands against it."""
        changes = self.draft.changes()
        problems = self.new_errors(targets) if changes else []
        if changes and not problems and not self.dry_run:
            self.draft.write()
        return EditReport(changes, problems, self.notes)

    def validate(self, target: Target) -> Validation:
        """What the project is with the draft; the desired state as far as documents compile."""
        with self.draft.as_it_would_be((*self.documents, *self.patches)) as shadow:
            return validate(shadow, target)

    def new_errors(self, targets: Sequence[Target]) -> list[Diagnostic]:
        """The errors that the draft brings, for any of the targets."""
        new: dict[Diagnostic, None] = {}
        with self.draft.as_it_would_be((*self.documents, *self.patches)) as shadow:
            for target in targets:
                after = _errors(shadow, target, cached=True)
                known = _errors(self.project, target, cached=False) if after else []
                before = Counter(map(_identity, known))
                for error in after:
                    before[_identity(error)] -= 1
                    if before[_identity(error)] < 0:
                        new[error] = None
        return list(new)


def _roots(kind: Kind) -> list[str]:
    """The domains of a kind that addresses begin with."""
    return [type_.domain for type_ in kind.types if type_.parent is None]


def _forms(kind: Kind) -> Iterator[str]:
    """What the addresses of a kind's documents look like."""
    for type_ in kind.types:
        if kind.named and type_ is kind.types[0]:
            yield f"{type_.domain}/NAME"
        elif not kind.named and type_.parent is None:
            yield "/".join([type_.domain, *(name.upper() for name in type_.key)])


@contextmanager
def saying(file: str) -> Iterator[None]:
    """Say in which file it is that an edit is refused."""
    try:
        yield
    except CannotEdit as error:
        raise CannotEdit(f"{file}: {error}") from error


def _errors(project: Project, target: Target, *, cached: bool) -> list[Diagnostic]:
    found = validate(project, target, resources=False, cached=cached).diagnostics
    return [d for d in found if d.severity is Severity.ERROR]


def _identity(error: Diagnostic) -> tuple[str, str, str, str]:
    """What an error is before and after an edit, though its line may be another."""
    # Why a file can't be read may be said otherwise where only readable ones are.
    summary = "" if error.code == codes.BAD_FILE_REFERENCE.code else error.summary
    return (error.code, error.location.file if error.location else "", error.path, summary)


def _settings_file(project: Project) -> str:
    return "configsync.toml" if (project.root / "configsync.toml").is_file() else "pyproject.toml"
