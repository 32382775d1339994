"""Compiles one document to resources, holding every value to its column."""

from __future__ import annotations

from dataclasses import dataclass, field

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location, Related
from configsync.core.document import Document, show_path
from configsync.core.kind import Compiled, Kind
from configsync.core.resource import Resource
from configsync.core.values import Row, Unstorable


@dataclass(slots=True)
class Compilation:
    """The resources of a document, and what in it no column can hold."""

    resources: list[Resource] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


@dataclass(slots=True)
class _Metadata:
    """What all resources of a document have in common."""

    owner: str
    renamed_from: str | None
    prevent_destroy: bool
    labels: dict[str, str] | None
    layered: bool


def compile_document(
    document: Document, kind: Kind, owner: str, *, layered: bool = False
) -> Compilation:
    """Compile a document that meets its schema; ``owner`` is the source's id.

    A resource that it defines twice is a diagnostic that shows both places.
    """
    result = Compilation()
    addresses: list[str] = []
    places: dict[str, Location] = {}
    metadata = _Metadata(
        owner,
        document.get(("metadata", "renamed_from")),
        document.get(("metadata", "prevent_destroy")) is True,
        _labels(document),
        layered,
    )
    for compiled in kind.compile(document):
        resource = _resource(compiled, document, addresses, metadata, result.diagnostics)
        addresses.append(resource.address)
        assert resource.location is not None
        first = places.setdefault(resource.address, resource.location)
        if first is resource.location:
            result.resources.append(resource)
        else:
            path = show_path(compiled.path)
            result.diagnostics.append(
                defined_twice(resource.address, resource.location, first, path)
            )
    return result


def defined_twice(address: str, where: Location, first: Location, path: str) -> Diagnostic:
    """The diagnostic of a resource that has two definitions."""
    return codes.DEFINED_TWICE.at(
        where,
        f"{address} is defined twice",
        path=path,
        help="Remove one of the two, or rename it.",
        related=(Related("it is defined here first", first),),
    )


def _labels(document: Document) -> dict[str, str] | None:
    labels = document.get(("metadata", "labels"))
    return dict(labels) if labels else None


def _resource(
    compiled: Compiled,
    document: Document,
    addresses: list[str],
    metadata: _Metadata,
    problems: list[Diagnostic],
) -> Resource:
    type_ = compiled.type
    parent = None if compiled.parent is None else addresses[compiled.parent]
    values = _canonical(compiled, document, problems)
    location = document.locate(compiled.path, key=True)
    return Resource(
        address=type_.address(compiled.values, parent),
        domain=type_.domain,
        values=values,
        parent=parent,
        owner=metadata.owner,
        location=location,
        renamed_from=metadata.renamed_from if parent is None else None,
        prevent_destroy=metadata.prevent_destroy,
        labels=metadata.labels if parent is None else None,
        elsewhere=_elsewhere(compiled, document, location) if metadata.layered else None,
    )


def _elsewhere(
    compiled: Compiled, document: Document, location: Location
) -> dict[str, Location] | None:
    """The places of the values that a layer in another file sets."""
    places = {}
    for column in compiled.type.columns:
        path = compiled.paths.get(column.name, (*compiled.path, column.name))
        where = document.locate(path)
        if document.get(path) is not None and where.file != location.file:
            places[column.name] = where
    return places or None


def _canonical(compiled: Compiled, document: Document, problems: list[Diagnostic]) -> Row:
    values: Row = {}
    for column in compiled.type.columns:
        value = compiled.values[column.name]
        if value is None and column.nullable:
            values[column.name] = None
            continue
        try:
            if value is None:
                raise Unstorable("the column needs a value")
            values[column.name] = column.type.canonical(value)
        except Unstorable as error:
            path = compiled.paths.get(column.name, (*compiled.path, column.name))
            problems.append(
                codes.UNSTORABLE.at(
                    document.locate(path),
                    f"{show_path(path)} can't be stored as written: {error}",
                    f"It is kept in {compiled.type.table}.{column.name}.",
                    path=show_path(path),
                    help="Write a value that the column holds unaltered.",
                )
            )
            values[column.name] = None
    return values
