"""The guide's application: a process that is asked over HTTP while its configuration changes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

REPOSITORY = Path(__file__).parents[2]
GUIDE = (REPOSITORY / "configsync/docs/runtime.md").read_text(encoding="utf-8")
SECTION = GUIDE.partition("## A whole application\n")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"```(python service\.py|sh|json)\n(.*?)```", SECTION, re.DOTALL)
(PROGRAM,) = (text for kind, text in BLOCKS if kind.startswith("python"))
START, CHANGE = (text for kind, text in BLOCKS if kind == "sh")
BEFORE, AFTER = (json.loads(text) for kind, text in BLOCKS if kind == "json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """This repository's own profiles, applied, and the application."""
    for name in ("profiles", "schemas"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    (tmp_path / "service.py").write_text(PROGRAM)
    shell(tmp_path, "configsync apply --auto-approve")
    return tmp_path


@contextmanager
def started(folder: Path) -> Iterator[str]:
    """Where the application listens, on a port that is free; ended as a service is."""
    assert "PORT=8000" in START
    with subprocess.Popen(
        ["sh", "-c", f"exec env {START.replace('PORT=8000', 'PORT=0')}"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().rpartition(" ")[2].strip()
            process.terminate()
            assert process.wait(20) == 0
        finally:
            process.kill()


def environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path}


def shell(folder: Path, commands: str) -> None:
    subprocess.run(
        ["sh", "-ec", commands], cwd=folder, env=environment(), check=True, capture_output=True
    )


def get(url: str) -> Any:
    with urlopen(url, timeout=10) as answer:
        return json.load(answer)


def wait_for(url: str, expected: dict[str, Any]) -> None:
    """Ask until the answer has what is expected, at most 20 seconds."""
    until = time.monotonic() + 20
    while not (answer := get(url)).items() >= expected.items():
        assert time.monotonic() < until, answer
        time.sleep(0.05)


def test_the_application_follows(folder: Path) -> None:
    with started(folder) as url:
        assert get(f"{url}/") == BEFORE
        shell(folder, CHANGE)
        wait_for(f"{url}/", {"revision": AFTER["revision"]})
        assert get(f"{url}/") == AFTER
        with pytest.raises(HTTPError, match="404") as refused:
            get(f"{url}/other")
        refused.value.close()
        (folder / "configsync.db").unlink()
        wait_for(f"{url}/health", {"degraded": True, "source": "database"})
        assert get(f"{url}/") == AFTER
    with started(folder) as url:
        assert get(f"{url}/") == AFTER
        assert get(f"{url}/health")["source"] == "cache"
