"""Reading CSV: text to a list of located mappings, or diagnostics.

The first row names the columns, and each further one is a mapping of text. A
cell goes without quotes, or in double quotes with each quote within written
twice; cells are parted by commas, rows by LF, CRLF or CR; lines without
anything are left out. That is RFC 4180 and the dialect ``excel`` of Python's
``csv``: whatever is accepted here, that module reads alike. What it takes
though its meaning is in doubt, as a quote that isn't closed, is refused.

A cell without text is absent: CSV doesn't tell empty text from none. A first
column ``id`` is left out: an export of a table begins with the numbers of its
rows, which a database gives itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location, Related
from configsync.core.document import Map, Mark, Seq
from configsync.source.limits import MAX_NODES, MAX_SCALAR_BYTES

ID = "id"

BYTE_ORDER_MARK = "\ufeff"

_CELL = re.compile(r'(?:"([^"]*+(?:""[^"]*+)*+)"|([^",\r\n]*+))(,|\r\n|[\r\n]|\Z)')
_LINE_END = re.compile(r"\r\n|[\r\n]")
_SHORT = MAX_SCALAR_BYTES // 4
"""Characters that can't be more than `MAX_SCALAR_BYTES`."""


class Cell(NamedTuple):
    """A cell: its text, its place, and how it is written, ``text[start:end]``."""

    value: str
    start: int
    end: int
    line: int
    column: int


@dataclass(slots=True)
class Row:
    """The cells of a row, from where it begins to ``end``, behind what ends its line."""

    cells: list[Cell]
    end: int

    @property
    def blank(self) -> bool:
        """Tell whether nothing stands in its line."""
        return len(self.cells) == 1 and self.cells[0].start == self.cells[0].end


@dataclass(slots=True)
class Table:
    """What a CSV file holds.

    ``rows`` are mappings by the columns' names, those with faults left out;
    None where none can be had. ``nodes`` tells how many rows and cells were read.
    """

    rows: Seq | None = None
    nodes: int = 0
    diagnostics: list[Diagnostic] = field(default_factory=list)


def read_table(text: str, file: str, limit: int = MAX_NODES, *, ids: bool = False) -> Table:
    """Read a table of at most ``limit`` rows and cells; ``file`` is named in every place.

    With ``ids``, a first column ``id`` is one as any other. Never raises for
    what the text holds.
    """
    table = Table()
    text = text.removeprefix(BYTE_ORDER_MARK)
    if "\0" in text:
        before = _LINE_END.split(text[: text.index("\0")])
        where = Location(file, len(before), len(before[-1]) + 1)
        table.diagnostics.append(
            codes.BAD_CHARACTER.at(
                where, f"{file} holds NUL, which can't be stored", help="Remove it."
            )
        )
        return table
    try:
        _read(text, file, limit, ids, table)
    except CsvFault as fault:
        table.nodes = max(table.nodes, fault.nodes)
        table.diagnostics.append(fault.diagnostic)
    return table


class CsvFault(Exception):
    """What lies behind can't be read with certainty; ``nodes`` were read before."""

    def __init__(self, diagnostic: Diagnostic, nodes: int = 0) -> None:
        super().__init__(diagnostic.summary)
        self.diagnostic = diagnostic
        self.nodes = nodes


def split_rows(text: str, file: str, limit: int = MAX_NODES) -> Iterator[Row]:
    """The rows of a text that begins with no byte order mark, the header first.

    Raises `CsvFault` at a quote whose meaning is in doubt, or behind ``limit``
    rows and cells.
    """
    at = begin = nodes = 0
    line = 1
    cells: list[Cell] = []
    while True:
        match = _CELL.match(text, at)
        if match is None:
            where = Location(file, line, at - begin + 1)
            raise CsvFault(_quote_fault(text, at, where), nodes)
        quoted, plain, sign = match.groups()
        value = plain if quoted is None else quoted.replace('""', '"')
        cells.append(Cell(value, at, match.start(3), line, at - begin + 1))
        nodes += 1 if sign == "," else 2
        if nodes > limit:
            raise CsvFault(_too_many(file, cells[0]), nodes)
        for end in _LINE_END.finditer(quoted or ""):
            line += 1
            begin = at + 1 + end.end()
        at = match.end()
        if sign == ",":
            continue
        yield Row(cells, at)
        if at == len(text):
            return
        line += 1
        begin = at
        cells = []


