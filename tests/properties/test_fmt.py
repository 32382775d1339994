"""Formatting is idempotent and changes neither a value nor a comment, however YAML is written.

An `Author` writes the same data in ever other ways: block and flow, plain and
quoted, literal and folded, indented oddly, with comments and blank lines wherever
YAML has room for them.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from configsync.core.values import canonical_json, equal
from configsync.edit.emit import emit
from configsync.edit.format import Formatter
from configsync.kinds import all_kinds
from configsync.source.project import Project, Target
from configsync.source.reader import read
from configsync.usecases.validate import validate
from tests.times import examples

QUICK = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # Explaining a failure takes minutes with documents of this size.
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
FORMATTER = Formatter(all_kinds())
REPOSITORY = Path(__file__).parents[2]

WORDS = (
    "no 1:30 0777 08 1e3 .5 -.inf ~ null y = << 2024-01-01 0x1F 1_000 true - ? : # [ ] { } & * ! "
    "| > ' \" % @ ` , -- --- ... a:b a#b http://a:1/#b {question} C:\\n 'a' \"b\" a, []"
)
HARD = WORDS.split()
SPACED = [
    "",
    " ",
    "a ",
    " a",
    "a: b",
    "a #b",
    "# a",
    "- a",
    "a\n",
    "a\n\n",
    "\n",
    "\na",
    "a\n\nb\n",
    "  a\nb\n",
    "a\n  b\n c\n",
    "a\n   \nb\n",
    "a\n   \n",
    "# no comment\nb # nor this\n",
    "a\tb",
    "\ta\nb\n",
    "a\\",
    'a\\ b \\" c',
    "it's \"so\": 'this'",
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen",
    "{a: 1}\n- b\n...\n",
    "über 😀 漢字",
    "a\u00a0b",
    "\u202eabc\u200b",
    "\ufeffa",
    "a\x07b",
    "a\rb",
    "---\na: b\n",
]
TEXTS = st.one_of(
    st.sampled_from(HARD),
    st.sampled_from(SPACED),
    st.text("abc :#-'\"\\\n\t,{}[]é", max_size=20),
    st.lists(st.sampled_from([*HARD, "a", "b", "word"]), max_size=8).map(" ".join),
)
SCALARS = st.one_of(
    TEXTS, st.none(), st.booleans(), st.integers(-99, 10**6), st.sampled_from([0.7, 1.0, -2.5e-7])
)
KEYS = st.sampled_from(
    ["a", "b", "c", "name", "spec", "no", "1", "a b", "ключ", "it's", "a: b", "~"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=16,
)
FILLED = TEXTS.filter(str.strip)


def fields(required: dict[str, Any], optional: dict[str, Any] | None = None) -> Any:
    found: st.SearchStrategy[dict[str, Any]]
    found = st.fixed_dictionaries(required, optional=optional or {})
    return found


METADATA = fields(
    {"name": st.sampled_from(["production", "0x1F", "no", "it's", "a: b", "Über #1"])},
    {
        "description": TEXTS,
        "labels": st.dictionaries(KEYS, TEXTS, max_size=3),
        "prevent_destroy": st.booleans(),
    },
)
AI_INFRA = fields(
    {
        "llm_endpoint": FILLED,
        "llm_temperature": st.sampled_from([0.7, 0, 1.0, 0.25]),
        "llm_max_tokens": st.integers(1, 10**6),
    }
)
GENIE_SPACES = st.lists(
    fields({"space_id": FILLED}, {"space_name": TEXTS, "description": TEXTS}),
    min_size=1,
    max_size=3,
    unique_by=lambda space: space["space_id"],
)
PROMPTS = fields(
    {
        "system_prompt": FILLED,
        "slide_editing_instructions": FILLED,
        "user_prompt_template": FILLED,
    }
)
SPEC = fields(
    {
        "ai_infra": AI_INFRA,
        "genie_spaces": GENIE_SPACES,
        "mlflow": fields({"experiment_name": TEXTS.map("/{}".format)}),
        "prompts": PROMPTS,
    },
    {"default": st.just(True)},
)
PROFILES = fields(
    {
        "apiVersion": st.just("configsync/v1"),
        "kind": st.just("Profile"),
        "metadata": METADATA,
        "spec": SPEC,
    }
)
DOCUMENTS = st.one_of(PROFILES, st.dictionaries(KEYS, VALUES, min_size=1, max_size=5))


class Author:
    """Writes data as YAML in a way that chance decides."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.comments = 0
        # Which key each comment directly above a key belongs to.
        self.above: dict[str, str] = {}
        # What the last line is: "keep" if a blank line behind it, "block" if a deeper line
        # would be its text.
        self.end = ""

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def stream(self, documents: list[Any]) -> str:
        lines: list[str] = []
        for number, data in enumerate(documents):
            if number or self.chance(0.1):
                lines.append("---" + self.trailing())
                self.end = ""
            elif self.chance(0.3):
                lines += ["# yaml-language-server: $schema=a", *[""] * self.random.randrange(2)]
            lines += self.root(data)
            lines += self.gap(0)
        end = self.random.choice(["\n", "\n", "\r\n"])
        return end.join(lines) + ("" if self.end == "" and self.chance(0.1) else end)

    def root(self, data: Any) -> Iterator[str]:
        if not data or self.chance(0.1):
            yield from self.gap(0)
            yield self.flow(data, 0) + self.trailing()
            self.end = ""
        else:
            yield from self.block(data, self.random.choice([0, 0, 0, 2]))

    def comment(self) -> str:
        self.comments += 1
        text = self.random.choice(["", " Words: 'a' \"b\" - {c}", "\tx\t", " a: |", " #"])
        return f"#c{self.comments};{text}"

    def trailing(self, head: str = "") -> str:
        if not self.chance(0.2):
            return " " * self.random.choice([0, 0, 0, 2])
        # The parser takes no tab behind a dash.
        tab = " " if head.endswith("-") else "\t"
        return self.random.choice([" ", "  ", tab, "     "]) + self.comment()

    def gap(self, indent: int, key: str | None = None) -> Iterator[str]:
        """Blank lines and comments above an entry."""
        if self.end != "keep" and self.chance(0.25):
            yield from [" " * self.random.randrange(2)] * self.random.randint(1, 3)
        if not self.end and self.chance(0.15):
            yield " " * (indent + self.random.randint(1, 5)) + self.comment()
        if self.chance(0.15):
            yield " " * self.random.randint(0, indent) + self.comment()
            self.end = ""
            yield from [""] * self.random.randrange(3)
        if key is not None and self.chance(0.3):
            comment = self.comment()
            self.above[comment] = key
            self.end = ""
            yield " " * indent + comment

    def block(self, data: Any, indent: int, *, above: bool = True) -> Iterator[str]:
        """A collection in block style; ``above`` tells that there is room above it."""
        margin = " " * indent
        if isinstance(data, list):
            for number, item in enumerate(data):
                if number or above:
                    yield from self.gap(indent)
                yield from self.value(item, margin + "-", indent, indent)
            return
        keys = list(data)
        if self.chance(0.7):
            self.random.shuffle(keys)
        for key in keys:
            if key != keys[0] or above:
                yield from self.gap(indent, key)
            yield from self.value(data[key], f"{margin}{self.key(key)}:", indent, indent)

    def value(self, data: Any, head: str, indent: int, column: int) -> Iterator[str]:
        """A value behind its key or dash; ``column`` is that of the collection it is in."""
        if isinstance(data, dict | list) and data and self.chance(0.7):
            yield from self.collection(data, head, indent)
            return
        inner = " " * (indent + self.random.randint(1, 4))
        if self.chance(0.1):
            yield head + self.trailing(head)
            while self.chance(0.3):
                yield " " * self.random.randrange(6) + self.comment()
            head = inner.removesuffix(" ")
        space = " " * self.random.choice([1, 1, 1, 3])
        if isinstance(data, dict | list):
            yield head + space + self.flow(data, indent) + self.trailing()
            self.end = ""
        elif isinstance(data, str):
            yield from self.text(data, head + space, column)
        elif data is None and self.chance(0.5) and head.strip():
            yield head + self.trailing(head)
            self.end = ""
        else:
            yield head + space + (json.dumps(data)) + self.trailing()
            self.end = ""

    def collection(self, data: Any, head: str, indent: int) -> Iterator[str]:
        """A collection in block style below its key, or behind or below its dash."""
        dash = head.endswith("-")
        if dash and self.chance(0.7):
            column = indent + 1 + self.random.choice([1, 1, 3])
            lines = self.block(data, column, above=False)
            first = next(lines)
            yield head + " " * (column - indent - 1) + first[column:]
            yield from lines
            return
        step = self.random.choice([1, 2, 2, 4])
        if isinstance(data, list) and not dash and self.chance(0.3):
            step = 0
        yield head + self.trailing(head)
        self.end = ""
        yield from self.block(data, indent + step)

    def key(self, key: str) -> str:
        """A key, plain if it can be."""
        quoted = [json.dumps(key, ensure_ascii=False), "'" + key.replace("'", "''") + "'"]
        plain = [key] * (read(f"{key}: 1", "").roots == [{key: 1}])
        return self.random.choice(plain * 4 + quoted)

    def text(self, text: str, head: str, column: int) -> Iterator[str]:
        """A text in one of the ways that hold it."""
        lines = self.random.choice(list(self.spellings(text, column)))
        block = lines[0][0] in "|>" and len(lines[0]) <= 3
        yield head + lines[0] + (self.trailing() if block or len(lines) == 1 else "")
        yield from lines[1:-1]
        if len(lines) > 1:
            yield lines[-1] + ("" if block else self.trailing())
        self.end = "" if not block else "keep" if "+" in lines[0] else "block"

    def spellings(self, text: str, column: int) -> Iterator[list[str]]:
        """The ways to write a text that the reader reads back."""
        indent = column + self.random.randint(1, 4)
        margin = " " * indent
        double = json.dumps(text, ensure_ascii=False)
        single = "'" + text.replace("'", "''") + "'"
        parts = re.split(r"(?<=\S) (?=\S)", text)
        chomp = "" if text.endswith("\n") else "-"
        chomp = "+" if text.endswith("\n\n") or self.chance(0.1) else chomp
        literal = [margin + line if line else "" for line in text.removesuffix("\n").split("\n")]
        ways = [
            [text],
            [single],
            [double],
            [self.broken(double, margin)],
            ["|" + chomp, *literal],
            [f"|{indent - column}{chomp}", *literal],
            [">" + chomp, *(margin + line for line in parts)],
            [parts[0], *(margin + line for line in parts[1:])],
            [
                "'" + parts[0].replace("'", "''"),
                *(margin + p.replace("'", "''") for p in parts[1:]),
            ],
        ]
        ways[-1][-1] += "'"
        for way in ways:
            way = "\n".join(way).split("\n")
            lines = "\n".join([" " * column + "k: " + way[0], *way[1:]]) + "\n"
            reading = read(lines, "")
            if way[0] and not reading.diagnostics and reading.roots == [{"k": text}]:
                yield way
        yield [double_safe(text)]

    def broken(self, quoted: str, margin: str) -> str:
        """Double quotes over several lines."""
        return re.sub(r"(?<=\w) (?=\w)", lambda _: self.random.choice([" ", "\n" + margin]), quoted)

    def flow(self, data: Any, indent: int) -> str:
        """Data in flow style, on one line or several."""
        if isinstance(data, str):
            return double_safe(data)
        if not isinstance(data, dict | list):
            return json.dumps(data)
        wide = self.chance(0.3)
        parts = []
        for part in data.items() if isinstance(data, dict) else data:
            text = (
                self.flow(part, indent + 1)
                if not isinstance(data, dict)
                else (
                    f"{self.flow(part[0], 0)}:{' ' * self.random.randint(1, 2)}"
                    f"{self.flow(part[1], indent + 1)}"
                )
            )
            parts.append(text)
        start, end = "{}" if isinstance(data, dict) else "[]"
        text = start
        for number, part in enumerate(parts):
            text += self.space(wide, indent) + part
            if number < len(parts) - 1 or self.chance(0.2):
                text += ","
        return text + self.space(wide, indent) + end

    def space(self, wide: bool, indent: int) -> str:
        if not wide:
            return " " * self.random.randrange(3)
        text = self.trailing() + "\n"
        if self.chance(0.2):
            text += " " * self.random.randrange(6) + self.comment() + "\n"
        return text + " " * (indent + self.random.randint(1, 4))


