"""Edit: change documents where their values are defined, and nothing else of their files.

An edit is drafted in memory, the project is validated as it would be, and only
then are the files written: all of them, or none.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path as FilePath

from configsync.core import address as addresses
from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Severity
from configsync.core.document import Document, Map, Path, show_path
from configsync.core.errors import UsageError
from configsync.core.kind import Kind
from configsync.core.values import Json
from configsync.edit.draft import Draft, FileChange
from configsync.edit.emit import file_stems
from configsync.edit.fields import (
    Assignment,
    Steps,
    locate_field,
    parse_field,
    read_value,
)
from configsync.edit.references import (
    file_of,
    files_referred_to,
    reference_of,
    with_moved_references,
)
from configsync.edit.splice import CannotEdit, document_text, remove_value, set_value
from configsync.kinds import all_kinds
from configsync.source.files import SUFFIXES, read_text
from configsync.source.layers import Layers, ListKeys
from configsync.source.load import load
from configsync.source.project import Project, Target
from configsync.source.reader import read
from configsync.usecases.validate import validate

_NAME: Path = ("metadata", "name")
_DEFAULT: Path = ("spec", "default")
_EXTENDS: Path = ("metadata", "extends")
_RENAMED: Path = ("metadata", "renamed_from")


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


def set_fields(
    project: Project,
    targets: Sequence[Target],
    address: str,
    assignments: Iterable[Assignment],
    unset: Iterable[str] = (),
    *,
    folder: FilePath,
    layer: str | None = None,
    dry_run: bool = False,
) -> EditReport:
    """Set fields of a document, and remove those in ``unset`` or whose value is null.

    A field is changed in the layer that wins: the overlay of the one target
    that is meant, the document, or a base; or else in ``layer``, the name or
    the file of one of them. What no layer sets yet, the document does. A value
    ``@FILE`` is the text of a file, relative to ``folder``. Raises UsageError
    where there is no such document, layer, field or file, and CannotEdit.
    """
    edit = _Editing(project, dry_run)
    document = edit.find(address)
    wanted = [(a.field, _value(a.text, folder)) for a in assignments]
    for name, value in [*wanted, *((name, None) for name in unset)]:
        stack = [edit.again(d) for d in edit.layers(document, targets)]
        chosen, path = _choose(stack, parse_field(name), edit.kind(document).list_keys, layer)
        edit.assign(chosen, path, value)
        edit.note_others(chosen, document)
    return edit.finish(targets)


def _choose(
    stack: list[Document], steps: Steps, keys: ListKeys, named: str | None
) -> tuple[Document, Path]:
    """The layer to change, the top one first in ``stack``, and the field's path in it."""
    if named is not None:
        stack = [d for d in stack if named in (d.file, d.name)] or _no_layer(stack, named)
    for layer in stack:
        try:
            path = locate_field(layer, steps, keys)
        except UsageError:
            continue
        outer = layer.get(path[:-1])
        if isinstance(outer, list) or (isinstance(outer, dict) and path[-1] in outer):
            return layer, path
    own = stack[0] if named is not None else next(d for d in stack if d.name == stack[0].name)
    return own, locate_field(own, steps, keys)


def _no_layer(stack: list[Document], named: str) -> list[Document]:
    known = ", ".join(f"{d.name} in {d.file}" for d in stack)
    raise UsageError(f"There is no layer {named}. The layers are: {known}.")


def duplicate(
    project: Project,
    targets: Sequence[Target],
    address: str,
    name: str,
    *,
    file: str | None = None,
    dry_run: bool = False,
) -> EditReport:
    """Copy a document with its comments into a file of its own, under another name.

    The file lies beside the original's unless ``file`` names it, relative to the
    project. The copy is not the default, and refers to the same texts. Raises
    UsageError if the name or the file is taken, or would not be found.
    """
    edit = _Editing(project, dry_run)
    document = edit.find(address)
    edit.refuse_name(document.kind, name)
    target = edit.new_file(document, name, file)
    place = where_defined(document, _NAME, edit.draft)
    text = document_text(edit.draft.text(place.file), place.index)
    with _saying(place.file):
        text = set_value(text, 0, _NAME, name)
        for path in (_DEFAULT, _RENAMED):
            if document.get(path[:-1]) is not None and path[-1] in document.get(path[:-1]):
                text = remove_value(text, 0, path)
        text = with_moved_references(text, os.path.dirname(place.file), os.path.dirname(target))
    edit.draft.create(target, text)
    return edit.finish(targets)


