"""Edit: change documents where their values are defined, and nothing else of their files.

An edit is drafted in memory, the project is validated as it would be, and only
then are the files written: all of them, or none.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path as FilePath

from configsync.core import address as addresses
from configsync.core.diagnostic import Diagnostic
from configsync.core.document import Document, Map, Path, reference_of
from configsync.core.errors import UsageError
from configsync.core.kind import Kind
from configsync.core.values import Json
from configsync.edit.fields import (
    Assignment,
    Steps,
    locate_field,
    parse_field,
    read_value,
)
from configsync.edit.references import with_moved_references
from configsync.edit.splice import document_text, remove_value, set_value
from configsync.kinds.typed import is_sensitive
from configsync.source.files import read_text
from configsync.source.layers import OWN, ListKeys, is_abstract, merge
from configsync.source.project import Project, Target
from configsync.usecases.editing import Editing, EditReport, saying, where_defined

_NAME: Path = ("metadata", "name")
_USES: Path = ("metadata", "uses")
_DEFAULT: Path = ("spec", "default")
_EXTENDS: Path = ("metadata", "extends")
_RENAMED: Path = ("metadata", "renamed_from")


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
    edit = Editing(project, dry_run)
    document = edit.find(address, targets)
    wanted = [(a.field, _value(a.text, folder)) for a in assignments]
    keys = edit.kind(document).list_keys
    for name, value in [*wanted, *((name, None) for name in unset)]:
        stack = [edit.again(d) for d in edit.layers(document, targets)]
        own = next(d for d in stack if d.body.mark == document.body.mark)
        chosen, path = _choose(stack, own, parse_field(name), keys, layer)
        if value is not None and is_sensitive(chosen.get(path)):
            raise UsageError(
                f"{name} is sensitive, and a value in its place would stand in the file for all to "
                "read. Change what its $env names; or mark it otherwise in the file first."
            )
        edit.assign(chosen, path, value)
        edit.note_others(chosen, document)
        if layer is None and path != _EXTENDS:
            _require_effect(edit, document, targets, name, edit.again(chosen).get(path))
    return edit.finish(targets)


def _require_effect(
    edit: Editing, document: Document, targets: Sequence[Target], name: str, value: object
) -> None:
    """Raise UsageError if a field isn't what a layer says now: a mapping may be more than that."""
    if value is None or isinstance(value, dict | list):
        return
    keys = edit.kind(document).list_keys
    stack = [edit.again(d) for d in edit.layers(document, targets)]
    merged = merge(stack[::-1], keys)[0]
    try:
        found = merged.get(locate_field(merged, parse_field(name), keys))
    except UsageError:
        found = None
    if found != value:
        raise UsageError(
            f"{name} would not become that, since a layer removes what it is part of. "
            "Name the layer that is to say it with --layer."
        )


