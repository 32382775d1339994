"""Compiles one document to resources, holding every value to its column."""

from __future__ import annotations

from dataclasses import dataclass, field

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location, Related
from configsync.core.document import Document, Path, show_path
from configsync.core.kind import Compiled, Kind
from configsync.core.resource import Resource
from configsync.core.values import Row, Unstorable


@dataclass(frozen=True, slots=True)
class Root:
    """The address of a resource that is part of no other; where, and at which path, it is named."""

    address: str
    location: Location
    path: str


@dataclass(slots=True)
class Compilation:
    """The resources of a document, its roots, and what no column can hold."""

    resources: list[Resource] = field(default_factory=list)
    roots: list[Root] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


_NAME: Path = ("metadata", "name")


def compile_document(
    document: Document, kind: Kind, owner: str, *, resources: bool = True, layered: bool = False
) -> Compilation:
    """Compile a document that meets its schema; ``owner`` is the source's id.

    A resource that it defines twice is a diagnostic that shows both places.
    Without ``resources``, what they would hold is checked, and none are made.
    """
    result = Compilation()
    addresses: list[str] = []
    places: dict[str, Path] = {}
    renamed_from = document.get(("metadata", "renamed_from")) if kind.named else None
    prevent_destroy = document.get(("metadata", "prevent_destroy")) is True
    uses = tuple(document.get(("metadata", "uses")) or ())
    labels = dict(document.get(("metadata", "labels")) or {}) or None
    for compiled in kind.compile(document):
        parent = None if compiled.parent is None else addresses[compiled.parent]
        at = compiled.type.address(compiled.values, parent)
        values = _canonical(compiled, document, result.diagnostics)
        addresses.append(at)
        if at in places:
            where, first = (document.locate(p, key=True) for p in (compiled.path, places[at]))
            path = show_path(compiled.path)
            result.diagnostics.append(defined_twice(at, where, first, path))
            continue
        places[at] = compiled.path
        if parent is None:
            named = _NAME if kind.named else compiled.path
            where = document.locate(named, key=not kind.named)
            result.roots.append(Root(at, where, show_path(named)))
        if resources:
            location = document.locate(compiled.path, key=True)
            result.resources.append(
                Resource(
                    address=at,
                    domain=compiled.type.domain,
                    values=values,
                    parent=parent,
                    owner=owner,
                    location=location,
                    renamed_from=renamed_from if parent is None else None,
                    prevent_destroy=prevent_destroy,
                    labels=labels if parent is None else None,
                    uses=uses if parent is None else (),
                    elsewhere=_elsewhere(compiled, document, location) if layered else None,
                )
            )
    return result


def defined_twice(what: str, where: Location, first: Location, path: str) -> Diagnostic:
    """The diagnostic of a resource, or of a document, that has two definitions."""
    return codes.DEFINED_TWICE.at(
        where,
        f"{what} is defined twice",
        path=path,
        help="Remove one of the two, or rename it.",
        related=(Related("it is defined here first", first),),
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
    """The values in the form of their columns; what a column can't hold is None, and a problem."""
    given = compiled.values
    values: Row = {}
    for column in compiled.type.columns:
        name = column.name
        value = given[name]
        # Of a version that the source leaves to the database, that has the rest.
        if value is None and (column.nullable or compiled.type.versions):
            values[name] = None
            continue
        try:
            if value is None:
                raise Unstorable("the column needs a value")
            values[name] = column.type.canonical(value)
        except Unstorable as error:
            path = compiled.paths.get(name, (*compiled.path, name))
            problems.append(
                codes.UNSTORABLE.at(
                    document.locate(path),
                    f"{show_path(path)} can't be stored as written: {error}",
                    f"It is kept in {compiled.type.table}.{name}.",
                    path=show_path(path),
                    help="Write a value that the column holds unaltered.",
                )
            )
            values[name] = None
    settle = compiled.type.settle
    return values if settle is None else settle(values)
