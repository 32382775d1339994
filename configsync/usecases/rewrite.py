"""Rewrite: edit a source so that it compiles to a wanted state, each value where it is defined.

What the source gives is compared with what it should, and what differs is
edited; then the source is compiled again with the edits. So no edit has to
know what else it brings, as a list's single item that is no longer the only
one. What isn't reached in a few rounds is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

from configsync.core import address as addresses
from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.document import Document, Mark, Path, show_path
from configsync.core.resource import Resource, State
from configsync.core.values import Json, equal
from configsync.edit.emit import file_stems, lay_out
from configsync.edit.splice import CannotEdit
from configsync.kinds import all_kinds, resource_types
from configsync.plan.versions import as_written
from configsync.source.layers import find_in
from configsync.source.project import Target
from configsync.usecases.editing import Editing
from configsync.usecases.import_ import home, schema_comment, whole
from configsync.usecases.made import Made
from configsync.usecases.sites import REMOVED, Layered, Site, Sites
from configsync.usecases.tables import (
    CellPlace,
    add_to_table,
    locate_in_table,
    refuse_table,
    remove_from_table,
    set_in_table,
)

ROUNDS = 4
"""How often what is left is edited. Of all that is known, the second brings what is wanted."""

Place = tuple[Document, Path] | CellPlace | Location
"""A path in a layer, a cell of a table, or where something stood that is gone."""


@dataclass(slots=True)
class Rewritten:
    """What a rewrite comes to. With ``diagnostics``, errors that it would bring, don't write it.

    ``desired`` is what the source compiles to then. ``places`` tells where the
    value of each address and column stands that was edited; what is gone, where it stood.
    """

    desired: State
    diagnostics: list[Diagnostic]
    places: dict[tuple[str, str], Location]


def rewrite(
    edit: Editing, target: Target, others: Iterable[Target], desired: State, wanted: State
) -> Rewritten:
    """Draft the edits after which the source compiles to ``wanted``, for a target.

    ``desired`` is what it compiles to now, without errors. ``others`` are
    targets for which no error may come up either. Writes nothing. Raises
    CannotEdit where a value can't be written without changing another one.
    """
    types = resource_types()
    wanted = State(
        as_written(r, desired.get(at), types)
        for at, r in wanted.items()
        # A part goes with its root, whatever else is known of it.
        if r.parent is None or r.parent in wanted
    )
    work = _Rewriting(edit, target, wanted)
    left = list(differing(desired, wanted))
    problems: list[Diagnostic] = []
    for number in range(ROUNDS):
        if not left or (number and any(before is None for _, before, _ in left)):
            # What has no resources after an edit is a document that can't be compiled.
            break
        work.carry_out(left)
        found = edit.validate(target)
        desired, problems = found.desired, list(found.errors)
        left = list(differing(desired, wanted))
    if edit.draft.changes() and not problems:
        problems = edit.new_errors(list(others))
    if left and not problems:
        at = left[0][0]
        raise CannotEdit(f"{at} can't be written so that the source gives it. Change it by hand.")
    places = {} if problems else {key: work.locate(p) for key, p in work.places.items()}
    return Rewritten(desired, problems, places)


Differing = tuple[str, Resource | None, Resource | None]


def differing(desired: State, wanted: State) -> Iterator[Differing]:
    """The addresses at which two states differ, with both resources."""
    for at in sorted(desired.keys() | wanted.keys()):
        before, after = desired.get(at), wanted.get(at)
        if before is None or after is None or not before.same_values(after):
            yield at, before, after


class _Rewriting:
    """The edits, round by round."""

    def __init__(self, edit: Editing, target: Target, wanted: State) -> None:
        self.edit = edit
        self.target = target
        self.wanted = wanted
        self.types = resource_types()
        self.places: dict[tuple[str, str], Place] = {}
        self.sites = Sites(edit, target)
        self.done: dict[tuple[Mark, Path], Place] = {}
        self.outcomes: dict[Mark, Document] = {}
        self.made: dict[str, Made] = {}

    def carry_out(self, differing: Sequence[Differing]) -> None:
        """Edit whatever differs."""
        self.sites = Sites(self.edit, self.target)
        self.done.clear()
        for at, before, after in differing:
            if before is not None and after is not None:
                for column in after.differing(before):
                    self.places[at, column] = self._set(at, after, column)
        gone = [before for _, before, after in differing if before and after is None]
        new = [after for _, before, after in differing if after and before is None]
        # Before something goes, so that a list keeps its form.
        self._add_all(new)
        self._remove_all(gone, self._growing(new))

    def locate(self, place: Place) -> Location:
        """The line of a place in the files as they become."""
        if isinstance(place, Location):
            return place
        if isinstance(place, CellPlace):
            return locate_in_table(self.edit, place)
        layer, path = place
        mark = layer.body.mark
        if mark not in self.outcomes:
            self.outcomes[mark] = self.edit.outcome(layer)
        return self.outcomes[mark].locate(path)

    def _set(self, at: str, resource: Resource, column: str) -> Place:
        """Give a column of a resource the wanted value, in the layer that wins; returns where."""
        value = resource.values[column]
        one = self.sites.of(resource.parent or at)
        path = one.path(at, column)
        found = one.sites(path)
        together = self.types[resource.domain].settle is not None
        if not found:
            return self._set_row(one, at) if together else self._put(one, one.document, path, value)
        site = found[0]
        match site.reference:
            case ("$var", name):
                raise CannotEdit(
                    f"{site.layer.locate(site.path)}: {show_path(path)} is the variable {name} of "
                    "the target. Change it in the settings, or write the value in its place."
                )
            case ("$file", name) if isinstance(value, str) and self._agreed_text(site, value):
                file = self.edit.text_file(site.layer, site.path, name)
                self.edit.draft.put(file, value)
                return Location(file, 1, 1)
            case ("$csv", _):
                return set_in_table(self.edit, site, one.key(at), str(path[-1]), value)
        if together:
            return self._set_row(one, at)
        # What is absent is false.
        absent = value is None or (value is False and column == self.types[resource.domain].default)
        if self._agreed(self.sites.taking(site), value):
            key = (site.layer.body.mark, site.path)
            if key not in self.done:
                gone = absent and len(found) == 1
                self.done[key] = self._change(one, path, site, site.layer, value, gone)
            return self.done[key]
        if one.owns(site.layer):
            raise CannotEdit(self._shared(one, site, path, value))
        return self._change(one, path, site, one.document, value, gone=False)

    def _set_row(self, one: Layered, at: str) -> Place:
        """Write a row anew whose columns make one value of the document together."""
        path = one.rows[at].path
        made = self._made(self.wanted[at])
        site = one.sites(path)[0]
        layer = site.layer if one.owns(site.layer) else one.document
        return self._put(one, layer, path, _at(made.body, made.rows[at].path))

    def _change(
        self, one: Layered, path: Path, site: Site, layer: Document, value: Json, gone: bool
    ) -> Place:
        """Change what a site gives, there or in a layer above it."""
        if gone:
            return self._take(one, layer, path)
        if value is None:
            value = dict(REMOVED)
        elif site.text is not None and isinstance(value, str):
            value = {"$file": self._text_of_its_own(layer, site.text, value)}
        return self._put(one, layer, path, value)

    def _agreed(self, users: Iterable[tuple[str, str]], value: Json) -> bool:
        """Tell whether one value is wanted by all that take it from one place."""
        every = (self.wanted[at].values[column] for at, column in users if at in self.wanted)
        return all(equal(v, value) for v in every)

    def _agreed_text(self, site: Site, value: str) -> bool:
        return site.text is not None and self._agreed(self.sites.reading(site.text), value)

    def _shared(self, one: Layered, site: Site, path: Path, value: Json) -> str:
        users = (
            at
            for at, column in self.sites.taking(site)
            if at in self.wanted and not equal(self.wanted[at].values[column], value)
        )
        return (
            f"{site.layer.locate(site.path)}: {show_path(path)} of {one.document.name} is also "
            f"that of {', '.join(users)}, which would change with it. Set it there first."
        )

    def _text_of_its_own(self, layer: Document, shared: str, text: str) -> str:
        """Write a text beside one that others keep; returns how the layer refers to it."""
        name = layer.name or ""
        base, suffix = os.path.splitext(shared)
        base += f"-{file_stems({name: name})[name]}"
        names = chain([f"{base}{suffix}"], (f"{base}-{n}{suffix}" for n in count(2)))
        file = next(f for f in names if self.edit.draft.is_free(f))
        self.edit.draft.create(file, text)
        self.edit.notes.append(f"{shared} is also the text of others, so {file} is a new one.")
        return os.path.relpath(file, os.path.dirname(layer.file) or ".").replace(os.sep, "/")

    def _put(self, one: Layered, layer: Document, path: Path, value: Json) -> Place:
        """Put a value at a path of the merged document into a layer."""
        layer = self.edit.again(layer)
        refuse_table(layer, path)
        where, value = one.way_into(layer, path, value)
        self.edit.put(layer, where, value)
        return layer, where

    def _take(self, one: Layered, layer: Document, path: Path) -> Place:
        """Remove what a layer says about a path of the merged document."""
        layer = self.edit.again(layer)
        where = find_in(layer, path, one.merged, one.kind.list_keys)
        assert where is not None
        self.edit.remove(layer, where)
        return layer.locate(where)

    def _growing(self, new: Sequence[Resource]) -> set[Mark]:
        """The documents that roots are added to."""
        places = {self._made(resource).place for resource in new if resource.parent is None}
        found = (self.sites.holding(place) for place in places)
        return {one.document.body.mark for one in found if one is not None}

    def _remove_all(self, gone: Sequence[Resource], growing: set[Mark]) -> None:
        """Take rows out of the layers of their documents, or whole documents with their patches,
        but none that is ``growing``."""
        documents: dict[Mark, Layered] = {}
        rows: dict[Mark, list[str]] = {}
        for resource in gone:
            one = self.sites.of(resource.parent or resource.address)
            mark = one.document.body.mark
            documents[mark] = one
            # A part goes with its root.
            if resource.parent is None or resource.parent in self.wanted:
                rows.setdefault(mark, []).append(resource.address)
        for mark, one in documents.items():
            if mark not in growing and not any(at in self.wanted for at in one.rows):
                self._remove_document(one.document)
                continue
            # The last first, so that the places of the others stay.
            for at in sorted(rows.get(mark, ()), key=lambda at: _in_order(one.rows[at].path))[::-1]:
                self._remove(one, at)

    def _remove(self, one: Layered, at: str) -> None:
        path = one.rows[at].path
        sites = one.sites(path)
        for site in sites:
            if site.table is not None and one.owns(site.layer):
                remove_from_table(self.edit, site, one.key(at))
            elif one.owns(site.layer):
                self._take(one, site.layer, path)
        if not all(one.owns(site.layer) for site in sites):
            # A base has it, for others too.
            self._put(one, one.document, path, dict(REMOVED))

    def _remove_document(self, document: Document) -> None:
        patches = [
            p for p in self.edit.patches if p.kind == document.kind and p.name == document.name
        ]
        for layer in (document, *patches):
            self.edit.drop(layer)
        for file in sorted({layer.file for layer in (document, *patches)}):
            what = f"{document.kind} {document.name}"
            self.edit.notes.append(f"{what} was removed from {file}, comments included.")

    def _add_all(self, new: Sequence[Resource]) -> None:
        """Add rows to the documents of their kind, or write new documents with them."""
        fresh: dict[str, Made] = {}
        for resource in new:
            if resource.parent is None:
                made = self._made(resource)
                one = self.sites.holding(made.place)
                if one is None:
                    fresh[made.place] = made
                else:
                    self._add(one, made, resource)
        for resource in new:
            made = self._made(resource)
            if resource.parent is not None and made.place not in fresh:
                self._add(self.sites.of(resource.parent), made, resource)
        self._write_new(fresh)

    def _add(self, one: Layered, made: Made, row: Resource) -> None:
        """Add a row to a document, where one of its own would have it."""
        path = made.rows[row.address].path
        value = _at(made.body, path)
        layer = one.document
        if isinstance(path[-1], int):
            above = path[:-1]
            keyed = tuple(str(s) for s in above) in one.kind.list_keys
            # Items of a list without a key show only in the layer that wins.
            found = [
                site
                for site in one.sites(above)
                if one.owns(site.layer) and (not keyed or one.is_itself(site.layer))
            ]
            if found and found[0].table is not None:
                add_to_table(self.edit, found[0], made.cells(row))
                return
            layer = found[0].layer if found else layer
            items = one.merged.get(above) if keyed else self.edit.again(layer).get(above)
            path = (*above, len(items or ()))
        self._put(one, layer, path, value)

    def _write_new(self, documents: Mapping[str, Made]) -> None:
        """Write new documents, each into files of its own."""
        project = self.edit.project
        stems = file_stems({at: made.body["metadata"]["name"] for at, made in documents.items()})
        for at, made in documents.items():
            folder = home(project)
            comment = schema_comment(project, folder, made.body["kind"], there=True)
            for stem in chain([stems[at]], (f"{stems[at]}-{n}" for n in count(2))):
                try:
                    laid_out = lay_out(made.body, stem, comment)
                except ValueError as error:
                    raise CannotEdit(
                        f"{at} can't be written: YAML can't hold its texts."
                    ) from error
                files = {_join(folder, name): text for name, text in laid_out.items()}
                # A file of that name may be another's, or this one's own from before a rename.
                if all(self.edit.draft.is_free(file) for file in files):
                    break
            for file, text in files.items():
                self.edit.draft.create(file, text)

    def _made(self, resource: Resource) -> Made:
        """The document that the wanted resources make among which one is."""
        root = self.wanted[resource.parent or resource.address]
        kind = all_kinds()[self.types[root.domain].kind]
        if kind.decompile is None:
            raise CannotEdit(f"{root.address} can't be written: {kind.name} has no way back.")
        place = next(iter(kind.decompile([root])))[0]
        if place not in self.made:
            within = (r for at, r in self.wanted.items() if addresses.within(at, place))
            body = whole(kind.name, dict(kind.decompile(within))[place])
            self.made[place] = Made(place, kind, body)
        return self.made[place]


def _in_order(path: Path) -> tuple[tuple[bool, str | int], ...]:
    """A path as one can be sorted: numbers among themselves, and so texts."""
    return tuple((isinstance(step, int), step) for step in path)


def _at(node: Any, path: Path) -> Any:
    for step in path:
        node = node[step]
    return node


def _join(folder: str, name: str) -> str:
    return os.path.normpath(f"{folder}/{name}").replace(os.sep, "/")
