"""CSV: what is accepted reads as Python's ``csv`` reads it, and edits change what they say."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from contextlib import suppress

from hypothesis import assume, given
from hypothesis import strategies as st

from configsync.edit.splice import CannotEdit
from configsync.edit.table import add_row, locate_cell, remove_row, set_cell
from configsync.source.table import read_table

pieces = st.sampled_from([*'ab," é\n\r\u2028\ufeff', '""', "\r\n"])
texts = st.lists(pieces, max_size=30).map("".join)
values = st.one_of(st.none(), st.lists(pieces, min_size=1, max_size=5).map("".join))
ends = st.sampled_from(["\n", "\r\n"])
tables = st.lists(st.tuples(values, values), max_size=5)


def by_python(text: str) -> list[list[str]]:
    return [row for row in csv.reader(io.StringIO(text, newline="")) if row]


def spelled(rows: list[tuple[str | None, str | None]], end: str) -> str:
    """A table with a key, as Python writes it, which leaves CR alone where lines end in LF."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, csv.unix_dialect if end == "\n" else csv.excel)
    writer.writerow(["key", "x", "y"])
    writer.writerows([f"k{number}", *row] for number, row in enumerate(rows))
    return out.getvalue()


@given(texts)
def test_what_is_accepted_reads_as_python_reads_it(text: str) -> None:
    table = read_table("x,y\n" + text, "t.csv")
    lines = text.count("\n") + text.count("\r") + 2
    assert all(d.location and 1 <= d.location.line <= lines for d in table.diagnostics)
    if table.diagnostics:
        return
    header, *rows = by_python("x,y\n" + text)
    wanted = [{k: v for k, v in zip(header, row, strict=True) if v} for row in rows]
    assert table.rows == wanted


@given(tables, ends)
def test_what_python_writes_is_read_and_knows_its_place(
    rows: list[tuple[str | None, str | None]], end: str
) -> None:
    text = spelled(rows, end)
    table = read_table(text, "t.csv")
    assert table.diagnostics == []
    assert table.rows is not None
    assert [(row.get("x"), row.get("y")) for row in table.rows] == rows
    begins = [0, *(end.end() for end in re.finditer("\r\n|[\r\n]", text))]
    for row in table.rows:
        for name, value in row.items():
            _, line, column = row.marks[name]
            there = text[begins[line - 1] + column - 1 :]
            quoted = '"{}"'.format(value.replace('"', '""'))
            assert there.startswith((value, quoted))


@given(tables, st.integers(0, 4), st.sampled_from("xy"), values, ends, st.booleans())
def test_an_edit_changes_what_it_says(
    rows: list[tuple[str | None, str | None]],
    number: int,
    column: str,
    value: str | None,
    end: str,
    ended: bool,
) -> None:
    text = spelled(rows, end)
    text = text if ended else text.removesuffix(end)
    before = read_table(text, "t.csv").rows
    assert before is not None
    added = read_table(add_row(text, {"key": "new", column: value}), "t.csv").rows
    assert added == [*before, {"key": "new"} | ({} if value is None else {column: value})]
    assume(number < len(rows))
    key = {"key": f"k{number}"}
    others = [dict(row) for row in before if row["key"] != key["key"]]
    assert read_table(remove_row(text, key), "t.csv").rows == others
    changed = set_cell(text, key, column, value)
    after = read_table(changed, "t.csv").rows
    assert after is not None
    assert [row for row in after if row["key"] != key["key"]] == others
    assert after[number].get(column) == value
    assert locate_cell(changed, key, column) == after[number].marks[column][1:]


@given(texts, values)
def test_an_edit_of_any_text_gives_a_table_or_is_refused(text: str, value: str | None) -> None:
    edits: list[Callable[[], str]] = [
        lambda: add_row(text, {"a": value}),
        lambda: set_cell(text, {"a": "b"}, "a", value),
        lambda: remove_row(text, {"a": "b"}),
    ]
    for edit in edits:
        with suppress(CannotEdit):
            assert read_table(edit(), "t.csv").rows is not None


def test_python_takes_what_is_refused_here_and_loses_something() -> None:
    """Why quotes are held to the letter: this is what the module makes of two of them."""
    assert by_python('a,b\n1, "2"\n') == [["a", "b"], ["1", ' "2"']]
    assert by_python('a,b\n1,"2\n3,4\n') == [["a", "b"], ["1", "2\n3,4\n"]]
    assert read_table('a,b\n1, "2"\n', "t.csv").rows is None
    assert read_table('a,b\n1,"2\n3,4\n', "t.csv").rows is None