def double_safe(text: str) -> str:
    """Double quotes with escapes for all but plain ASCII."""
    safe = {'"': '\\"', "\\": "\\\\"}
    inside = (safe.get(c) or (c if " " <= c < "\x7f" else f"\\U{ord(c):08x}") for c in text)
    return f'"{"".join(inside)}"'


def older(text: str) -> Any:
    """What a reader of YAML 1.1 makes of a text."""
    try:
        return list(yaml.load_all(text, yaml.CSafeLoader))
    except (yaml.YAMLError, ValueError, TypeError) as error:
        return type(error)


def test_formatting_keeps_values_and_comments() -> None:
    counts: Counter[str] = Counter()

    @settings(QUICK, max_examples=examples(50))
    @given(st.lists(DOCUMENTS, min_size=1, max_size=2), st.integers(0, 2**32))
    def check(documents: list[Any], seed: int) -> None:
        author = Author(seed)
        text = author.stream(documents)
        reading = read(text, "a.yaml")
        assert reading.diagnostics == [], text
        assert canonical_json(reading.roots) == canonical_json(documents), text
        result = FORMATTER.format(text, "a.yaml")
        counts["all"] += 1
        if result.text is None:
            counts["refused"] += 1
            return
        again = FORMATTER.format(result.text, "a.yaml")
        assert again.text == result.text
        assert canonical_json(read(result.text, "a.yaml").roots) == canonical_json(documents)
        assert older(result.text) == older(text)
        assert_comments(author, result.text)
        assert_form(result.text)

    check()
    assert counts["refused"] <= counts["all"] * 0.05, counts