def rename(
    project: Project,
    targets: Sequence[Target],
    address: str,
    name: str,
    *,
    dry_run: bool = False,
) -> EditReport:
    """Give a document another name, with a note of the old one, so that history goes on.

    Documents that extend it and patches of overlays follow; files keep their
    names. Raises UsageError if the name is taken.
    """
    edit = _Editing(project, dry_run)
    document = edit.find(address)
    old = document.name
    assert old is not None
    if name == old:
        raise UsageError(f"{address} has that name already.")
    edit.refuse_name(document.kind, name)
    before = document.get(_RENAMED)
    if before is not None:
        edit.notes.append(
            f"It was renamed from {before} before. If no database has had that applied yet, "
            f"set metadata.renamed_from back to {before} by hand."
        )
    edit.put(document, _NAME, name)
    behind = list(document.get(("metadata",))).index("name") + 1
    edit.put(document, _RENAMED, old, at=behind)
    for other in (*edit.documents, *edit.patches):
        if other.kind == document.kind and other.get(_EXTENDS) == old:
            edit.put(other, _EXTENDS, name)
    for patch in edit.patches:
        if patch.kind == document.kind and patch.name == old:
            edit.put(patch, _NAME, name)
    return edit.finish(targets)


def set_default(
    project: Project, targets: Sequence[Target], address: str, *, dry_run: bool = False
) -> EditReport:
    """Make a document the default one of its kind, and the one that was so no longer.

    Raises UsageError for a kind that has no default.
    """
    edit = _Editing(project, dry_run)
    document = edit.find(address)
    if not any(t.default and t.parent is None for t in edit.kind(document).types):
        raise UsageError(f"A {document.kind} can't be the default.")
    edit.put(document, _DEFAULT, True, at=0)
    for other in edit.documents:
        if other is not document and other.kind == document.kind and other.get(_DEFAULT) is True:
            edit.remove(other, _DEFAULT)
    return edit.finish(targets)


