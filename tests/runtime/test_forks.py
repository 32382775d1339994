"""Forked workers: each follows by itself, and none breaks the connection of its parent."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from configsync.store.migrate import upgrade
from configsync.store.url import parse_url
from tests.runtime.processes import ROOT

FORKS = {"sqlite": 50, "postgresql": 10}

Apply = Callable[[str, int], None]


@pytest.mark.parametrize("lazy", [False, True], ids=["eager", "lazy"])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_workers_follow_by_themselves(
    request: pytest.FixtureRequest, tmp_path: Path, apply: Apply, kind: str, lazy: bool
) -> None:
    url = f"sqlite:///{tmp_path}/config.db"
    if kind == "postgresql":
        url = request.getfixturevalue("pg_url")
    upgrade(parse_url(url, Path()))
    apply(url, 1)
    options: dict[str, Any] = {"lazy": lazy, "cache_file": str(tmp_path / "cache")}
    if lazy:
        options |= {"load": ["profile", "prompt", "setting"]}
    else:
        # As often as can be, for the forks to come in the midst of it.
        options |= {"poll": 0.0005}
    about = {"url": url, "options": options, "forks": 0 if lazy else FORKS[kind]}
    application = subprocess.Popen(
        [sys.executable, "-m", "tests.runtime.forking", json.dumps(about)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert application.stdout is not None
    with application:
        assert application.stdout.readline() == '{"forked": 4}\n'
        apply(url, 2)
        assert [application.stdout.readline() for _ in range(4)] == ['{"ended": 0}\n'] * 4
        apply(url, 3)
        state = json.loads(application.stdout.readline())
        assert state == {"failures": 0, "listening": kind == "postgresql", "degraded": False}
        assert json.loads(application.stdout.readline()) == {"tried": about["forks"]}
    assert application.returncode == 0