def assert_comments(author: Author, text: str) -> None:
    """Every comment is there once, and one above a key still is."""
    lines = text.split("\n")
    for number in range(1, author.comments + 1):
        assert len(re.findall(rf"#c{number};", text)) == 1
    for comment, key in author.above.items():
        index = next(i for i, line in enumerate(lines) if line.strip() == comment.rstrip("\t"))
        below = (line for line in lines[index:] if not re.match(r"\s*(#|$)", line))
        code = re.sub(r"^(\s*-)*\s*", "", next(below, ""))
        if re.fullmatch(r"\w+", key) and not is_header(lines, index):
            assert re.match(rf"[\"']?{key}[\"']?:", code), (comment, key, code)


def is_header(lines: list[str], index: int) -> bool:
    """A comment that stands at the top of its document stays there, whatever its key does."""
    above = [line for line in lines[:index] if not re.match(r"\s*(#|$)", line)]
    return not above or above[-1].startswith("---")


def assert_form(text: str) -> None:
    """What holds of every canonical file, whatever stands in it."""
    assert "\r" not in text
    assert not text.startswith(("\n", " "))
    assert text.endswith("\n")
    inside: set[int] = set()
    for token in yaml.scan(text, yaml.CSafeLoader):
        if isinstance(token, yaml.ScalarToken):
            inside |= set(range(token.start_mark.line, token.end_mark.line))
    before = "text"
    for number, line in enumerate(text.split("\n")[:-1]):
        if number not in inside:
            assert line == line.rstrip(" \t")
            assert line or before
        before = line


