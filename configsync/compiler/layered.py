"""Compiles the documents that lie over others, and finds what they lie over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from configsync.compiler.file import FileCompiler
from configsync.compiler.records import FileRecord
from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.document import Document
from configsync.core.resource import Resource
from configsync.source.files import read_text, scan
from configsync.source.layers import Layers, is_abstract, merge, unset_left
from configsync.source.load import parse
from configsync.source.references import Followed


def load_overlay(
    root: Path, folder: str | None, kinds: Collection[str], *, aliases: bool = False
) -> tuple[list[Document], list[Diagnostic]]:
    """The documents of a target's overlay, and what is wrong with its files."""
    if folder is None:
        return [], []
    if not (root / folder).is_dir():
        where = Location(folder, 1, 1)
        return [], [codes.UNREADABLE.at(where, f"the target's overlay {folder} is not a folder")]
    names, problems = scan(root, (folder,))
    patches: list[Document] = []
    for name in names:
        text = read_text(root, name)
        if isinstance(text, Diagnostic):
            problems.append(text)
            continue
        documents, found = parse(text, name, kinds, aliases=aliases)
        patches += documents
        problems += found
    return patches, problems


def compile_layered(
    compiler: FileCompiler,
    names: list[str],
    outlines: Mapping[str, list[Document]],
    patches: list[Document],
) -> tuple[dict[str, FileRecord], list[Resource], list[Diagnostic]]:
    """Compile the files whose documents are layers or lie over some.

    ``outlines`` are the documents of the other files, among which a base may
    be. Returns the files' records, their resources, and what is wrong with the
    overlay.
    """
    parsed = {name: _parse(compiler, name) for name in names}
    layers = Layers()
    for _, documents, _ in parsed.values():
        layers.add(documents)
    problems = layers.add_patches(patches)
    for patch in patches:
        part_file = compiler.settings.kinds[patch.kind].part_file
        problems += compiler.check_schema(patch, part_file) or ()
    _add_bases(compiler, layers, outlines)
    problems += layers.stray_patches()
    records: dict[str, FileRecord] = {}
    resources: list[Resource] = []
    for name, (text, documents, found) in parsed.items():
        record = compiler.start_record(name, text, len(documents))
        record.diagnostics += found
        for document in documents:
            resources += _compile(compiler, document, layers, record)
        records[name] = record
    known = {(d.code, d.location) for r in records.values() for d in r.diagnostics}
    for name, (_, documents, _) in parsed.items():
        records[name].diagnostics += _in_layers(compiler, documents, known)
    problems += _in_layers(compiler, patches, known)
    return records, resources, problems


def _in_layers(
    compiler: FileCompiler,
    layers: list[Document],
    known: set[tuple[str, Location | None]],
) -> list[Diagnostic]:
    """What must stand in no file, though a layer above may replace it, and isn't ``known`` yet."""
    found = [d for layer in layers for d in compiler.check_texts(layer)]
    return [d for d in found if (d.code, d.location) not in known]


def _compile(
    compiler: FileCompiler, document: Document, layers: Layers, record: FileRecord
) -> list[Resource]:
    kind = compiler.settings.kinds[document.kind]
    if is_abstract(document):
        # Only what is laid over it must be whole; its own keys are held to the schema here.
        record.diagnostics += compiler.check_schema(document, kind.part_file) or ()
    if not layers.is_layered(document):
        record.diagnostics += unset_left(document)
        return [] if is_abstract(document) else compiler.compile_document(document, record)
    stack = layers.stack(document)
    if isinstance(stack, Diagnostic):
        if stack not in record.diagnostics:
            record.diagnostics.append(stack)
        return []
    followed = Followed()
    stack = [compiler.references.with_tables(d, kind.list_keys, followed) for d in stack]
    record.diagnostics += followed.diagnostics
    record.dependencies |= followed.files
    merged, problems = merge(stack, kind.list_keys)
    record.diagnostics += [*problems, *unset_left(merged)]
    if is_abstract(document):
        return []
    return compiler.compile_document(merged, record, layered=True)


def _parse(compiler: FileCompiler, name: str) -> tuple[str, list[Document], list[Diagnostic]]:
    settings = compiler.settings
    text = read_text(settings.root, name)
    if isinstance(text, Diagnostic):
        return "", [], [text]
    return text, *parse(text, name, settings.kinds, aliases=settings.aliases)


def _add_bases(
    compiler: FileCompiler, layers: Layers, outlines: Mapping[str, list[Document]]
) -> None:
    """Read the files of whole documents that others lie over, and know the names of the rest."""
    bases = {
        (d.kind, base)
        for d in layers.documents.values()
        if isinstance(base := d.get(("metadata", "extends")), str)
    }
    for name, documents in outlines.items():
        if any((d.kind, d.name or "") in bases for d in documents):
            layers.add(_parse(compiler, name)[1])
        layers.add(documents)
