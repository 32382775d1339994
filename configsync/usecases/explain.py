"""Explain: which layers set a value, which of them wins, and what the database has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from configsync.compiler.layered import load_overlay
from configsync.core import address as addresses
from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.document import Document, Map
from configsync.core.errors import UsageError
from configsync.core.kind import Compiled, Kind
from configsync.core.resource import State
from configsync.core.values import Json
from configsync.kinds import all_kinds, resource_types
from configsync.source.layers import OWN, Layers, find_in, is_abstract, merge
from configsync.source.load import load
from configsync.source.project import Project, Target
from configsync.source.references import Followed, References
from configsync.store.blame import Setter, blame
from configsync.store.database import Database
from configsync.store.read import read_applied


@dataclass(frozen=True, slots=True)
class Setting:
    """One layer that sets a value. ``layer`` is ``document``, ``base`` or ``overlay``."""

    location: Location
    value: Json
    layer: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database has; ``entry`` is the last change of the field, if it is on record."""

    value: Json
    entry: Setter | None


@dataclass(slots=True)
class Explanation:
    """One field: its value, the layers that set it, the winner first, and what is stored.

    ``chain`` is empty where no layer sets the value: then it is the default.
    """

    name: str
    value: Json
    chain: list[Setting] = field(default_factory=list)
    stored: Stored | None = None


def explain(
    project: Project,
    target: Target,
    at: str,
    name: str | None = None,
    database: Database | None = None,
) -> list[Explanation]:
    """Explain the fields of the resource at an address, or one of them.

    Raises UsageError if the source has no such resource or field.
    """
    references = References(project.root, target.vars, project.environment)
    stack, kind, compiled = _find(project, target, references, at)
    fields = list(_fields(references, stack, kind, compiled, name))
    if not fields:
        known = ", ".join(c.name for c in compiled.type.columns)
        parts = [t.domain for t in kind.types if t.parent and name in {c.name for c in t.columns}]
        of_part = f" It is a field of its {parts[0]}." if parts and compiled.parent is None else ""
        raise UsageError(f"{at} has no field {name}. Its fields are: {known}.{of_part}")
    if database is not None:
        _add_stored(database, at, fields)
    return fields


@dataclass(frozen=True, slots=True)
class User:
    """A root that uses another: where the source says so, or which source did when it applied."""

    address: str
    location: Location | None
    owner: str | None = None


def find_users(desired: State, database: Database | None, at: str) -> list[User]:
    """Who uses the root at an address: in the source, and on record of other sources.

    Raises UsageError if neither the source nor the database has the address,
    and DatabaseError.
    """
    found = {r.address: User(r.address, r.location) for r in desired.values() if at in r.uses}
    known = at in desired
    if database is not None:
        types = resource_types()
        with database.reading() as transaction:
            applied = read_applied(transaction, types)
        known = known or at in applied
        for resource in applied.values():
            if at in resource.uses and resource.address not in desired:
                user = User(resource.address, None, resource.owner)
                found.setdefault(resource.address, user)
    if not known:
        raise UsageError(f"Neither the source nor the database has a resource {at}.")
    return [found[user] for user in sorted(found)]


def _find(
    project: Project, target: Target, references: References, at: str
) -> tuple[list[Document], Kind, Compiled]:
    """The layers of the document that defines a resource, and the row that it compiles to.

    A list that the row is an item of is that of the CSV file, if it comes from one.
    """
    layers, documents = _layers(project, target)
    head = addresses.split(at)[0]
    kinds = [k for k in all_kinds().values() if k.types[0].domain == head]
    for document in documents:
        kind = all_kinds()[document.kind]
        if kind not in kinds or is_abstract(document):
            continue
        stack = layers.stack(document)
        if isinstance(stack, Diagnostic):
            continue
        stack = _with_tables(references, stack, kind.list_keys)
        compiled = _row(stack, kind, references, at)
        if compiled is not None:
            lists = [tuple(map(str, compiled.path[:-1]))]
            return _with_tables(references, stack, lists), kind, compiled
    if any(
        is_abstract(d) and all_kinds()[d.kind] in kinds and addresses.join(head, d.name or "") == at
        for d in documents
    ):
        raise UsageError(f"{at} is only a base for others, and nothing of its own is stored.")
    raise UsageError(
        f"The source defines nothing at {at}. What is applied: "
        f"configsync show '{head if kinds else ''}*'"
    )