@settings(QUICK, max_examples=examples(15))
@given(st.lists(PROFILES, min_size=1, max_size=2), st.integers(0, 2**32))
def test_compiling_what_is_formatted_gives_the_same(profiles: list[Any], seed: int) -> None:
    text = Author(seed).stream(profiles)
    formatted = FORMATTER.format(text, "profiles/a.yaml").text
    assert formatted is not None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "profiles/a.yaml")
        file.parent.mkdir()
        seen = []
        for content in (text, formatted):
            file.write_bytes(content.encode())
            found = validate(Project(Path(folder), "tests"), Target(), cached=False)
            seen.append(
                (found.desired.digest(), sorted((d.code, d.path) for d in found.diagnostics))
            )
    assert seen[0] == seen[1]


@settings(QUICK, max_examples=examples(25))
@given(DOCUMENTS)
def test_what_we_write_ourselves_is_canonical_but_for_the_order_of_keys(document: Any) -> None:
    text = emit(document, "yaml-language-server: $schema=a")
    formatted = FORMATTER.format(text, "a.yaml").text
    assert formatted is not None
    lines, tidy = (sorted(x.lstrip(" -") for x in t.split("\n")) for t in (text, formatted))
    assert lines == tidy


SEEDS = sorted((REPOSITORY / "tests/cases").glob("**/*.yaml"))


@settings(QUICK, max_examples=examples(50))
@given(st.sampled_from(SEEDS), st.integers(0, 2**32))
def test_no_file_is_broken_by_formatting(file: Path, seed: int) -> None:
    """Real documents with a few bytes changed: success, or a located reason."""
    chance = random.Random(seed)
    data = bytearray(file.read_bytes())
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(data) + 1)
        data[at : at + chance.randrange(4)] = chance.choice(
            [
                b"#",
                b" # c\n",
                b"\n\n",
                b"- ",
                b": ",
                b"\t",
                b"|\n",
                b"'",
                b'"',
                b"{",
                b"}",
                b"\r",
                b",",
            ]
        )
    text = data.decode(errors="replace")
    result = FORMATTER.format(text, "a.yaml")
    if result.text is None:
        assert result.diagnostics
        return
    before, after = read(text, "a.yaml"), read(result.text, "a.yaml")
    assert all(map(equal, before.roots, after.roots))
    assert Counter(d.code for d in before.diagnostics) == Counter(d.code for d in after.diagnostics)
    assert FORMATTER.format(result.text, "a.yaml").text == result.text
