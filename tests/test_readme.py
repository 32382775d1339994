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
from datetime import UTC, datetime
from doctest import DocTestParser
from io import StringIO
from itertools import chain, repeat
from operator import add
from pathlib import Path
from typing import Any

import pytest

from tests import lakebase

REPOSITORY = Path(__file__).parents[1]
README = REPOSITORY / "README.md"
GUIDES = REPOSITORY / "configsync/docs"
EMPTY = ("layers", "migrating", "quickstart")
"""Guides that begin in an empty folder; the others in this checkout, with its profiles applied."""
ELSEWHERE = ("kinds",)
"""Guides whose sessions other tests run: ``tests/conformance/test_plugin.py``."""
SESSION = re.compile(r"^(\$|>>>) ", re.MULTILINE)
SHOWN = (
    README,
    *(
        guide
        for guide in sorted(GUIDES.glob("*.md"))
        if guide.stem not in ELSEWHERE and SESSION.search(guide.read_text(encoding="utf-8"))
    ),
)
HEAD = 0x9D52A6C0F3B14E7788D1E45B30C9A7F26E8B15D4907CF3A1562BD8E0437A19C5
BLOCK = re.compile(
    r"```(?:(?P<session>console|python)|\w+ (?P<file>\S+))\n(?P<text>.*?)```\n", re.DOTALL
)
"""Commands or Python with what they print, or a file of a name."""


@pytest.fixture
def folder(guide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a guide begins."""
    if guide.stem in EMPTY:
        return empty(tmp_path, monkeypatch)
    for name in ("profiles", "schemas"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    shell(tmp_path, "configsync apply --auto-approve")
    return tmp_path


def empty(parent: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of somebody who has told git who they are."""
    monkeypatch.setenv("LOGNAME", "alice")
    told = {"user.name": "Alice", "user.email": "alice@example.com"}
    monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(told)))
    for number, (key, value) in enumerate(told.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    made = parent / "slides"
    made.mkdir()
    return made


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A workspace that has what the project's own profiles name, and runs Lakebase."""
    with (
        lakebase.gateway(tmp_path) as gateway,
        lakebase.running(gateway, tmp_path, monkeypatch) as there,
    ):
        monkeypatch.setenv("PGPORT", str(gateway.front.port))
        there.workspace.endpoints = [
            *("databricks-claude-haiku-4-5", "databricks-claude-sonnet-4-5"),
            *("databricks-gte-large-en", "slides-router"),
        ]
        there.workspace.spaces = {
            "01effebcc2781b6bbb749077a55d31e3": "Usage Analytics",
            "01f0a1c94d5e1f3aa0b2c3d4e5f60718": "Sales",
        }
        there.workspace.folders = {"/Shared/slide-generator": "DIRECTORY"}
        yield


@pytest.fixture
def owner(empty_pg_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty database on PostgreSQL, whose owner's URL is in ``$PG``."""
    monkeypatch.setenv("PG", empty_pg_url)


SURROUNDINGS = {"databricks": "company", "runbook": "owner"}
"""Fixtures that guides need besides the checkout."""


def shell(folder: Path, command: str) -> str:
    """Run a command as a person would, where the folder's modules are installed; its outputs."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    modules = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": modules},
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
    """A text with one time, duration, identity, commit and digest."""
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)", fixed_time, text)
    text = re.sub(
        r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", f"{uuid.UUID(int=HEAD >> 128)}", text
    )
    text = re.sub(r"(?<=^Plan      )[0-9a-f]{32}", f"{HEAD >> 128:032x}", text, flags=re.MULTILINE)
    text = re.sub(
        r"postgresql://\S*configsync_test_\w+(\?\S*)?\b", "postgresql://db.example.com/app", text
    )
    text = re.sub(
        r"(?<=commit )([0-9a-f]{40}|[0-9a-f]{12})\b", lambda m: f"{HEAD:064x}"[: len(m[1])], text
    )
    text = re.sub(r"after \d+\.\d s\b", "after 1.0 s", text)
    text = re.sub(r"(?<=^Content  )[0-9a-f]{32}", f"{HEAD >> 128:032x}", text, flags=re.MULTILINE)
    return re.sub(r"(?<=^Head )[0-9a-f]{64}$", f"{HEAD:064x}", text, flags=re.MULTILINE)


def fixed_time(shown: re.Match[str]) -> str:
    """The one time, at the offset of another."""
    if shown[1] == "Z":
        return "2026-11-22T09:30:00Z"
    zone = datetime.fromisoformat(shown[0]).tzinfo
    return datetime(2026, 11, 22, 9, 30, tzinfo=UTC).astimezone(zone).isoformat()


@pytest.mark.parametrize("guide", SHOWN, ids=lambda file: file.stem)
def test_what_is_shown_is_what_happens(
    guide: Path, folder: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if guide.stem in SURROUNDINGS:
        request.getfixturevalue(SURROUNDINGS[guide.stem])
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    names: dict[str, Any] = {}

    def run_block(match: re.Match[str]) -> str:
        text = match["text"]
        if match["file"]:
            file = folder / match["file"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            return match[0]
        if match["session"] == "python":
            return f"```python\n{''.join(python(text, names))}```\n"
        commands = [line for line in text.splitlines() if line.startswith("$ ")]
        shown = "".join(f"{c}\n{shell(folder, c[2:])}" for c in commands)
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
    assert len(README.read_text(encoding="utf-8").splitlines()) < 250
