"""Killed at any instant, an apply leaves the state before or the state after, never another."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Workspace
from tests.faults import model
from tests.faults.launcher import Launcher
from tests.faults.trials import APPLY, PLAIN, Trials, events
from tests.times import examples, part

KILLS = examples(12)
"""At random moments."""


def test_a_kill_at_each_statement_and_each_side_of_the_commit(
    workspace: Workspace, launcher: Launcher, seed: int
) -> None:
    trials = Trials(workspace, launcher, seed)
    lock, commit = trials.learn(launcher)
    found = [*part(range(lock, commit), seed), commit, commit + 1]
    faults: list[dict[str, Any]] = [{"of": "statement", "at": n} for n in found]
    for fault in [*faults, {**faults[0], "at": commit, "after": True}]:
        after = trials.next(throughout=True)
        ended = launcher.run(workspace.root, *PLAIN, database=workspace.url, fault=fault)
        assert ended.killed or fault["at"] > commit, (fault, ended)
        assert trials.settle(after) == (fault["at"] > commit or "after" in fault)


def test_a_kill_at_a_random_moment(workspace: Workspace, launcher: Launcher, seed: int) -> None:
    trials = Trials(workspace, launcher, seed)
    trials.learn(launcher)
    after = trials.next()
    begin = time.monotonic()
    assert launcher.run(workspace.root, *APPLY, database=workspace.url).code == 0
    duration = time.monotonic() - begin
    assert trials.settle(after)
    killed = 0
    for _ in range(KILLS):
        after = trials.next()
        child = launcher.start(workspace.root, *APPLY, database=workspace.url)
        time.sleep(trials.rng.uniform(0, duration))
        child.signal(signal.SIGKILL)
        ended = child.wait()
        killed += ended.killed
        outcome = trials.settle(after)
        assert ended.killed or (ended.code, outcome) == (0, True), ended
    assert model.check(workspace.database) == (trials.revision, trials.before)
    assert killed > KILLS / 4
    print(f"{KILLS} kills, {killed} in time: {trials.outcomes}")


def test_a_kill_while_the_database_is_made(
    project: Workspace, launcher: Launcher, seed: int
) -> None:
    after = model.write(project.root, model.first_state())
    found = events(project, launcher, "statement", *PLAIN)
    for at in part(range(1, len(found) + 1, 6), seed):
        for file in project.root.glob("configsync.db*"):
            file.unlink()
        fault = {"of": "statement", "at": at}
        ended = launcher.run(project.root, *PLAIN, fault=fault)
        assert ended.killed, ended
        again = launcher.run(project.root, *PLAIN)
        assert again.code == 0, again
        assert model.check(project.database) == (1, after)


EDITS = [
    ("set", "profile/p0", "ai_infra.llm_max_tokens=7", "mlflow.experiment_name=/x"),
    ("rename", "profile/p1", "renamed"),
    ("duplicate", "profile/p2", "copy"),
    ("set-default", "profile/p3"),
    ("fmt",),
    ("schema", "--write"),
]


@pytest.mark.parametrize("command", EDITS, ids=lambda c: c[0])
def test_a_kill_at_each_file_that_an_edit_writes(
    project: Workspace, launcher: Launcher, command: tuple[str, ...], seed: int
) -> None:
    model.write(project.root, model.first_state())
    project.write("schemas/profile.schema.json", "{}")
    before = files(project.root)
    count = len(events(project, launcher, "file", *command))
    after = files(project.root)
    assert after != before
    for at in part(range(1, count + 1), seed):
        restore(project.root, before)
        ended = launcher.run(project.root, *command, fault={"of": "file", "at": at})
        assert ended.killed, ended
        each_old_or_new(project.root, before, after)
        project.ok("validate")


@pytest.mark.parametrize("command", EDITS, ids=lambda c: c[0])
@pytest.mark.parametrize("action", ["kill", "refuse"])
def test_a_disk_that_ends_in_the_middle_of_a_file(
    project: Workspace, launcher: Launcher, command: tuple[str, ...], action: str
) -> None:
    model.write(project.root, model.first_state())
    project.write("schemas/profile.schema.json", "{}")
    before = files(project.root)
    assert launcher.run(project.root, *command).code == 0
    after = files(project.root)
    for size in (0, 1, 300):
        restore(project.root, before)
        fault = {"of": "size", "at": size, "action": action}
        ended = launcher.run(project.root, *command, "-C", ".", fault=fault)
        assert ended.code == (-signal.SIGXFSZ if action == "kill" else 1), ended
        each_old_or_new(project.root, before, after)
        if action == "refuse":
            assert "can't be written" in ended.err
            assert not list(project.root.rglob(".*.new"))


def files(root: Path) -> dict[str, bytes]:
    """The contents of what is no hidden file, and in no hidden folder."""
    found = (f for f in root.rglob("*") if f.is_file())
    names = {f.relative_to(root).as_posix(): f for f in found}
    return {n: f.read_bytes() for n, f in names.items() if "/." not in f"/{n}"}


def restore(root: Path, contents: dict[str, bytes]) -> None:
    for name in files(root).keys() - contents.keys():
        (root / name).unlink()
    for name, data in contents.items():
        (root / name).write_bytes(data)


def each_old_or_new(root: Path, before: dict[str, bytes], after: dict[str, bytes]) -> None:
    for name, data in files(root).items():
        assert data in (before.get(name), after.get(name)), name
    assert files(root).keys() >= before.keys() & after.keys()