def _choose(
    stack: list[Document], own: Document, steps: Steps, keys: ListKeys, named: str | None
) -> tuple[Document, Path]:
    """The layer to change, the top one first in ``stack``, and the field's path in it.

    ``own`` is the document's own; one that is named by its file is meant before
    one of its name, and of those the document itself.
    """
    if named is not None:
        by_file = [d for d in stack if d.file == named]
        by_name = [d for d in stack if d.name == named][-1:]
        stack = by_file or by_name or _no_layer(stack, named)
    elif steps[0] == "metadata" and steps[1:2] and steps[1] in OWN:
        # What a document says of itself, and a patch of it says for it.
        stack = [d for d in stack if d.name == own.name]
    for layer in stack:
        try:
            path = locate_field(layer, steps, keys)
        except UsageError:
            continue
        outer = layer.get(path[:-1])
        if isinstance(outer, list) or (isinstance(outer, dict) and path[-1] in outer):
            return layer, path
    own = stack[0] if named is not None else own
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
    project. The copy is not the default, pins no version, and refers to the same
    texts. Raises UsageError if the name or the file is taken, or would not be
    found, or if the name makes no other resources of it.
    """
    edit = Editing(project, dry_run)
    document = edit.find(address, targets)
    if not edit.kind(document).named:
        raise UsageError(
            f"A copy of {edit.called(document)} would define the same as that does, under the "
            "same addresses. Write a new document instead."
        )
    edit.refuse_name(document.kind, name)
    target = edit.new_file(document, name, file)
    place = where_defined(document, _NAME, edit.draft)
    text = document_text(edit.draft.text(place.file), place.index)
    with saying(place.file):
        text = set_value(text, 0, _NAME, name)
        for path in (_RENAMED, *_own(edit, document, targets)):
            outer = document.get(path[:-1])
            if isinstance(outer, Map) and path[-1] in outer:
                text = remove_value(text, 0, path)
        text = with_moved_references(text, os.path.dirname(place.file), os.path.dirname(target))
    edit.draft.create(target, text)
    return edit.finish(targets)


def _own(edit: Editing, document: Document, targets: Sequence[Target]) -> set[Path]:
    """Where a document says what holds for one of its kind alone, or for its history."""
    found = {_DEFAULT} if _has_default(edit.kind(document)) else set()
    for target in targets:
        for row in edit.rows(document, target).values():
            if row.type.versions is not None:
                number = row.type.versions.number
                found.add(row.paths.get(number, (*row.path, number)))
    return found


def _has_default(kind: Kind) -> bool:
    return any(t.default and t.parent is None for t in kind.types)


def rename(
    project: Project,
    targets: Sequence[Target],
    address: str,
    name: str,
    *,
    dry_run: bool = False,
) -> EditReport:
    """Give a document another name, with a note of the old one, so that history goes on.

    Documents that extend it or use it, and patches of overlays, follow; files
    keep their names. Raises UsageError if the name is taken, or is in no address.
    """
    edit = Editing(project, dry_run)
    document = edit.find(address, targets)
    if not edit.kind(document).named:
        raise UsageError(
            f"{edit.called(document)} can't be renamed: its name is in no address, and no "
            f"history goes with it. Change metadata.name in {document.file}."
        )
    old = document.name
    assert old is not None
    if name == old:
        raise UsageError(f"{address} has that name already.")
    edit.refuse_name(document.kind, name)
    before = document.get(_RENAMED)
    # A base has no rows, and so no history to keep.
    has_history = not is_abstract(document)
    if has_history and before is not None:
        edit.notes.append(
            f"It was renamed from {before} before. If no database has had that applied yet, "
            f"set metadata.renamed_from back to {before} by hand."
        )
    elif has_history:
        edit.notes.append(
            "metadata.renamed_from keeps the history. Remove it once it has been applied to "
            "every database, or if none has ever had the old name."
        )
    edit.put(document, _NAME, name)
    if has_history:
        edit.put(document, _RENAMED, old)
    for other in (*edit.documents, *edit.patches):
        if other.kind == document.kind and other.get(_EXTENDS) == old:
            edit.put(other, _EXTENDS, name)
    for patch in edit.patches:
        if patch.kind == document.kind and patch.name == old:
            edit.put(patch, _NAME, name)
    _rename_uses(edit, document, old, name)
    return edit.finish(targets)


def _rename_uses(edit: Editing, document: Document, old: str, name: str) -> None:
    """Have whoever uses what a document defines call it by its new name."""
    domain = edit.kind(document).types[0].domain
    former = addresses.join(domain, old)
    for other in (*edit.documents, *edit.patches):
        used = other.get(_USES)
        for index, at in enumerate(used if isinstance(used, list) else ()):
            if isinstance(at, str) and addresses.within(at, former):
                edit.put(other, (*_USES, index), addresses.renamed(at, name))


def set_default(
    project: Project, targets: Sequence[Target], address: str, *, dry_run: bool = False
) -> EditReport:
    """Make a document the default one of its kind, for each target, and no other.

    What a document inherits or an overlay says counts: the layer that wins is
    changed, but a base only by what lies over it. Raises UsageError for a kind
    that has no default, or for a document that is only a base.
    """
    edit = Editing(project, dry_run)
    document = edit.find(address, targets)
    if not _has_default(edit.kind(document)):
        raise UsageError(f"The kind {document.kind} has no default document.")
    if is_abstract(document):
        raise UsageError(f"{address} is only a base for others, and can't be the default.")
    for target in targets:
        for other in edit.documents:
            if other.kind == document.kind and not is_abstract(other):
                _settle_default(edit, other, target, other is document)
    return edit.finish(targets)


def _settle_default(edit: Editing, document: Document, target: Target, wanted: bool) -> None:
    """Make a document say that it is the default, or not, as it is for a target."""
    stack = [edit.again(layer) for layer in edit.layers(document, [target])]
    saying = [d for d in stack if isinstance(s := d.get(("spec",)), Map) and "default" in s]
    if bool(saying and saying[0].get(_DEFAULT) is True) is wanted:
        return
    own = next(d for d in stack if d.body.mark == document.body.mark)
    layer = saying[0] if saying and saying[0].name == document.name else own
    if saying and reference_of(layer.get(_DEFAULT)) is not None:
        edit.assign(layer, _DEFAULT, wanted)
    elif wanted or len(saying) > 1 or layer is not saying[0]:
        edit.put(layer, _DEFAULT, wanted)
    else:
        edit.remove(layer, _DEFAULT)


def _value(text: str, folder: FilePath) -> Json:
    """The value that is meant by the text of an assignment."""
    if not text.startswith("@"):
        return read_value(text)
    found = read_text(folder, text[1:])
    if isinstance(found, Diagnostic):
        raise UsageError(f'{found.summary}. Text that begins with @ goes in quotes: "{text}".')
    return found
