"""A client that is stopped while it holds the lock: others go on, and it learns what became."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Workspace
from tests.faults import model
from tests.faults.launcher import Launcher
from tests.faults.outcome import said
from tests.faults.trials import APPLY, PLAIN, Trials

SOON = {"configsync.store.postgresql:FROZEN_TIMEOUT": 1.0}


def other_checkout(workspace: Workspace, root: Path) -> Workspace:
    """Another project on the same database, in the name of the same source."""
    (root / "profiles").mkdir(parents=True)
    (root / "configsync.toml").write_text('source = "project"\n')
    return replace(workspace, root=root)


@pytest.mark.parametrize("place", ["lock", "middle", "before the commit", "after the commit"])
def test_a_frozen_client_loses_the_lock_and_learns_of_it(
    project: Workspace, pg_url: str, launcher: Launcher, tmp_path: Path, place: str
) -> None:
    project.url = pg_url
    trials = Trials(project, launcher, 1)
    lock, commit = trials.learn(launcher)
    at = {"lock": lock + 1, "middle": (lock + commit) // 2}.get(place, commit)
    fault = {"of": "statement", "at": at, "after": "before" not in place, "action": "stop"}
    theirs = trials.next(throughout=True)
    # Once with the time that holds in earnest, and there with the lock's own default timeout.
    settings = {} if place == "lock" else SOON
    frozen = launcher.start(project.root, *PLAIN, database=pg_url, fault=fault, settings=settings)
    frozen.wait_until_stopped()
    other = other_checkout(project, tmp_path / "other")
    state = model.mutated(trials.rng, trials.state, "other")
    wanted = model.write(other.root, state)
    other.ok(*APPLY)
    done = place == "after the commit"
    assert model.check(project.database) == (trials.revision + 1 + done, wanted)
    frozen.signal(signal.SIGCONT)
    ended = frozen.wait()
    assert said(ended) is done, ended
    assert model.check(project.database) == (trials.revision + 1 + done, wanted)
    assert theirs != wanted


def test_a_frozen_client_of_sqlite_keeps_the_lock_and_is_named(
    project: Workspace, launcher: Launcher, tmp_path: Path
) -> None:
    trials = Trials(project, launcher, 1)
    lock, commit = trials.learn(launcher)
    wanted = trials.next(throughout=True)
    fault = {"of": "statement", "at": (lock + commit) // 2, "action": "stop"}
    frozen = launcher.start(project.root, *PLAIN, fault=fault)
    frozen.wait_until_stopped()
    other = other_checkout(project, tmp_path / "other")
    other.url = f"sqlite:////{project.root}/configsync.db"
    model.write(other.root, model.mutated(trials.rng, trials.state, "other"))
    refused = other.run(*APPLY, "--lock-timeout", "0.2")
    assert refused.code == 5
    assert f"process {frozen.pid})" in refused.err
    frozen.signal(signal.SIGCONT)
    assert said(frozen.wait()) is True
    assert model.check(project.database) == (trials.revision + 1, wanted)
