"""Export: write what a database holds as documents, so that git can take over from there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from configsync.checks.rules.unique_names import fold
from configsync.core import address, codes
from configsync.core.diagnostic import Code, Diagnostic, Severity
from configsync.core.errors import UsageError
from configsync.core.resource import Resource, State
from configsync.edit.emit import emit, file_stems, lay_out, write_files
from configsync.kinds import all_kinds, resource_types
from configsync.plan.versions import as_written
from configsync.source.project import Project
from configsync.store.database import Database
from configsync.store.read import read_applied, read_live
from configsync.usecases.import_ import (
    default_among,
    existing_documents,
    home,
    schema_comment,
    stage,
    whole,
)
from configsync.usecases.schema import missing_schemas


@dataclass(slots=True)
class Exported:
    """A document that compiles to live resources, the files that it is written as among them.

    ``resources`` all lie within ``address``. ``file`` is the YAML file's name.
    """

    address: str
    kind: str
    body: dict[str, Any]
    resources: list[Resource]
    file: str = ""
    files: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Export:
    """What a database holds as documents, and what of it none can express.

    ``foreign`` are other sources that own some of it: a plan from this one
    would be refused.
    """

    documents: list[Exported] = field(default_factory=list)
    faults: list[Diagnostic] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def files(self) -> dict[str, str]:
        """All files by name."""
        return {name: text for d in self.documents for name, text in d.files.items()}


def export(
    project: Project, database: Database, pattern: str | None, folder: str, *, inline: bool = False
) -> Export:
    """Turn the live documents that a pattern selects into files for ``folder``.

    A document is selected with any of its resources. Each one passes `validate`
    and compiles to exactly what is live; what can't is a fault that names the
    address. ``folder`` is relative to the project's root; with ``inline`` all
    texts stand within their documents. Raises DatabaseError, and UsageError if
    a schema of the project is unusable.
    """
    with database.reading() as transaction:
        applied = read_applied(transaction, resource_types())
        live = read_live(transaction, resource_types().values())
    result = Export()
    documents = [d for d in _decompile(live, applied, result) if _selects(pattern, d)]
    documents.sort(key=lambda d: d.address)
    result.documents = _lay_out(project, documents, folder, inline, result.faults)
    _keep_valid(project, result)
    exported = {r.address for d in result.documents for r in d.resources}
    owners = {r.owner for r in applied.values() if r.address in exported and r.owner}
    result.foreign = sorted(owners - {project.source})
    return result


def write_export(project: Project, found: Export, folder: str, *, force: bool) -> list[str]:
    """Write the files of an export into a folder: all or none; returns those that are new.

    Files are overwritten only with ``force``. Raises UsageError otherwise, or
    if the folder belongs to the source and another file there defines the same.
    """
    files = {_join(folder, name): text for name, text in found.files().items()}
    if is_source(project, folder):
        _refuse_doubles(project, found, set(files))
        kinds = sorted({d.kind for d in found.documents})
        files |= missing_schemas(project, [all_kinds()[k] for k in kinds])
    try:
        return write_files(project.root, files, force=force)
    except UsageError as error:
        raise UsageError(f"{error} Name another folder with --out, or use --force.") from error


def export_folder(project: Project, out: Path | None) -> str:
    """The folder to export to, relative to the project's root; by default its first path."""
    if out is None:
        return home(project)
    return os.path.relpath(out.resolve(), project.root).replace(os.sep, "/")


def _decompile(live: State, applied: State, result: Export) -> Iterator[Exported]:
    """The documents that the live state makes; what isn't part of any is a fault."""
    for kind in all_kinds().values():
        domains = {t.domain for t in kind.types}
        resources = [
            replace(r, prevent_destroy=at in applied and applied[at].prevent_destroy)
            for at, r in live.items()
            if r.domain in domains
        ]
        if kind.decompile is None:
            roots = (r.address for r in resources if r.parent is None)
            why = f"the kind {kind.name} has no way back from rows"
            result.faults += [_fault(at, codes.UNKNOWN_KIND, why) for at in roots]
            continue
        found = {at: Exported(at, kind.name, body, []) for at, body in kind.decompile(resources)}
        for resource in resources:
            steps = resource.address.split("/")
            within = ("/".join(steps[:n]) for n in range(len(steps), 0, -1))
            root = next((found[at] for at in within if at in found), None)
            if root is not None:
                root.resources.append(resource)
        yield from found.values()