class _Editing:
    """One edit: the documents as they are, and the draft of what they become."""

    def __init__(self, project: Project, dry_run: bool) -> None:
        self.project = project
        self.dry_run = dry_run
        self.draft = Draft(project)
        self.kinds = all_kinds()
        self.notes: list[str] = []
        overlays = tuple(t.overlay for t in project.targets.values() if t.overlay is not None)
        aliases = project.allow_aliases
        source = load(project.root, project.paths, self.kinds, overlays, aliases=aliases)
        self.documents, self.faults = source.documents, source.diagnostics
        self.patches = load(project.root, overlays, self.kinds, aliases=aliases).documents

    def kind(self, document: Document) -> Kind:
        return self.kinds[document.kind]

    def find(self, address: str) -> Document:
        """The one document of an address ``kind/name``. Raises UsageError."""
        slug, _, rest = address.partition("/")
        kind = next((k for k in self.kinds.values() if k.slug == slug), None)
        if kind is None or not rest or "/" in rest:
            known = ", ".join(f"{k.slug}/NAME" for k in self.kinds.values())
            raise UsageError(f"{address} is not the address of a document: {known}.")
        name = addresses.split(rest)[0]
        found = [d for d in self.documents if d.kind == kind.name and d.name == name]
        if len(found) == 1:
            return found[0]
        if found:
            places = " and at ".join(str(d.locate(_NAME)) for d in found)
            raise UsageError(f"{address} is defined twice, at {places}. Remove one of them.")
        names = [d.name for d in self.documents if d.kind == kind.name and d.name is not None]
        near = get_close_matches(name, names, 1)
        hint = f" Did you mean {addresses.join(slug, near[0])}?" if near else ""
        if self.faults:
            hint += " Not every file could be read: see configsync validate."
        raise UsageError(f"There is no {address} in {', '.join(self.project.paths)}.{hint}")

    def layers(self, document: Document, targets: Sequence[Target]) -> list[Document]:
        """The layers of a document, the one that wins first.

        The overlay's is among them where one target is meant. Raises UsageError
        where a base is missing or they turn in a circle.
        """
        layers = Layers()
        layers.add(self.documents)
        if len(targets) == 1 and targets[0].overlay is not None:
            folder = os.path.normpath(targets[0].overlay) + "/"
            layers.add_patches(p for p in self.patches if p.file.startswith(folder))
        stack = layers.stack(document)
        if isinstance(stack, Diagnostic):
            raise UsageError(f"{stack.location}: {stack.summary}.")
        return stack[::-1]

    def note_others(self, changed: Document, meant: Document) -> None:
        """Say whom else a change of a base reaches."""
        if changed.name == meant.name:
            return
        users = [
            addresses.join(self.kind(d).slug, d.name or "")
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
        place = where_defined(document, (), self.draft)
        root = read(self.draft.text(place.file), place.file, aliases=True).roots[place.index]
        assert isinstance(root, Map)
        # The mark of before the edit tells which document of the file it is.
        root.mark = document.body.mark
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

    def put(self, document: Document, path: Path, value: Json, at: int | None = None) -> None:
        """Set a value where it is defined."""
        self._edit(document, path, lambda text, d: set_value(text, d.index, d.path, value, at=at))

    def remove(self, document: Document, path: Path) -> None:
        """Remove a value where it is defined. Raises UsageError if it isn't set."""
        outer = document.get(path[:-1])
        if outer is None or (isinstance(outer, dict) and path[-1] not in outer):
            raise UsageError(f"{show_path(path)} is not set in {document.file}.")
        self._edit(document, path, lambda text, d: remove_value(text, d.index, d.path))

    def _edit(self, document: Document, path: Path, change: Callable[[str, Defined], str]) -> None:
        place = where_defined(document, path, self.draft)
        with _saying(place.file):
            self.draft.put(place.file, change(self.draft.text(place.file), place))

    def put_text(self, document: Document, path: Path, reference: str, value: Json) -> None:
        """Write the text of a file that a value refers to."""
        if not isinstance(value, str):
            raise UsageError(f"{show_path(path)} is the text of {reference}, and takes only text.")
        file = file_of(document.file, reference)
        if file is None or self._behind_link(file) or ".git" in file.split("/"):
            raise UsageError(f"{reference}, which {show_path(path)} refers to, can't be written.")
        self.draft.put(file, value)
        users = [
            addresses.join(self.kind(other).slug, other.name or "")
            for other in (*self.documents, *self.patches)
            if other.body.mark != document.body.mark
            and file in files_referred_to(other.body, other.file)
        ]
        if users:
            self.notes.append(f"{file} is also a text of {', '.join(users)}.")

    def _behind_link(self, file: str) -> bool:
        steps = FilePath(file)
        return any((self.project.root / p).is_symlink() for p in (steps, *steps.parents))

    def finish(self, targets: Sequence[Target]) -> EditReport:
        """Validate the project as it would be, and write the draft if nothing stands against it."""
        changes = self.draft.changes()
        problems = self._new_errors(targets) if changes else []
        if changes and not problems and not self.dry_run:
            self.draft.write()
        return EditReport(changes, problems, self.notes)

    def _new_errors(self, targets: Sequence[Target]) -> list[Diagnostic]:
        """The errors that the draft brings, for any of the targets."""
        new: dict[Diagnostic, None] = {}
        with self.draft.as_it_would_be((*self.documents, *self.patches)) as shadow:
            for target in targets:
                after = _errors(shadow, target)
                known = _errors(self.project, target) if after else []
                before = Counter(map(_identity, known))
                for error in after:
                    before[_identity(error)] -= 1
                    if before[_identity(error)] < 0:
                        new[error] = None
        return list(new)


@contextmanager
def _saying(file: str) -> Iterator[None]:
    """Say in which file it is that an edit is refused."""
    try:
        yield
    except CannotEdit as error:
        raise CannotEdit(f"{file}: {error}") from error


def _value(text: str, folder: FilePath) -> Json:
    """The value that is meant by the text of an assignment."""
    if not text.startswith("@"):
        return read_value(text)
    found = read_text(folder, text[1:])
    if isinstance(found, Diagnostic):
        raise UsageError(f'{found.summary}. Text that begins with @ goes in quotes: "{text}".')
    return found


def _errors(project: Project, target: Target) -> list[Diagnostic]:
    found = validate(project, target, resources=False, cached=False).diagnostics
    return [d for d in found if d.severity is Severity.ERROR]


def _identity(error: Diagnostic) -> tuple[str, str, str, str]:
    """What an error is before and after an edit, though its line may be another."""
    # Why a file can't be read may be said otherwise where only readable ones are.
    summary = "" if error.code == codes.BAD_FILE_REFERENCE.code else error.summary
    return (error.code, error.location.file if error.location else "", error.path, summary)


def _settings_file(project: Project) -> str:
    return "configsync.toml" if (project.root / "configsync.toml").is_file() else "pyproject.toml"