def _quote_fault(text: str, at: int, where: Location) -> Diagnostic:
    """Why no cell can be read at a place."""
    twice = 'A quote within quotes is written twice: "say ""yes""".'
    if text[at] != '"':
        column = where.column + text.index('"', at) - at
        return codes.CSV_QUOTE.at(
            Location(where.file, where.line, column),
            "a quote stands in a cell that doesn't begin with one",
            twice,
            help="Put the whole cell into quotes, without a blank before, and write these twice.",
        )
    closed = re.compile(r'"[^"]*+(?:""[^"]*+)*+"').match(text, at)
    if closed is None:
        return codes.CSV_QUOTE.at(
            where,
            "a cell begins with a quote that isn't closed",
            twice,
            help="Close it at the end of the cell.",
        )
    lines = _LINE_END.split(closed[0])
    column = len(lines[-1]) + (where.column if len(lines) == 1 else 1)
    return codes.CSV_QUOTE.at(
        Location(where.file, where.line + len(lines) - 1, column),
        "text stands behind the quote that ends a cell",
        twice,
        help="Write quotes within the cell twice, and a comma behind it.",
    )


def _read(text: str, file: str, limit: int, ids: bool, table: Table) -> None:
    rows = _written(text, file, limit, table)
    header = next(rows, None)
    if header is None:
        raise CsvFault(
            codes.EMPTY.at(
                Location(file, 1, 1),
                f"{file} is empty",
                help="Write the names of its columns in the first line, and rows below.",
            )
        )
    width = len(header.cells)
    table.diagnostics += _header_faults(header.cells, file)
    if table.diagnostics:
        return
    columns = {c.value: (file, c.line, c.column) for c in header.cells}
    skip = int(not ids and width > 1 and header.cells[0].value == ID)
    if skip:
        del columns[ID]
    found = Seq((file, 1, 1), columns)
    uneven = False
    for row in rows:
        if len(row.cells) == width:
            node = _mapping(row.cells[skip:], columns, (file, *row.cells[0][3:]), table)
            found.put(node, node.mark)
        else:
            uneven = True
            table.diagnostics.append(_uneven(row.cells, width, file))
    if found or not uneven:
        table.rows = found


def _written(text: str, file: str, limit: int, table: Table) -> Iterator[Row]:
    """The rows in which something stands, all of them counted."""
    for row in split_rows(text, file, limit):
        table.nodes += 1 + len(row.cells)
        if not row.blank:
            yield row


def _mapping(cells: list[Cell], columns: dict[str, Mark], mark: Mark, table: Table) -> Map:
    """The mapping of one row; an empty cell has a place, and no value."""
    node = Map(mark)
    # Of all rows the same: nobody adds a key to one of them.
    node.key_marks = columns
    for cell, name in zip(cells, columns, strict=True):
        node.marks[name] = (mark[0], cell.line, cell.column)
        if cell.value:
            node[name] = cell.value
            if len(cell.value) >= _SHORT and len(cell.value.encode()) > MAX_SCALAR_BYTES:
                where = Location(*node.marks[name])
                table.diagnostics.append(
                    codes.SCALAR_TOO_LONG.at(where, f"{name} is longer than 256 KiB")
                )
    return node


def _header_faults(header: list[Cell], file: str) -> Iterator[Diagnostic]:
    """What is wrong with the names of the columns."""
    first: dict[str, Location] = {}
    unnamed = [cell for cell in header if not cell.value.strip()]
    if unnamed:
        number = header.index(unnamed[0]) + 1
        yield codes.CSV_COLUMN.at(
            Location(file, unnamed[0].line, unnamed[0].column),
            f"column {number} has no name"
            if len(unnamed) == 1
            else f"column {number} and {len(unnamed) - 1} more have no name",
            "The first line names each column.",
            help="Name it, or remove the column." if len(unnamed) == 1 else "Name or remove them.",
        )
    for cell in header:
        name, where = cell.value, Location(file, cell.line, cell.column)
        if name.startswith("$"):
            yield codes.CSV_COLUMN.at(
                where,
                f"a column is named {name}",
                "Such names are kept for references; a cell is text as it stands.",
                help="Give it another name.",
            )
        elif len(header) == 1 and (sign := re.search(r"[;\t]", name)):
            shown = "tabs" if sign[0] == "\t" else "semicolons"
            yield codes.CSV_SEPARATOR.at(
                where,
                f"the columns are parted by {shown}, not by commas",
                help="Save the file with commas between its cells.",
            )
        elif name in first and name.strip():
            yield codes.CSV_COLUMN_TWICE.at(
                where,
                f"the column {name} stands twice",
                help="Remove one of the two.",
                related=(Related("it stands here first", first[name]),),
            )
        first.setdefault(name, where)


def _uneven(cells: list[Cell], wanted: int, file: str) -> Diagnostic:
    many = len(cells) > wanted
    place = cells[wanted] if many else cells[0]
    number = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
    return codes.CSV_ROW.at(
        Location(file, place.line, place.column),
        f"the row has {number}, and the header {wanted}",
        help="Put a cell that holds a comma into quotes."
        if many
        else "Write a comma for each cell that is empty.",
    )


def _too_many(file: str, cell: Cell) -> Diagnostic:
    return codes.TOO_MANY_NODES.at(
        Location(file, cell.line, cell.column),
        f"the tables of one file have more than {MAX_NODES:,} rows and cells",
        help="Split the table, and refer to each part from a file of its own.",
    )