def _selects(pattern: str | None, document: Exported) -> bool:
    return pattern is None or any(address.matches(r.address, pattern) for r in document.resources)


def _lay_out(
    project: Project,
    documents: list[Exported],
    folder: str,
    inline: bool,
    faults: list[Diagnostic],
) -> list[Exported]:
    """Give each document its files; returns those that YAML can hold."""
    stems = file_stems({d.address: address.split(d.address)[-1] for d in documents})
    kept = []
    for document in documents:
        stem = stems[document.address]
        document.file = f"{stem}.yaml"
        body = whole(document.kind, document.body)
        try:
            if inline:
                document.files = {document.file: emit(body)}
            else:
                there = not is_source(project, folder)
                comment = schema_comment(project, folder, document.kind, there=there)
                document.files = lay_out(body, stem, comment)
        except ValueError:
            faults.append(_fault(document.address, codes.UNSTORABLE, "YAML can't hold its texts"))
            continue
        kept.append(document)
    return kept


def _keep_valid(project: Project, result: Export) -> None:
    """Drop the documents that don't validate, or don't compile to what is live."""
    while result.documents:
        validation = stage(project, result.files())
        by_file = {d.file: d for d in result.documents}
        dropped: set[str] = set()
        for found in validation.diagnostics:
            if found.severity is not Severity.ERROR:
                continue
            document = by_file.get(found.location.file) if found.location else None
            if document is None:
                raise UsageError(f"{found.summary}.")
            summary = _cant(document.address, found.summary)
            result.faults.append(replace(found, summary=summary, location=None, related=()))
            dropped.add(document.address)
        if not dropped:
            dropped = set(_differing(result, validation.desired))
        if not dropped:
            return
        result.documents = [d for d in result.documents if d.address not in dropped]


def _differing(result: Export, desired: State) -> Iterator[str]:
    """The addresses of documents that would change something: none, if all is right."""
    compiled: dict[str, dict[str, Resource]] = {}
    for resource in desired.values():
        assert resource.location is not None
        compiled.setdefault(resource.location.file, {})[resource.address] = resource
    for document in result.documents:
        made = compiled.get(document.file, {})
        live = {r.address: r for r in document.resources}
        types = resource_types()
        if made.keys() != live.keys() or not all(
            as_written(live[a], r, types).same_values(r) for a, r in made.items()
        ):
            result.faults.append(
                _fault(document.address, codes.UNSTORABLE, "a document would change its values")
            )
            yield document.address


def is_source(project: Project, folder: str) -> bool:
    """Tell whether documents in a folder are part of the project's source."""
    paths = (os.path.normpath(p).replace(os.sep, "/") for p in project.paths)
    inside = not folder.startswith(("../", "/")) and folder != ".."
    return any(folder == p or folder.startswith(p + "/") or (p == "." and inside) for p in paths)


def _refuse_doubles(project: Project, found: Export, files: set[str]) -> None:
    """Raise UsageError if a document that stays where it is defines what an exported one does."""
    existing = [d for d in existing_documents(project) if d.file not in files]
    known = {(d.kind, fold(d.name)): d for d in existing if d.name is not None}
    # Of a kind whose names are no keys, one document has all that the database holds.
    known |= {(d.kind, ""): d for d in existing if not all_kinds()[d.kind].named}
    default = default_among(existing)
    for document in found.documents:
        name = document.body["metadata"]["name"]
        named = all_kinds()[document.kind].named
        other = known.get((document.kind, fold(name) if named else ""))
        if other is not None:
            raise UsageError(
                f"{document.address} is defined already, in {other.locate(('metadata', 'name'))}. "
                "Remove it there, export without it, or name another folder with --out."
            )
        if default is None or document.kind != default.kind:
            continue
        if document.body["spec"].get("default") is True:
            raise UsageError(
                f"{document.address} is the default in the database, and {default.name} in "
                f"{default.file}. Settle that first, or name another folder with --out."
            )


def _join(folder: str, name: str) -> str:
    return os.path.normpath(f"{folder}/{name}").replace(os.sep, "/")


def _fault(at: str, code: Code, why: str) -> Diagnostic:
    return code.at(None, _cant(at, why))


def _cant(at: str, why: str) -> str:
    return f"{at} can't be written as a valid document: {why}"
