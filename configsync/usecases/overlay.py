"""Overlay: edit a target's overlay so that the source compiles to a wanted state there alone."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import chain, count
from typing import Any

from configsync.core.diagnostic import Diagnostic
from configsync.core.document import Document, Mark, Path
from configsync.core.kind import Compiled
from configsync.core.resource import Resource, State
from configsync.core.values import Json, equal
from configsync.edit.emit import file_stems
from configsync.edit.splice import CannotEdit
from configsync.kinds import resource_types
from configsync.source.layers import find_in
from configsync.source.project import Target
from configsync.usecases.editing import Editing
from configsync.usecases.import_ import whole
from configsync.usecases.made import Made
from configsync.usecases.rewrite import ROUNDS, differing
from configsync.usecases.sites import REMOVED, Layered, Sites
from configsync.usecases.tables import refuse_table


def rewrite_overlay(
    edit: Editing, target: Target, like: Target, desired: State, wanted: State
) -> list[Diagnostic]:
    """Draft the edits of a target's overlay after which the source compiles to ``wanted``.

    ``desired`` is what it compiles to now, without errors. A text that ``like``,
    another target, has in a file gets a file of its own in the overlay too.
    Returns the errors that the target would have. Writes nothing. Raises
    CannotEdit where the overlay can't say what is wanted.
    """
    left = list(differing(desired, wanted))
    problems: list[Diagnostic] = []
    for number in range(ROUNDS):
        if not left or (number and any(before is None for _, before, _ in left)):
            # What has no resources after an edit is a document that can't be compiled.
            break
        work = _Patching(edit, target, like, wanted)
        for at, before, after in left:
            work.carry_out(at, before, after)
        found = edit.validate(target)
        problems = list(found.errors)
        left = list(differing(found.desired, wanted))
    if left and not problems:
        raise CannotEdit(
            f"{left[0][0]}: the overlay of {target.name} can't say what is wanted. "
            "Change it by hand."
        )
    _drop_empty(edit, target)
    return problems


def _drop_empty(edit: Editing, target: Target) -> None:
    """Take away the patches that an edit has left without anything to say."""
    for patch in edit.patches:
        if edit.is_overlay(patch, target) and patch.file in edit.draft.after:
            left = edit.again(patch).body
            if not left.get("spec") and patch.body.get("spec") and len(left["metadata"]) == 1:
                edit.drop(patch)


class _Patching:
    """One round of edits.

    Documents are those of the source; each has its patch in the overlay. ``like``
    has the sites of the other target, ``below`` those without the overlay.
    """

    def __init__(self, edit: Editing, target: Target, like: Target, wanted: State) -> None:
        self.edit = edit
        self.target = target
        self.wanted = wanted
        self.types = resource_types()
        self.sites = Sites(edit, target)
        self.lists: set[tuple[Mark, Path]] = set()
        self.like = Sites(edit, like)
        self.below = Sites(edit, replace(target, overlay=None))

    def carry_out(self, at: str, before: Resource | None, after: Resource | None) -> None:
        """Make what the source compiles to at an address another one."""
        resource = after or before
        assert resource is not None
        document = self.like.document(resource.root) or self.sites.document(resource.root)
        if document is None:
            raise CannotEdit(f"{at}: no document defines it. Change it by hand.")
        one = self.sites.of_document(document)
        patch = self.edit.patch(document, self.target)
        if after is None:
            self._remove(one, patch, at)
        elif before is None or self.types[after.domain].settle is not None:
            self._put_row(one, patch, at)
        else:
            for column in after.differing(before):
                self._set(one, patch, at, column, after.values[column])

    def _set(self, one: Layered, patch: Document, at: str, column: str, value: Json) -> None:
        """Give a column of a row another value."""
        below = self.below.of_document(one.document)
        row = below.rows.get(at)
        there = row is not None and equal(row.values[column], value)
        if there and self._take(below, patch, below.path(at, column)):
            return
        text = self._text(one, at, column) if isinstance(value, str) else None
        if value is None:
            value = dict(REMOVED)
        elif text is not None:
            value = {"$file": self._file_of_its_own(patch, text, str(value))}
        self._put(one, patch, one.path(at, column), value)

    def _put_row(self, one: Layered, patch: Document, at: str) -> None:
        """Add a row, or write the one that is there anew."""
        below = self.below.of_document(one.document)
        row = below.rows.get(at)
        if row and self._is_wanted(at, row) and self._take(below, patch, row.path):
            return
        made = self._made(one)
        path = made.rows[at].path
        value = _at(made.body, path)
        if isinstance(path[-1], int):
            if not _keyed(one, path[:-1]):
                self._put_list(one, patch, path[:-1])
                return
            path = (*path[:-1], len(one.merged.get(path[:-1]) or ()))
        self._put(one, patch, path, value)

    def _remove(self, one: Layered, patch: Document, at: str) -> None:
        """Take a row away."""
        path = one.rows[at].path
        if isinstance(path[-1], int) and not _keyed(one, path[:-1]):
            self._put_list(one, patch, path[:-1])
            return
        below = at in self.below.of_document(one.document).rows
        # What isn't below, and not in this patch, is in that of a base.
        if below or not self._take(one, patch, path):
            self._put(one, patch, path, dict(REMOVED))

    def _is_wanted(self, at: str, row: Compiled) -> bool:
        wanted = self.wanted[at].values
        return all(equal(row.values[name], value) for name, value in wanted.items())

    def _take(self, one: Layered, patch: Document, path: Path) -> bool:
        """Take out what the patch says of a path of a merged document; tell whether it did."""
        patch = self.edit.again(patch)
        where = find_in(patch, path, one.merged, one.kind.list_keys)
        if where is None:
            return False
        # What it leaves empty goes too, but for the document's own parts.
        while len(where) > 2 and len(patch.get(where[:-1])) == 1:
            where = where[:-1]
        self.edit.remove(patch, where)
        return True

    def _put_list(self, one: Layered, patch: Document, path: Path) -> None:
        """Write a list whose items have no key, once: one layer has all of it."""
        if (patch.body.mark, path) in self.lists:
            return
        self.lists.add((patch.body.mark, path))
        below = self.below.of_document(one.document)
        wanted = {at for at in self._rows(one) if at in self.wanted}
        there = wanted == below.rows.keys()
        if not there or not self._take(below, patch, path):
            self._put(one, patch, path, _at(self._made(one).body, path))

    def _put(self, one: Layered, patch: Document, path: Path, value: Json) -> None:
        """Put a value at a path of the merged document into the patch."""
        patch = self.edit.again(patch)
        refuse_table(patch, path)
        where, value = one.way_into(patch, path, value)
        self.edit.put(patch, where, value)

    def _text(self, one: Layered, at: str, column: str) -> str | None:
        """The file in which the other target has the text of a column, if it has one."""
        like = self.like.of_document(one.document)
        sites = like.sites(like.path(at, column)) if at in like.rows else []
        return sites[0].text if sites else None

    def _file_of_its_own(self, patch: Document, like: str, text: str) -> str:
        """Write a text beside a patch; returns how that refers to it."""
        folder, name = os.path.dirname(patch.file), patch.name or ""
        stem, suffix = os.path.splitext(os.path.basename(like))
        stem = f"{file_stems({name: name})[name]}/{stem}"
        names = chain([f"{stem}{suffix}"], (f"{stem}-{n}{suffix}" for n in count(2)))
        reference = next(n for n in names if self.edit.draft.is_free(f"{folder}/{n}"))
        self.edit.draft.create(f"{folder}/{reference}", text)
        return reference

    def _rows(self, one: Layered) -> set[str]:
        """The addresses that a document has, for either target or without the overlay."""
        others = (s.of_document(one.document).rows for s in (self.like, self.below))
        return set(one.rows).union(*others)

    def _made(self, one: Layered) -> Made:
        """A document as it would be written whole, with the rows that are wanted of it."""
        resources = [self.wanted[at] for at in sorted(self._rows(one)) if at in self.wanted]
        if one.kind.decompile is None or not resources:
            raise CannotEdit(f"{self.edit.called(one.document)}: change it by hand.")
        place, body = next(iter(one.kind.decompile(resources)))
        return Made(place, one.kind, whole(one.kind.name, body))


def _keyed(one: Layered, path: Path) -> bool:
    """Tell whether the items of a list merge by a key."""
    return tuple(str(step) for step in path) in one.kind.list_keys


def _at(node: Any, path: Path) -> Any:
    for step in path:
        node = node[step]
    return node
