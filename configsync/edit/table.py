"""Edits of CSV text that touch nothing but a cell or a row, each read back before it counts.

A row is found by the texts of its key columns, so that it is the same one after
other rows came or went. Cells keep their quotes, lines their ends.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from configsync.core.values import type_name
from configsync.edit.splice import CannotEdit
from configsync.source.table import BYTE_ORDER_MARK, Cell, Row, read_table, split_rows

_BY_HAND = "Change it by hand."
_SPECIAL = re.compile(r'[",\r\n]')

Key = Mapping[str, str]
"""The texts of the columns by which a row is found."""


def set_cell(text: str, key: Key, column: str, value: Any) -> str:
    """Return ``text`` with another value in a column of the row with a key; None empties it.

    Raises CannotEdit if the text is no table, has no such row or column, or if
    CSV can't hold the value.
    """
    table = _Table(text)
    number = table.find(key)
    cell = table.cell(number, column)
    quoted = table.body[cell.start : cell.end].startswith('"')
    row = {k: v for k, v in {**table.data[number], column: value}.items() if v is not None}
    expected = [*table.data[:number], row, *table.data[number + 1 :]]
    return table.checked(cell.start, cell.end, _write(column, value, quoted=quoted), expected)


def add_row(text: str, values: Mapping[str, Any]) -> str:
    """Return ``text`` with a row of these values behind its last one; None is an empty cell.

    Raises CannotEdit as `set_cell` does.
    """
    table = _Table(text)
    names = [cell.value for cell in table.header.cells]
    row = {name: value for name, value in values.items() if value is not None}
    for name in row:
        table.require(name)
    cells = [_write(name, row.get(name)) for name in names]
    last = (table.rows or [table.header])[-1]
    end = table.line_end(table.header) or "\n"
    ended = table.line_end(last)
    line = ",".join(cells)
    new = line + end if ended else end + line
    return table.checked(last.end, last.end, new, [*table.data, row])


def remove_row(text: str, key: Key) -> str:
    """Return ``text`` without the line, or lines, of the row with a key.

    Raises CannotEdit as `set_cell` does.
    """
    table = _Table(text)
    number = table.find(key)
    row = table.rows[number]
    expected = table.data[:number] + table.data[number + 1 :]
    return table.checked(row.cells[0].start, row.end, "", expected)


def locate_cell(text: str, key: Key, column: str) -> tuple[int, int]:
    """The line and column at which the value of a column of a row stands.

    Raises CannotEdit as `set_cell` does.
    """
    table = _Table(text)
    cell = table.cell(table.find(key), column)
    return cell.line, cell.column


class _Table:
    """A table's text: its rows as they are written, and what they hold."""

    def __init__(self, text: str) -> None:
        self.mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
        self.body = text.removeprefix(BYTE_ORDER_MARK)
        read = read_table(text, "")
        if read.diagnostics or read.rows is None:
            fault = read.diagnostics[0]
            line = f" in line {fault.location.line}" if fault.location else ""
            raise CannotEdit(f"{fault.summary}{line}. Mend that first.")
        self.columns = list(read.rows.columns or ())
        self.data: list[dict[str, Any]] = [dict(row) for row in read.rows]
        self.header, *self.rows = (r for r in split_rows(self.body, "") if not r.blank)

    def find(self, key: Key) -> int:
        """The index of the row with a key, the first where there are several."""
        for number, row in enumerate(self.data):
            if all(row.get(name) == value for name, value in key.items()):
                return number
        shown = ", ".join(f"{name} {value}" for name, value in key.items())
        raise CannotEdit(f"the table has no row with {shown}. {_BY_HAND}")

    def cell(self, number: int, column: str) -> Cell:
        """The cell of a row in a column."""
        self.require(column)
        names = [cell.value for cell in self.header.cells]
        return self.rows[number].cells[names.index(column)]

    def require(self, column: str) -> None:
        """Raise CannotEdit if the table doesn't have a column."""
        if column not in self.columns:
            raise CannotEdit(f"the table has no column {column}. Add it to the first line first.")

    def line_end(self, row: Row) -> str:
        """What ends a row's line; nothing if the text ends with it."""
        return self.body[row.cells[-1].end : row.end]

    def checked(self, start: int, end: int, new: str, expected: list[dict[str, Any]]) -> str:
        """The text with a part replaced, if it reads as expected. Raises CannotEdit."""
        result = self.mark + self.body[:start] + new + self.body[end:]
        read = read_table(result, "")
        rows = [] if read.rows is None else [dict(row) for row in read.rows]
        if read.diagnostics or rows != expected:
            raise CannotEdit(f"the table would be read as something else. {_BY_HAND}")
        return result


def _write(column: str, value: Any, *, quoted: bool = False) -> str:
    """How a cell with a value is written."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise CannotEdit(f"{column} is to be {type_name(value)}, and a cell holds text. {_BY_HAND}")
    if not value:
        raise CannotEdit(
            f"{column} is to be empty text, which CSV doesn't tell from none. {_BY_HAND}"
        )
    if quoted or _SPECIAL.search(value):
        return '"{}"'.format(value.replace('"', '""'))
    return value
