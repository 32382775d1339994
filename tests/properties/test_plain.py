"""The quick reader gives what the strict one gives, places included, or nothing.

``--times 400`` tries a million random texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from configsync.core.document import Map, Seq
from configsync.source.limits import MAX_DEPTH
from configsync.source.plain import read_plain
from configsync.source.strict import read_strictly
from tests.properties.test_fuzz import PIECES, SEEDS, mutate
from tests.test_generated_invalid import CASES
from tests.times import examples

REPOSITORY = Path(__file__).parents[2]
INPUTS = examples(2500)

DOCUMENT = """\
# configsync
apiVersion: configsync/v1
kind:   Profile # of many

metadata:
  name: a-b_c.d
  labels: {team: "x y", stage: 'z', n: 0.70, $file: a/b.md}
  notes:
  - one
  - -2
  - "three" # 3
  uses: [a/b, "x, y", 'z', 0.70, c d] # e
  none: []
spec:
  on: true
  at: 12:30 is a:b #x
  prompts:
    system: |

      - Make {x}: "at # most"

        more \u2013 \u00dc
    other: |-
      end

  spaces:
    -   id: 1e3
        name: a ~
    - id: null
      in: {a: b}
"""

ODD = (
    *(" ", "  ", "\n", "\t", "\r", "#", " #", ":", ": ", "- ", "-", "?", "? ", ",", "{", "}", "["),
    *("]", "&a ", "*a", "!", "!!str ", "|", "|2", ">", "'", '"', "\\", "%", "@", "`", "~", "<<"),
    *("---", "...", "\0", "\x7f", "\x85", "\xa0", "\xad", "\u2028", "\ufeff", "\ud800", "0", "."),
    *("+", "=", "_", "$", "/", "a", "\u00fc", "\U0001f600", "\uffff", "0o7", ".inf", "1e999"),
)
INDENTS = ("", " ", "  ", "    ", "      ", "- ", "  - ", "    - ", "-   ", "-", "  -")
KEYS = ("a: ", "c:", "e:  ", "$f: ", "long.name/x-y: ", "", "- ", "é: ", "'q': ", "two words: ")
VALUES = (
    *("", "", "", "x", "two words", "a:b", "a #b", "a#b", "0.5", "-1", "- x", "-x", "null", "true"),
    *('"q"', "'q'", '"q" # c', '"q"#c', '"a\\n"', "'it''s'", "# c", "|", "|-", "|+", "| # c", ">"),
    *("{a: b}", "{a: b, a: c}", "{a: {b: c}}", "{}", "{a: b } ", "{a: 'x, y', b: 1}"),
    *("[]", "[a]", "[a, 0.5]", "[a,b]", "['x, y', \"z\"]", "[a, ]", "[a: b]", "[[a]]", "[a b] # c"),
    *(
        "{a: b} c",
        '"q" c',
        "x: y",
        "x :y",
        "?",
        "*x",
        "&x y",
        "!t x",
        "...",
        "---",
        "~",
        "<<",
        "=x",
    ),
    *("x  ", "   ", "1_000", "0777", "0x1F", ".5", "12345678901234567890", "Ünlaut – “x”", "x ,y]"),
)


def whole(node: Any) -> Any:
    """A node with its types and all of its marks, to compare."""
    if isinstance(node, Map):
        assert list(node) == list(node.key_marks) == list(node.marks)
        entries = [(k, whole(v), node.key_marks[k], node.marks[k]) for k, v in node.items()]
        return (Map, node.mark, entries)
    if isinstance(node, Seq):
        return (Seq, node.mark, [whole(item) for item in node], node.marks)
    return (type(node), node)


def agree(text: str) -> bool:
    """Assert that both readers agree; tells whether the quick one read the text."""
    quick = read_plain(text, "a.yaml")
    if quick is None:
        return False
    strict = read_strictly(text, "a.yaml")
    assert strict.diagnostics == [], text
    assert strict.marks == [quick.mark], text
    assert [whole(root) for root in strict.roots] == [whole(quick)], text
    allowing = read_strictly(text, "a.yaml", aliases=True)
    assert [whole(root) for root in allowing.roots] == [whole(quick)], text
    return True


def test_documents_of_every_kind_read_the_same() -> None:
    files = [f for f in REPOSITORY.rglob("*.y*ml") if ".venv" not in f.parts]
    texts = [f.read_bytes().decode(errors="surrogateescape") for f in files]
    texts += [case.text for case in CASES]
    assert sum(map(agree, texts)) > 300


def edits(text: str) -> Iterator[str]:
    """The text with any one character, or a few, added, replaced or removed."""
    for at, odd in product(range(len(text) + 1), ODD):
        yield text[:at] + odd + text[at:]
        yield text[:at] + odd + text[at + 1 :]
    for at, length in product(range(len(text)), (1, 2, 3, 5, 8, 20)):
        yield text[:at] + text[at + length :]


def test_any_one_change_of_a_plain_document_reads_the_same() -> None:
    assert agree(DOCUMENT)
    tried = list(edits(DOCUMENT))
    tried = Random(0).sample(tried, min(INPUTS, len(tried)))
    assert sum(map(agree, tried)) > len(tried) // 10


def lines(random: Random) -> Iterator[str]:
    """Lines of entries: mostly such as may follow each other, of common forms and of odd ones."""
    column, nested = 0, False
    for key in random.sample("abcdefghij", random.randrange(1, 10)):
        if nested:
            column += random.choice((0, 2, 2, 2, 4))
        elif random.random() < 0.3:
            column = max(0, column - random.choice((2, 2, 4, 6)))
        dash = random.choice(("- ", "- ", "-   ")) if random.random() < 0.2 else ""
        name = random.choice(KEYS) if random.random() < 0.05 else f"{key}: "
        nested = random.random() < 0.3
        odd = random.random() < 0.1
        value = random.choice(VALUES) if odd else "" if nested else random.choice(VALUES[3:17])
        yield (random.choice(INDENTS) if random.random() < 0.05 else " " * column) + (
            dash + name + value
        )
        if value in ("|", "|-", "|+", ">"):
            margin = " " * (column + random.choice((0, 1, 2, 2, 2, 4)))
            for _ in range(random.randrange(5)):
                yield random.choice((f"{margin}x: #y", f"{margin}  - z", "", margin, margin + " "))
        if dash and random.random() < 0.8:
            column += len(dash)


def test_lines_put_together_at_random_read_the_same() -> None:
    read = 0
    for number in range(INPUTS):
        random = Random(number)
        end = random.choice(("\n", "\n", "\n", "", "\n\n", "\n  \n"))
        read += agree("\n".join(lines(random)) + end)
    assert read > INPUTS // 10


def test_mutated_documents_read_the_same() -> None:
    seeds = (*SEEDS, DOCUMENT.encode(), *(case.text.encode() for case in CASES))
    read = 0
    for number in range(INPUTS):
        random = Random(number)
        data = mutate(random, seeds, PIECES)
        read += agree(data.decode(errors="replace"))
    assert read > INPUTS // 50


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "b: " * 20_000,
        "- " * 30_000,
        "a: {" + "b: c, " * 10_000,
        "a: [" + "b c, " * 10_000,
        "a: |\n" + "  x\n" * 10_000,
    ],
)
def test_a_long_text_of_another_form_is_left_soon(text: str) -> None:
    # Trying again at each character would take minutes.
    assert not agree(text + "\n %\n")


def test_documents_near_the_limit_of_depth_read_the_same() -> None:
    read = 0
    for depth, last in product(
        range(MAX_DEPTH - 6, MAX_DEPTH + 3), ("b", "{a: b}", "\n- a: {b: c}")
    ):
        above = "".join("  " * level + "a:\n" for level in range(depth))
        read += agree(above + "  " * depth + "a: " + last.replace("\n", "\n" + "  " * depth) + "\n")
    assert read
