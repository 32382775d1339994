"""Edits of the CSV files that documents refer to, in a draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from configsync.core.diagnostic import Location
from configsync.core.document import Document, Path, reference_of, show_path
from configsync.edit.splice import CannotEdit
from configsync.edit.table import add_row, locate_cell, remove_row, set_cell
from configsync.usecases.editing import Editing, saying
from configsync.usecases.sites import Site


@dataclass(frozen=True, slots=True)
class CellPlace:
    """A column of the row with a key, in a CSV file of the project."""

    file: str
    key: Mapping[str, str]
    column: str


def set_in_table(
    edit: Editing, site: Site, key: Mapping[str, str], column: str, value: Any
) -> CellPlace:
    """Give a column of the row with a key another value, in the table that a site names.

    Raises CannotEdit where CSV can't hold it.
    """
    file = _change(edit, site, lambda text: set_cell(text, key, column, value))
    return CellPlace(file, key, column)


def remove_from_table(edit: Editing, site: Site, key: Mapping[str, str]) -> None:
    """Remove the row with a key from the table that a site names. Raises CannotEdit."""
    _change(edit, site, lambda text: remove_row(text, key))


def add_to_table(edit: Editing, site: Site, values: Mapping[str, Any]) -> None:
    """Add a row behind the others of the table that a site names.

    Raises CannotEdit where CSV can't hold it, or the table lacks a column.
    """
    _change(edit, site, lambda text: add_row(text, values))


def locate_in_table(edit: Editing, place: CellPlace) -> Location:
    """Where a cell stands in the file as it becomes."""
    return Location(place.file, *locate_cell(edit.draft.text(place.file), place.key, place.column))


def refuse_table(layer: Document, path: Path) -> None:
    """Raise CannotEdit if a layer has a table where a path leads into."""
    for end in range(len(path) + 1):
        reference = reference_of(layer.get(path[:end]))
        if reference is not None and reference[0] == "$csv":
            raise CannotEdit(
                f"{layer.locate(path[:end])}: {show_path(path[:end])} is the table {reference[1]}, "
                "which can't hold this beside what a layer below has. Change it by hand."
            )


def _change(edit: Editing, site: Site, change: Callable[[str], str]) -> str:
    """Edit the table that a site names; returns its file."""
    assert site.table is not None
    file = edit.text_file(site.layer, site.path, site.table)
    with saying(file):
        edit.draft.put(file, change(edit.draft.text(file)))
    return file
