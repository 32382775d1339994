"""The guides: read at a terminal, through a pipe and by their links."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Workspace

REPOSITORY = Path(__file__).parents[2]
DOCS = sorted((REPOSITORY / "configsync/docs").iterdir())
GUIDES = [file for file in DOCS if file.suffix == ".md"]
TO_COPY = [file for file in DOCS if file not in GUIDES]
LINKING = [REPOSITORY / "README.md", *GUIDES]
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def at_terminal(*arguments: str, **environment: str) -> str:
    """What a command shows at a terminal of 80 columns."""
    reader, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "configsync", *arguments],
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.STDOUT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24", **environment},
    ) as process:
        os.close(terminal)
        shown = b""
        try:
            while read := os.read(reader, 65536):
                shown += read
        except OSError:
            # Linux says so, and not that it is the end, when nobody has the terminal any more.
            pass
        os.close(reader)
    assert process.returncode == 0, shown
    return shown.decode().replace("\r\n", "\n")


def test_without_a_topic_all_are_listed(project: Workspace) -> None:
    listed = project.ok("docs").out.splitlines()
    titles = [file.read_text().splitlines()[0].removeprefix("# ") for file in DOCS]
    assert [line.split(maxsplit=1) for line in listed[: len(DOCS)]] == [
        [file.stem, title] for file, title in zip(DOCS, titles, strict=True)
    ]


def test_a_file_to_copy_is_not_set_for_reading() -> None:
    assert [file.name for file in TO_COPY] == ["gitlab-ci.yml"]
    assert at_terminal("docs", "gitlab-ci.yml", PAGER="cat") == TO_COPY[0].read_text()


@pytest.mark.parametrize("guide", DOCS, ids=lambda guide: guide.stem)
def test_through_a_pipe_it_is_the_text(guide: Path, project: Workspace) -> None:
    text = guide.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert project.ok("docs", guide.stem).out == text


def test_an_unknown_topic_is_an_error(project: Workspace) -> None:
    refused = project.run("docs", "operation")
    assert (refused.code, refused.out) == (1, "")
    assert "There is no topic operation. Did you mean operations? The topics are: " in refused.err
    assert "kinds, " in refused.err
    assert project.run("docs", "../docs/kinds").code == 1


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_at_a_terminal_it_is_set_for_reading(guide: Path) -> None:
    from configsync.render.text.guide import render

    text = guide.read_text(encoding="utf-8")
    shown = render(text, 80)
    plain = ESCAPE.sub("", shown)
    title, *_ = text.splitlines()
    assert shown.startswith(f"\x1b[1;4m{title.removeprefix('# ')}\x1b[0m\n")
    assert "```" not in plain
    unwrapped = re.sub(r"\s", "", plain)
    assert [t for t in re.findall(r"\]\(([^:)\s]+)\)", text) if f"({t})" in unwrapped] == []
    # Every line of code is there as it is, to be copied; all else fits.
    code = re.findall(r"^```[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = {line for block in code for line in block.splitlines()}
    shown_lines = set(plain.splitlines())
    assert {f"  {line}".rstrip() for line in lines} <= shown_lines
    assert all(len(line) <= 80 or line[2:] in lines for line in shown_lines)


def test_a_terminal_gets_it_through_the_pager() -> None:
    shown = at_terminal("docs", "tables", PAGER="cat -n")
    assert ESCAPE.sub("", shown).lstrip().startswith("1\tLists in CSV files\n")


def test_without_colours_a_terminal_gets_the_markdown() -> None:
    text = (REPOSITORY / "configsync/docs/tables.md").read_text()
    assert at_terminal("docs", "tables", PAGER="cat", NO_COLOR="1") == text


@pytest.mark.parametrize("file", LINKING, ids=lambda file: file.stem)
def test_links_lead_somewhere(file: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", file.read_text(), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    for target in targets:
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        there = file.parent / name if name else file
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there), target


def anchors(file: Path) -> set[str]:
    """The names that GitHub gives to a file's headings."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
