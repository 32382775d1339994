"""Reading CSV: rows as located mappings, and what is refused."""

from __future__ import annotations

import pytest

from configsync.core.document import Document, Map, Seq
from configsync.source.limits import MAX_NODES, MAX_SCALAR_BYTES
from configsync.source.table import read_table


def rows(text: str) -> list[dict[str, str]]:
    table = read_table(text, "rules.csv")
    assert table.diagnostics == []
    assert table.rows is not None
    return [dict(row) for row in table.rows]


def findings(text: str) -> list[str]:
    """The code, place and summary of each finding."""
    found = read_table(text, "rules.csv").diagnostics
    return [f"{d.code} {d.location.line}:{d.location.column} {d.summary}" for d in found]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n", [{"a": "1", "b": "2"}]),
        ("a,b\r\n1,2\r\n", [{"a": "1", "b": "2"}]),
        ("a,b\r1,2", [{"a": "1", "b": "2"}]),
        ("\ufeffa,b\n1,2\n", [{"a": "1", "b": "2"}]),
        ('"a","b"\n"1,2","say ""yes"""\n', [{"a": "1,2", "b": 'say "yes"'}]),
        ('a\n"1\r\n2\n"\n', [{"a": "1\r\n2\n"}]),
        ("a,b\n 1 ,\t\n", [{"a": " 1 ", "b": "\t"}]),
        # Nothing within a cell has a meaning.
        ("a,b\n=1+1,{x}\n${y},\ufeff\x01\u2028é\n", None),
        # CSV doesn't tell empty text from none.
        ('a,b\n,""\n', [{}]),
        ("\n\na,b\n\n1,2\n\r\n\n", [{"a": "1", "b": "2"}]),
        ('a\n1\n\n""\n', [{"a": "1"}, {}]),
        ("a,b", []),
    ],
)
def test_cells_arrive_to_the_byte(text: str, expected: list[dict[str, str]] | None) -> None:
    if expected is None:
        expected = [{"a": "=1+1", "b": "{x}"}, {"a": "${y}", "b": "\ufeff\x01\u2028é"}]
    assert rows(text) == expected


def test_every_cell_knows_its_place() -> None:
    text = '\ufeffname,text\n"a","1\n2"\n\nb,\r\n"c\r""d",é\n'
    found = read_table(text, "rules.csv").rows
    assert isinstance(found, Seq)
    body = Map(("a.yaml", 1, 1))
    body.put("rules", found, ("a.yaml", 1, 1), ("a.yaml", 1, 8))
    document = Document("Rules", body)

    def place(*path: str | int, key: bool = False) -> str:
        return str(document.locate(("rules", *path), key=key))

    assert place(0) == place(0, "name") == "rules.csv:2:1"
    assert place(0, "text") == "rules.csv:2:5"
    assert place(1, "name") == "rules.csv:5:1"
    # An empty cell has a place, though no value.
    assert place(1, "text") == "rules.csv:5:3"
    assert place(2, "name") == "rules.csv:6:1"
    assert place(2, "text") == "rules.csv:7:6"
    assert place(2, "text", key=True) == "rules.csv:1:6"
    assert place(2, "other") == "rules.csv:6:1"
    assert place() == "a.yaml:1:8"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "CS104 1:1 rules.csv is empty"),
        ("\ufeff\n\r\n", "CS104 1:1 rules.csv is empty"),
        ('a,b\n1,"2', "CS181 2:3 a cell begins with a quote that isn't closed"),
        ('a,b\n"1\n2,3\n', "CS181 2:1 a cell begins with a quote that isn't closed"),
        ('a,b\n1,"2"3\n', "CS181 2:6 text stands behind the quote that ends a cell"),
        ('a\n"1\n22"3\n', "CS181 3:4 text stands behind the quote that ends a cell"),
        ('a,b\n1, "2"\n', "CS181 2:4 a quote stands in a cell that doesn't begin with one"),
        ('a,"b\n1,2\n', "CS181 1:3 a cell begins with a quote that isn't closed"),
        ("a,,c\n1,2,3\n", "CS182 1:3 column 2 has no name"),
        ("a,b, ,\n", "CS182 1:5 column 3 and 1 more have no name"),
        ("$file,b\n", "CS182 1:1 a column is named $file"),
        ("a,b,a\n1,2,3\n", "CS183 1:5 the column a stands twice"),
        ("a,b\n1\n", "CS184 2:1 the row has 1 cell, and the header 2"),
        ("a,b\n1,2,3,4\n", "CS184 2:5 the row has 4 cells, and the header 2"),
        ("a;b;c\n1;2;3\n", "CS185 1:1 the columns are parted by semicolons, not by commas"),
        ("a\tb\n1\t2\n", "CS185 1:1 the columns are parted by tabs, not by commas"),
        ("a\n1\n\0\n", "CS116 3:1 rules.csv holds NUL, which can't be stored"),
    ],
)
def test_what_is_in_doubt_is_refused_where_it_stands(text: str, expected: str) -> None:
    assert findings(text) == [expected]


def test_rows_that_are_whole_are_read_beside_others() -> None:
    table = read_table("a,b\n1\n2,3\n4,5,6\n", "rules.csv")
    assert [d.code for d in table.diagnostics] == ["CS184", "CS184"]
    assert table.rows == [{"a": "2", "b": "3"}]
    assert read_table("a,b\n1\n", "rules.csv").rows is None


def test_only_a_first_column_id_is_left_out() -> None:
    assert rows("id,a\n7,x\n") == [{"a": "x"}]
    assert rows("a,id\nx,7\n") == [{"a": "x", "id": "7"}]
    assert read_table("id,a\n7,x\n", "rules.csv", ids=True).rows == [{"id": "7", "a": "x"}]
    assert rows("id\n7\n") == [{"id": "7"}]


def test_limits_are_those_of_yaml() -> None:
    assert len(rows("a\n" + "x\n" * (MAX_NODES // 2 - 1))) == MAX_NODES // 2 - 1
    assert findings("a\n" + "x\n" * (MAX_NODES // 2)) == [
        f"CS113 {MAX_NODES // 2 + 1}:1 the tables of one file have more than 100,000 rows and cells"
    ]
    assert findings("," * MAX_NODES)[0].startswith("CS113 1:1 ")
    assert rows("a\n" + "é" * (MAX_SCALAR_BYTES // 2)) != []
    assert findings("a\n\n" + "é" * (MAX_SCALAR_BYTES // 2) + ".") == [
        "CS111 3:1 a is longer than 256 KiB"
    ]
