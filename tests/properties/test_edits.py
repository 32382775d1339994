"""Edits of documents as people write them: each is exactly right, or refused.

The documents have comments wherever one can stand, every style of text, odd
indentation, several documents and line breaks of either sort. What an edit did
is judged by data read anew, by a YAML 1.1 resolver, and by the lines that the
value doesn't stand in, which must be there to the byte.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from configsync.core.document import Path
from configsync.edit.splice import CannotEdit, remove_value, set_value
from configsync.source.reader import read
from tests.times import examples

EDITS = examples(500)
REMOVALS = 300
CARRIED_OUT = 0.95

KEYS = (
    "name", "a", "llm_endpoint", "x-y", "labels", "prompt", "größe", '"quoted"', "'single'", "$v",
)  # fmt: skip
NEW_KEYS = ("fresh", "also new", "yes", "1.5", "a: b", "größer", "#key")
COMMENTS = (
    "# plain", "#", "#- a: b", '# "half', "# it's: {x", "#\ttab ünï 😀", "# configsync: ignore X1",
)  # fmt: skip
PLAIN = (
    "word", "two words", "0.70", "12", "true", "null", "~", "http://x/y?z=1", "it's", "a#b", "1:30",
    "0o17", "yes", "Ünïcödé 😀", "-1.5e3", "2024-01-31", "/Shared/slides", "long " * 60 + "end",
)  # fmt: skip
QUOTED = (
    '"x"', '""', '"a # b"', '"tab\\there: {}"', "'it''s'", "'# no comment'", "''", '"\\u263a\\n"',
    '"{question}"', "' spaced '", '"0.5"', "'no'",
)  # fmt: skip
TEXT_LINES = (
    "Hello", "# not a comment", "- item: x", "  deeper", "", "trailing ", "{x}: 'y'", "\ttab", "😀",
)  # fmt: skip

HARD_TEXTS = (
    "yes", "No", "on", "null", "~", "", "true", "0o17", "0777", "1:30", "1_000", "1e3", ".5", "0x1",
    "2024-01-31", "=", "<<", "-", "- a", "? b", "a: b", "a #b", "#a", "key:", "{question}", "[x",
    "it's", 'say "so"', " leading", "trailing ", "\ttab", "mid\ttab", "back\\slash", "*s", "&and",
    "!bang", "%per", "@at", "`tick", "|", ">", "a, b", "x]", "}", "Ünïcödé 😀", "\u200b", "\u202e",
    "a\u2028b", "\ufeffbom", "\x07bell", "\x85", "\x7f", "line\n", "a\nb", "a\nb\n", "a\n\n\nb\n",
    "a\nb\n\n", "\n", "\n\n", "\na", " a\nb", "a\n b", "a \nb", "a\n\tb\n", "\ta\nb", "a\r\nb\r\n",
    "# a\n# b\n", "---\na\n", "...\n", "- a\n- b\n", "a: |\n  b\n", "long " * 400, "x\n" * 900,
    "0", "00", "+1", "1.", "-.inf", ".nan", "n", "Y", "1,000", "12e03", "0b1", "%TAG", "a:", ":a",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    0.8, 1, 0, -7, 1.0, 1e-7, 1e22, True, False, None, {}, [], [1, "two", "no"], {"k": "1:30"},
    {"a": {"b": [{"c": "x\ny\n"}, 2]}, "d": ""}, ["a\nb\n", " c"], {"$file": "prompts/a, b.md"},
)  # fmt: skip


@dataclass
class Writer:
    """Writes one document line by line, and notes which lines each entry stands in."""

    random: Random
    lines: list[str] = field(default_factory=list)
    spans: dict[Path, tuple[int, int]] = field(default_factory=dict)
    mappings: list[Path] = field(default_factory=list)
    flow_mappings: list[Path] = field(default_factory=list)
    in_text: bool = False

    def comment(self) -> str:
        return self.random.choice(("", "", " ", "  ")) and "  " + self.random.choice(COMMENTS)

    def between(self, indent: int) -> None:
        """Comments and blank lines before an entry; behind a block text, none could be deeper."""
        while self.random.random() < 0.3:
            deep = self.random.choice((0, indent) if self.in_text else (0, indent, indent + 3))
            blank = ("", "", " " * deep)
            comment = " " * deep + self.random.choice(COMMENTS)
            self.lines.append(self.random.choice((comment, *blank)))
            self.in_text = self.in_text and not self.lines[-1].strip()

    def mapping(self, path: Path, indent: int, depth: int, first: str = "") -> None:
        """A block mapping; ``first`` stands before its first key."""
        self.mappings.append(path)
        for key in self.random.sample(KEYS, self.random.randint(1 if path else 2, 4)):
            if not first:
                self.between(indent)
            step = key.strip("\"'")
            space = self.random.choice(("", "", "", " "))
            start = f"{first or ' ' * indent}{key}{space}:"
            begin = len(self.lines)
            if self.random.random() < 0.03:
                self.lines.append(f"{first or ' ' * indent}? {key}")
                start = " " * indent + ":"
            self.value((*path, step), start, indent, depth)
            self.spans[(*path, step)] = (begin, len(self.lines))
            first = ""

    def sequence(self, path: Path, indent: int, depth: int) -> None:
        for index in range(self.random.randint(1, 3)):
            self.between(indent)
            gap = self.random.choice((1, 1, 1, 3))
            dash = " " * indent + "-"
            if depth and self.random.random() < 0.5:
                begin = len(self.lines)
                inner = indent + 1 + gap
                if self.random.random() < 0.2:
                    self.value((*path, index, 0), dash + " " * gap + "-", inner, 0)
                else:
                    self.mapping((*path, index), inner, depth - 1, dash + " " * gap)
                self.spans[(*path, index)] = (begin, len(self.lines))
            else:
                self.value((*path, index), dash, indent, depth)

    def value(self, path: Path, start: str, indent: int, depth: int) -> None:
        begin = len(self.lines)
        kind = self.random.random()
        if depth and kind < 0.3:
            self.lines.append(start + self.comment())
            self.mapping(path, indent + self.random.choice((1, 2, 2, 4)), depth - 1)
        elif depth and kind < 0.45:
            self.lines.append(start + self.comment())
            least = 1 if start.strip() == "-" else 0
            self.sequence(path, indent + self.random.choice((least, 2, 2, 3)), depth - 1)
        elif kind < 0.6:
            self.block_text(start, indent)
        elif kind < 0.75:
            self.flow(path, start, indent)
        else:
            self.scalar(start, indent)
        self.in_text = BLOCK_TEXT.search("\n".join(self.lines[begin:])) is not None
        self.spans[path] = (begin, len(self.lines))

    def scalar(self, start: str, indent: int) -> None:
        kind = self.random.random()
        if kind < 0.1:
            self.lines.append(start + self.comment())
            return
        text = self.random.choice(PLAIN if kind < 0.6 else QUOTED)
        if text[0] not in "\"'" and start.strip() == "-" and text[0] == "-":
            text = "word"
        tab = " " if start.strip() in ("-", ":") or start.endswith("-") else "\t"
        gap = self.random.choice((" ", " ", " ", "   ", tab))
        if self.random.random() < 0.02:
            gap += f"&a{len(self.lines)} "
        more = " " * (indent + self.random.choice((1, 2, 5)))
        if self.random.random() < 0.1:
            self.lines.append(start + self.comment())
            self.lines.append(more + text + self.comment())
        elif self.random.random() < 0.15:
            quote = self.random.choice(("", '"', "'"))
            self.lines += [f"{start}{gap}{quote}first", f"{more}second{quote}{self.comment()}"]
        else:
            self.lines.append(start + gap + text + self.comment())

    def block_text(self, start: str, indent: int) -> None:
        """A literal or folded block, with an indicator where its first line needs one."""
        lines = [self.random.choice(TEXT_LINES) for _ in range(self.random.randint(1, 4))]
        chomp = self.random.choice(("", "-", "+"))
        deeper = self.random.choice((1, 2, 2, 3, 7))
        digit = ""
        head = next((line for line in lines if line.strip()), "")
        if head.startswith((" ", "\t")) or self.random.random() < 0.2:
            digit = str(deeper)
        sign = self.random.choice("||>") + self.random.choice((digit + chomp, chomp + digit))
        self.lines.append(f"{start} {sign}{self.comment()}")
        self.lines += [" " * (indent + deeper) + line if line else "" for line in lines]
        blank = self.random.choice((0, 0, 1, 2))
        self.lines += [""] * blank

    def flow(self, path: Path, start: str, indent: int) -> None:
        """A collection in brackets, on one line or several."""
        begin = len(self.lines)
        keyed = self.random.random() < 0.6
        texts = [t for t in (*PLAIN[:7], *QUOTED) if "\\n" not in t]
        values = [self.random.choice(texts) for _ in range(self.random.randint(0, 3))]
        names = [key.strip("\"'") for key in self.random.sample(KEYS, len(values))]
        quoted = self.random.random() < 0.3
        keys = [json.dumps(n, ensure_ascii=False) if quoted else n for n in names]
        entries = [f"{k}: {v}" for k, v in zip(keys, values, strict=True)] if keyed else values
        opening, closing = "{}" if keyed else "[]"
        if self.random.random() < 0.6 or not entries:
            pad = self.random.choice(("", " "))
            body = ", ".join(entries) + (self.random.choice(("", ",")) if entries else "")
            self.lines.append(f"{start} {opening}{pad}{body}{pad}{closing}{self.comment()}")
        else:
            self.lines.append(f"{start} {opening}{self.comment()}")
            commas = [","] * (len(entries) - 1) + [self.random.choice(("", ","))]
            for entry, comma in zip(entries, commas, strict=True):
                self.lines.append(" " * (indent + 2) + entry + comma + self.comment())
            self.lines.append(" " * (indent + 1) + closing + self.comment())
        steps = names if keyed else range(len(values))
        self.spans |= {(*path, step): (begin, len(self.lines)) for step in steps}
        if keyed:
            self.mappings.append(path)
            self.flow_mappings.append(path)


@dataclass(frozen=True)
class Case:
    """A text, and the place in it that is to be edited."""

    text: str
    document: int
    path: Path
    touched: tuple[int, int] | None
    """The lines that may change; None if lines may only be added."""


def make_case(random: Random, *, existing: bool = False) -> Case:
    """Write documents at random and choose what to edit: with ``existing``, what is there."""
    documents = random.choice((1, 1, 2, 3))
    edited = random.randrange(documents)
    lines: list[str] = []
    for number in range(documents):
        if number or random.random() < 0.2:
            lines.append("---" + random.choice(("", " # document")))
        writer = Writer(random)
        writer.mapping((), 0, 2)
        writer.between(0)
        if number == edited:
            path, touched = choose(random, writer, existing)
            if touched is not None:
                touched = (touched[0] + len(lines), touched[1] + len(lines))
        lines += writer.lines
    end = random.choice(("\n", "\n", "\r\n"))
    text = end.join(lines) + random.choice((end, end, ""))
    bom = "\ufeff" if random.random() < 0.1 else ""
    return Case(bom + text, edited, path, touched)


def choose(random: Random, writer: Writer, existing: bool) -> tuple[Path, tuple[int, int] | None]:
    """A path, and the lines that an edit of it may change."""
    if existing or random.random() < 0.75:
        path = random.choice(list(writer.spans))
        return path, writer.spans[path]
    above = random.choice([(), *writer.mappings])
    flow = writer.spans[above] if above in writer.flow_mappings else None
    if random.random() < 0.3:
        # A whole section is missing.
        return (*above, random.choice(NEW_KEYS), random.choice(NEW_KEYS)), flow
    return (*above, random.choice(NEW_KEYS)), flow


COMMENT = re.compile(r"  (?:" + "|".join(map(re.escape, sorted(COMMENTS, key=len)[::-1])) + r")\Z")
BLOCK_TEXT = re.compile(r"[|>][-+1-9]*(?: +#.*)?(?:\n.*)*\Z")
KEEPS_BLANK = re.compile(r"[|>][1-9]?\+")


def changed(data: Any, path: Path, value: Any) -> Any:
    """What the data is to be."""
    root = node = deepcopy(data)
    for step in path[:-1]:
        if isinstance(step, str) and step not in node:
            node[step] = {}
        node = node[step]
    node[path[-1]] = value
    return root


def check_set(case: Case, value: Any) -> str:
    """Set a value and judge what comes of it; returns what was done."""
    wanted = data_of(case.text)
    wanted[case.document] = changed(wanted[case.document], case.path, value)
    try:
        result = set_value(case.text, case.document, case.path, value)
    except CannotEdit:
        return "refused"
    assert spelled(data_of(result)) == spelled(wanted), result
    if result == case.text:
        return "the same"
    if isinstance(value, str):
        assert resolved(result, case.document, case.path) == ("tag:yaml.org,2002:str", value)
    assert_untouched(case, result)
    return "carried out"


def check_remove(case: Case) -> str:
    """Remove a value and judge what comes of it; returns what was done."""
    wanted = data_of(case.text)
    node = wanted[case.document]
    for step in case.path[:-1]:
        node = node[step]
    del node[case.path[-1]]
    try:
        result = remove_value(case.text, case.document, case.path)
    except CannotEdit:
        return "refused"
    assert spelled(data_of(result)) == spelled(wanted), result
    # Of a collection that is empty now, the lines are replaced.
    if node:
        assert_untouched(case, result, removed=True)
    return "carried out"


def data_of(text: str) -> list[Any]:
    """The data of each document, which has no fault."""
    reading = read(text, "f")
    assert not reading.diagnostics, (reading.diagnostics, text)
    return list(json.loads(json.dumps(reading.roots)))


def spelled(data: Any) -> str:
    return json.dumps(data, sort_keys=True)


def resolved(text: str, document: int, path: Path) -> tuple[str, Any]:
    """The type and text of a scalar as PyYAML, a reader of YAML 1.1, takes it."""
    node = list(yaml.compose_all(text, yaml.CSafeLoader))[document]
    for step in path:
        if isinstance(step, int):
            node = node.value[step]
        else:
            node = next(v for k, v in node.value if k.value == step)
    return node.tag, node.value


def assert_untouched(case: Case, result: str, *, removed: bool = False) -> None:
    """Every line that the value doesn't stand in is there, to the byte."""
    end = "\r\n" if "\r\n" in case.text else "\n"
    old, new = (
        (text if text.endswith("\n") else text + end).removeprefix("\ufeff").split("\n")
        for text in (case.text, result)
    )
    if case.touched is None:
        start = next(i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
        stop = start
        assert len(new) > len(old), result
    else:
        start, stop = case.touched
        if removed or KEEPS_BLANK.search("\n".join(old[start:stop])):
            stop += next(i for i, line in enumerate([*old[stop:], "x"]) if line.strip())
    if removed and old[start].lstrip().startswith("-") and isinstance(case.path[-1], str):
        # The next key takes the place behind the dash.
        stop += 1
    if not removed and stop == start + 1 and (comment := COMMENT.search(old[start])):
        assert new[start].endswith(comment[0]), result
    assert new[:start] == old[:start], result
    assert new[len(new) - len(old) + stop :] == old[stop:], result


def values() -> st.SearchStrategy[Any]:
    """Hard texts for the most part, and values of every type."""
    hard = st.sampled_from(HARD_TEXTS)
    written = st.text(st.sampled_from("ab 0:-#'\"\\\n\n\t{}é😀|>&*!%@,~=<"), max_size=12)
    stored = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
    numbers = st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
    return st.one_of(hard, hard, hard, written, stored, numbers, st.sampled_from(VALUES))


def run(count: int, check: Callable[[Random, Any], str], drawn: st.SearchStrategy[Any]) -> float:
    """Carry out a check on so many examples; returns which part of them was refused."""
    done: Counter[str] = Counter()

    # One seed is drawn and not each choice, which would take ten times as long.
    @settings(max_examples=count, deadline=None)
    @given(st.randoms(use_true_random=True), drawn)
    def edit(random: Random, value: Any) -> None:
        done[check(random, value)] += 1

    edit()
    assert done.total() >= count
    return done["refused"] / done.total()


def test_a_set_value_is_exactly_right_or_refused() -> None:
    refused = run(EDITS, lambda random, value: check_set(make_case(random), value), values())
    assert refused <= 1 - CARRIED_OUT


def test_a_removed_value_is_gone_and_nothing_else() -> None:
    refused = run(
        REMOVALS, lambda random, _: check_remove(make_case(random, existing=True)), st.none()
    )
    assert refused <= 1 - CARRIED_OUT