def _layers(project: Project, target: Target) -> tuple[Layers, list[Document]]:
    overlays = (t.overlay for t in (*project.targets.values(), target))
    without = tuple(o for o in overlays if o is not None)
    documents = load(
        project.root, project.paths, all_kinds(), without, aliases=project.allow_aliases
    ).documents
    layers = Layers()
    layers.add(documents)
    layers.add_patches(load_overlay(project.root, target.overlay, all_kinds())[0])
    return layers, documents


def _with_tables(
    references: References, stack: list[Document], lists: Iterable[tuple[str, ...]]
) -> list[Document]:
    """Layers with the rows of CSV files at some paths; what is wrong with these isn't said here."""
    return [references.with_tables(layer, lists, Followed()) for layer in stack]


def _row(stack: list[Document], kind: Kind, references: References, at: str) -> Compiled | None:
    """The row of a document at an address; a document with faults has those it can compile."""
    merged = merge(stack, kind.list_keys)[0]
    references.resolve(merged.body)
    found: list[str] = []
    try:
        for compiled in kind.compile(merged):
            parent = None if compiled.parent is None else found[compiled.parent]
            found.append(compiled.type.address(compiled.values, parent))
            if found[-1] == at:
                return compiled
    except (KeyError, TypeError, AttributeError):
        # The document misses its schema, which validate reports.
        return None
    return None


def _fields(
    references: References,
    stack: list[Document],
    kind: Kind,
    compiled: Compiled,
    name: str | None,
) -> Iterator[Explanation]:
    merged = merge(stack, kind.list_keys)[0]
    own = stack[-1].name
    for column in compiled.type.columns:
        path = compiled.paths.get(column.name, (*compiled.path, column.name))
        if name not in (None, column.name, path[-1]):
            continue
        chain = []
        for index, layer in enumerate(stack):
            if path[0] == "metadata" and path[1] in OWN and layer.name != own:
                continue
            found = find_in(layer, path, merged, kind.list_keys)
            if found is None:
                continue
            value = _followed(references, layer.get(found))
            # A reference on the way says what lies below it, if that is there.
            rest = path[len(found) :]
            if rest and not isinstance(value, dict):
                continue
            kind_of_layer = _layer_name(stack, index, own)
            chain.append(Setting(layer.locate(found), value, kind_of_layer))
        chain.reverse()
        yield Explanation(column.name, compiled.values[column.name], chain)


def _layer_name(stack: list[Document], index: int, own: str | None) -> str:
    """What a layer is: a base by another name, the document, or the overlay's patch of either."""
    layer = stack[index]
    if index > 0 and stack[index - 1].name == layer.name:
        return "overlay"
    return "document" if layer.name == own else "base"


def _followed(references: References, value: Any) -> Json:
    """The value with a reference followed; one that can't be is shown as it stands."""
    if not isinstance(value, Map):
        return value  # type: ignore[no-any-return]
    holder = Map(value.mark)
    holder.put("value", value, value.mark, value.mark)
    references.resolve(holder)
    found: Json = holder["value"]
    return found


def _add_stored(database: Database, at: str, fields: list[Explanation]) -> None:
    with database.reading() as transaction:
        found = blame(transaction, resource_types(), at, parts=False)
    stored = {f.name: f for resource in found for f in resource.fields}
    for explained in fields:
        if explained.name in stored:
            blamed = stored[explained.name]
            explained.stored = Stored(blamed.value, blamed.entry)
