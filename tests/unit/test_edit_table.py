"""Edits of CSV text: the cell or row that is meant, and not a character besides."""

from __future__ import annotations

import pytest

from configsync.edit.splice import CannotEdit
from configsync.edit.table import add_row, locate_cell, remove_row, set_cell

TEXT = '\ufeffid,name,words,note\r\n1,a,"x,y",first\r\n\r\n2,"b",,"say ""yes""\nor no"\r\n'
A, B = {"name": "a"}, {"name": "b"}


@pytest.mark.parametrize(
    ("key", "column", "value", "old", "new"),
    [
        (A, "note", "second", ",first", ",second"),
        (A, "note", 'a "b"', ",first", ',"a ""b"""'),
        (A, "note", " =1+1\t", ",first", ", =1+1\t"),
        (A, "note", None, ",first", ","),
        # A cell that has quotes keeps them.
        (A, "words", "z", '"x,y"', '"z"'),
        (A, "words", "1\r2", '"x,y"', '"1\r2"'),
        (B, "words", "z", ",,", ",z,"),
        (B, "note", None, ',"say ""yes""\nor no"', ","),
    ],
)
def test_a_cell_is_set(key: dict[str, str], column: str, value: str, old: str, new: str) -> None:
    assert TEXT.count(old) == 1
    assert set_cell(TEXT, key, column, value) == TEXT.replace(old, new)


def test_a_row_is_added_behind_the_last() -> None:
    row = {"name": "c", "note": "1,2", "words": None}
    assert add_row(TEXT, row) == TEXT + ',c,,"1,2"\r\n'
    assert add_row(TEXT.rstrip() + "\r\n\n\n", row) == TEXT + ',c,,"1,2"\r\n\n\n'
    # What doesn't end in a line's end doesn't then.
    assert add_row("a,b", {"a": "x"}) == "a,b\nx,"
    assert add_row("a,b\r\n1,2", {"b": "x"}) == "a,b\r\n1,2\r\n,x"


def test_a_row_is_removed() -> None:
    first, second = '1,a,"x,y",first\r\n', '2,"b",,"say ""yes""\nor no"\r\n'
    assert remove_row(TEXT, A) == TEXT.replace(first, "")
    assert remove_row(TEXT, B) == TEXT.replace(second, "")
    assert remove_row(remove_row(TEXT, A), B) == TEXT.replace(first, "").replace(second, "")
    assert remove_row("a\n1\n2", {"a": "2"}) == "a\n1\n"


def test_a_cell_is_located() -> None:
    assert locate_cell(TEXT, B, "note") == (4, 8)


@pytest.mark.parametrize(
    ("text", "change", "said"),
    [
        (TEXT, lambda t: set_cell(t, {"name": "c"}, "note", "x"), "no row with name c"),
        (TEXT, lambda t: set_cell(t, A, "notes", "x"), "no column notes"),
        (TEXT, lambda t: set_cell(t, A, "note", ""), "doesn't tell from none"),
        (TEXT, lambda t: set_cell(t, A, "note", 1), "a cell holds text"),
        (TEXT, lambda t: set_cell(t, A, "note", "a\0b"), "read as something else"),
        (TEXT, lambda t: set_cell(t, A, "id", "3"), "no column id"),
        (TEXT, lambda t: add_row(t, {"name": "c", "other": "x"}), "no column other"),
        (TEXT, lambda t: remove_row(t, {"name": "c"}), "no row with name c"),
        ('a\n"1\n', lambda t: remove_row(t, {"a": "1"}), "isn't closed in line 2. Mend that first"),
        ("a,b\n1\n", lambda t: add_row(t, {"a": "1"}), "the header 2 in line 2. Mend that first"),
    ],
)
def test_what_a_table_cannot_hold_is_refused(text: str, change: object, said: str) -> None:
    assert callable(change)
    with pytest.raises(CannotEdit, match=said):
        change(text)
