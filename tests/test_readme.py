"""README and guides show what happens; ``pytest --update`` rewrites that."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import redirect_stdout
from doctest import DocTestParser
from io import StringIO
from itertools import chain, repeat
from operator import add
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[1]
README = REPOSITORY / "README.md"
GUIDES = REPOSITORY / "configsync/docs"
NAMES = ("integrations", "operations", "runtime", "security", "services", "writing")
SHOWN = (README, *(GUIDES / f"{name}.md" for name in NAMES))
HEAD = 0x9D52A6C0F3B14E7788D1E45B30C9A7F26E8B15D4907CF3A1562BD8E0437A19C5
BLOCK = re.compile(
    r"```(?:(?P<session>console|python)|\w+ (?P<file>\S+))\n(?P<text>.*?)```\n", re.DOTALL
)
"""Commands or Python with what they print, or a file of a name."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The project's own profiles, applied, as after the README's first command."""
    for name in ("profiles", "schemas"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    shell(tmp_path, "configsync apply --auto-approve")
    return tmp_path


def shell(folder: Path, command: str) -> str:
    """Run a command as a person would; both of its outputs."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return fixed(done.stdout)


def python(text: str, names: dict[str, Any]) -> Iterator[str]:
    """The lines of a session, with what Python prints there now."""
    for example in DocTestParser().get_examples(text):
        prompts = chain([">>> "], repeat("... "))
        yield from map(add, prompts, example.source.splitlines(keepends=True))
        with redirect_stdout(StringIO()) as out:
            try:
                exec(compile(example.source, "session", "single"), names)
            except Exception as error:
                print(f"{type(error).__name__}: {error}")
        yield fixed(out.getvalue())


def fixed(text: str) -> str:
    """A text with one time, duration, identity and digest."""
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "2026-11-22T09:30:00Z", text)
    text = re.sub(
        r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", f"{uuid.UUID(int=HEAD >> 128)}", text
    )
    text = re.sub(r"(?<=^Plan      )[0-9a-f]{32}", f"{HEAD >> 128:032x}", text, flags=re.MULTILINE)
    text = re.sub(r"after \d+\.\d s\b", "after 1.0 s", text)
    return re.sub(r"(?<=^Head )[0-9a-f]{64}$", f"{HEAD:064x}", text, flags=re.MULTILINE)


@pytest.mark.parametrize("guide", SHOWN, ids=lambda file: file.stem)
def test_what_is_shown_is_what_happens(
    guide: Path, checkout: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout)
    monkeypatch.syspath_prepend(checkout)
    names: dict[str, Any] = {}

    def run_block(match: re.Match[str]) -> str:
        text = match["text"]
        if match["file"]:
            file = checkout / match["file"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            return match[0]
        if match["session"] == "python":
            return f"```python\n{''.join(python(text, names))}```\n"
        commands = [line for line in text.splitlines() if line.startswith("$ ")]
        shown = "".join(f"{c}\n{shell(checkout, c[2:])}" for c in commands)
        return f"```console\n{shown}```\n"

    text = guide.read_text(encoding="utf-8")
    actual = BLOCK.sub(run_block, text)
    if request.config.getoption("--update"):
        guide.write_text(actual, encoding="utf-8")
    else:
        assert actual == text


def test_ci_calls_the_test_command_as_it_stands() -> None:
    script = (REPOSITORY / ".ci/run").read_text(encoding="utf-8")
    (command,) = (line for line in script.splitlines() if line.endswith("&& pytest"))
    assert f"```\n{command}\n```" in README.read_text(encoding="utf-8")


def test_the_readme_stays_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) < 300
