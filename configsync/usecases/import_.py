"""Import: write a foreign configuration as documents of this project."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from configsync.checks.rules.unique_names import fold
from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location, Related, has_errors
from configsync.core.document import Document, show_path
from configsync.core.errors import UsageError
from configsync.core.kind import API_VERSION
from configsync.core.resource import State
from configsync.core.values import canonical_json
from configsync.edit.emit import emit, file_stems, lay_out, write_files
from configsync.importers.importer import Draft, Importer
from configsync.kinds import all_kinds
from configsync.source.load import load
from configsync.source.project import Project, Target
from configsync.source.reader import read
from configsync.usecases.schema import missing_schemas
from configsync.usecases.validate import Validation, validate

_NAME = ("metadata", "name")
_DEFAULT = ("spec", "default")
_ABSTRACT = ("metadata", "abstract")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was written, what was not taken, and what there is to know besides."""

    written: list[str] = field(default_factory=list)
    not_taken: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def import_from(project: Project, importer: Importer, path: Path, name: str | None) -> ImportReport:
    """Import a folder or file into the first of the project's paths.

    ``name`` is that of a single profile, by default the folder's. What is
    written passes `validate`; with an error, which is located in the foreign
    file, nothing is. Raises UsageError where a file would be overwritten, the
    path is of the wrong sort, or ``name`` can't be one.
    """
    _require(importer, path, name)
    name = name if name is not None else path.resolve().name
    found = importer.read(path, name)
    if has_errors(found.diagnostics):
        return ImportReport(diagnostics=found.diagnostics)
    if importer.named:
        _require_name(name)
    existing = existing_documents(project)
    drafts, problems = _distinct(found.drafts, existing, importer.named)
    notes = list(_settle_default(drafts, existing, importer.named))
    folder = home(project)
    files, by_file = _files(project, folder, drafts)
    for diagnostic in stage(project, files).diagnostics if drafts else ():
        draft = by_file.get(diagnostic.location.file) if diagnostic.location else None
        if draft is not None and importer.named and diagnostic.path == "metadata.name":
            raise UsageError(
                f"{canonical_json(name)} can't be a profile's name: it has 1 to 100 characters on "
                "one line, with no blank at either end. Choose one with --name."
            )
        problems.append(diagnostic if draft is None else _at_origin(diagnostic, draft, by_file))
    if not has_errors(problems):
        problems += _defined_already(project, drafts)
    diagnostics = sorted([*found.diagnostics, *problems], key=lambda d: d.sort_key)
    if has_errors(diagnostics):
        return ImportReport(diagnostics=diagnostics)
    # The files name their schema, so that editors find it.
    schemas = missing_schemas(project, [all_kinds()[k] for k in sorted({d.kind for d in drafts})])
    written = write_files(project.root, {**files, **schemas})
    return ImportReport(written, found.not_taken, notes, diagnostics)


def stage(project: Project, files: Mapping[str, str]) -> Validation:
    """Validate files as if they were all of a project's source, without writing them there."""
    with TemporaryDirectory(prefix="configsync-") as name:
        root = Path(name)
        write_files(root, files)
        staged = replace(
            project,
            root=root,
            paths=(".",),
            schemas=str((project.root / project.schemas).resolve()),
            targets={},
        )
        return validate(staged, Target(), cached=False)


def home(project: Project) -> str:
    """The folder in which a project's new documents are put, relative to its root.

    Raises UsageError if the settings have none, or one outside of the project.
    """
    folders = [p for p in project.paths if not p.endswith((".yaml", ".yml"))]
    if not folders:
        raise UsageError("The settings' paths are files only. Add a folder for new documents.")
    path = PurePosixPath(os.path.normpath(folders[0]).replace(os.sep, "/"))
    if path.is_absolute() or ".." in path.parts:
        raise UsageError(f"The settings' path {path} is outside of the project.")
    return str(path)


def schema_comment(project: Project, folder: str, kind: str, *, there: bool = False) -> str:
    """The comment by which editors find the schema from a file in ``folder``.

    With ``there``, none if the project doesn't have the schema.
    """
    schema = project.root / project.schemas / all_kinds()[kind].schema_file
    if there and not schema.is_file():
        return ""
    relative = os.path.relpath(schema, project.root / folder).replace(os.sep, "/")
    return f"yaml-language-server: $schema={relative}"


def existing_documents(project: Project) -> list[Document]:
    """The documents that the project has, overlays left out; what is wrong with others is not
    said here."""
    overlays = tuple(t.overlay for t in project.targets.values() if t.overlay is not None)
    return load(project.root, project.paths, all_kinds(), overlays).documents


def default_among(documents: list[Document]) -> Document | None:
    """The profile among documents that says it is the default."""
    profiles = (d for d in documents if d.kind == "Profile" and d.get(_ABSTRACT) is not True)
    return next((d for d in profiles if d.get(_DEFAULT) is True), None)


def whole(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """A document's metadata and spec with the words that begin it."""
    return {"apiVersion": API_VERSION, "kind": kind, **body}


def _require(importer: Importer, path: Path, name: str | None) -> None:
    if not path.exists():
        raise UsageError(f"{path} doesn't exist.")
    if importer.folder != path.is_dir():
        wanted, other = ("folder", "file") if importer.folder else ("file", "folder")
        raise UsageError(f"{path} is a {other}, and {importer.name} takes a {wanted}.")
    if name is not None and not importer.named:
        raise UsageError(f"{importer.name} names its documents itself: leave --name out.")


def _require_name(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise UsageError("A profile's name must be UTF-8. Choose a --name.") from error


def _distinct(
    drafts: list[Draft], existing: list[Document], named: bool
) -> tuple[list[Draft], list[Diagnostic]]:
    """The drafts whose names are free, and what is wrong with the others."""
    known: dict[tuple[str, str], Related] = {}
    for document in existing:
        if document.name is not None:
            related = Related("it is defined here already", document.locate(_NAME))
            known.setdefault((document.kind, fold(document.name)), related)
    seen: dict[tuple[str, str], Related] = {}
    kept: list[Draft] = []
    problems: list[Diagnostic] = []
    for draft in drafts:
        origin = draft.origin("metadata.name")
        first = known.get((draft.kind, fold(draft.name))) or seen.get((draft.kind, draft.name))
        if first is None:
            seen[(draft.kind, draft.name)] = Related("the other one stands here", origin.location)
            kept.append(draft)
            continue
        problems.append(
            codes.DEFINED_TWICE.at(
                origin.location,
                f"there is a {draft.kind} {draft.name} already",
                path=origin.path,
                help=f"Choose another --name, or remove {first.location.file}."
                if named
                else "Rename one of the two, or remove it.",
                related=(first,),
            )
        )
    return kept, problems


def _defined_already(project: Project, drafts: list[Draft]) -> Iterator[Diagnostic]:
    """What drafts define though a document of another name does, where names are no keys."""
    drafts = [d for d in drafts if not all_kinds()[d.kind].named]
    existing = validate(project, Target(), cached=False).desired if drafts else State()
    for draft in drafts:
        root = read(emit(whole(draft.kind, draft.body)), "").roots[0]
        for row in all_kinds()[draft.kind].compile(Document(draft.kind, root)):
            at = row.type.address(row.values, None)
            if row.parent is None and at in existing:
                origin, where = draft.origin(show_path(row.path)), existing[at].location
                yield codes.DEFINED_TWICE.at(
                    origin.location,
                    f"there is {at} already",
                    path=origin.path,
                    help="Remove one of the two.",
                    related=(Related("it is defined here already", where),) if where else (),
                )


def _settle_default(drafts: list[Draft], existing: list[Document], named: bool) -> Iterator[str]:
    """Leave the project with one default, as far as that needs no guess; say what was done."""
    profiles = [d for d in drafts if d.kind == "Profile"]
    defaults = [d for d in profiles if d.body["spec"].get("default") is True]
    present = default_among(existing)
    if present is not None:
        for draft in defaults:
            del draft.body["spec"]["default"]
            yield f"{draft.name} is the default there, but here it is {present.name}, which stays."
    elif not defaults and named:
        for draft in profiles[:1]:
            draft.body["spec"] = {"default": True, **draft.body["spec"]}
            yield f"{draft.name} is the default, as the first profile of this project."
    elif not defaults and profiles:
        yield "No profile is the default. Set spec.default: true in one before you apply."


def _files(
    project: Project, folder: str, drafts: list[Draft]
) -> tuple[dict[str, str], dict[str, Draft]]:
    """The files of all drafts, and by the name of its YAML file each draft."""
    stems = file_stems({f"{d.kind}/{d.name}": d.name for d in drafts})
    files: dict[str, str] = {}
    by_file: dict[str, Draft] = {}
    for draft in drafts:
        stem = stems[f"{draft.kind}/{draft.name}"]
        comment = schema_comment(project, folder, draft.kind)
        for name, text in lay_out(whole(draft.kind, draft.body), stem, comment).items():
            files[os.path.normpath(f"{folder}/{name}").replace(os.sep, "/")] = text
        by_file[os.path.normpath(f"{folder}/{stem}.yaml").replace(os.sep, "/")] = draft
    return files, by_file


def _at_origin(diagnostic: Diagnostic, draft: Draft, by_file: Mapping[str, Draft]) -> Diagnostic:
    """A finding about a document, told about what the document was made from."""
    origin = draft.origin(diagnostic.path)
    summary = diagnostic.summary
    if diagnostic.path and origin.path:
        summary = summary.replace(diagnostic.path, origin.path)
    return replace(
        diagnostic,
        location=origin.location,
        path=origin.path,
        summary=summary,
        related=tuple(
            Related(r.message, _origin_of(r.location, diagnostic.path, by_file))
            for r in diagnostic.related
        ),
    )


def _origin_of(place: Location, path: str, by_file: Mapping[str, Draft]) -> Location:
    """Where the value at the same path in another draft comes from."""
    other = by_file.get(place.file)
    return place if other is None else other.origin(path).location
