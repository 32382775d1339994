"""The network fails anywhere: what apply says is what the database has, or that it can't tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.conftest import Workspace
from tests.faults import model
from tests.faults.launcher import Ended, Launcher
from tests.faults.outcome import said
from tests.faults.proxy import AFTER, BEFORE, Fault, Proxy, random_fault
from tests.faults.trials import PLAIN, Trials
from tests.times import examples

FAULTS = examples(15)

OUTCOME_TIMEOUT = "configsync.store.apply:OUTCOME_TIMEOUT"

SETTINGS = {
    "configsync.store.postgresql:REPLY_TIMEOUT": 0.5,
    "configsync.store.postgresql:FROZEN_TIMEOUT": 0.5,
    OUTCOME_TIMEOUT: 10,
}
"""Shorter than in earnest; where the server stays away, it is asked for less long still."""


@pytest.fixture
def proxy(pg_url: str) -> Iterator[Proxy]:
    started = Proxy(pg_url)
    yield started
    started.close()


def apply(project: Workspace, launcher: Launcher, proxy: Proxy, fault: Fault) -> Ended:
    proxy.arm(fault)
    settings = SETTINGS if fault.away < 1 else {**SETTINGS, OUTCOME_TIMEOUT: 0.5}
    command = (*PLAIN, "--lock-timeout", "0.5")
    ended = launcher.run(project.root, *command, database=proxy.url, settings=settings)
    proxy.arm(None)
    return ended


def test_a_fault_at_any_statement(
    project: Workspace, pg_url: str, launcher: Launcher, proxy: Proxy, seed: int
) -> None:
    project.url = pg_url
    trials = Trials(project, launcher, seed)
    trials.learn(launcher)
    after = trials.next(throughout=True)
    assert launcher.run(project.root, *PLAIN, database=proxy.url).code == 0
    count = len(proxy.statements)
    rollback = 1 + [s[:8] for s in proxy.statements].index(b"ROLLBACK")
    assert trials.settle(after)
    told: Counter[bool | None] = Counter()
    faults = [Fault("drop", rollback), Fault("late", 0), Fault("late", 0, away=30)]
    faults += [random_fault(trials.rng, count) for _ in range(FAULTS - len(faults))]
    for fault in faults:
        after = trials.next(throughout=True)
        ended = apply(project, launcher, proxy, fault)
        told[said(ended)] += 1
        done = trials.settle(after)
        assert said(ended) in (done, None), (fault, ended)
        assert fault.away or fault.kind == "delay" or said(ended) is not None, (fault, ended)
    print(f"{len(faults)} faults: {told}, {trials.outcomes}")


@pytest.mark.parametrize("kind", BEFORE + AFTER)
def test_a_commit_without_reply_of_what_only_records(
    project: Workspace, pg_url: str, launcher: Launcher, proxy: Proxy, kind: str
) -> None:
    project.url = pg_url
    wanted = model.write(project.root, model.first_state())
    project.ok("apply", "--auto-approve")
    project.sql("DELETE FROM config_resources WHERE address LIKE '%/prompts'")
    ended = apply(project, launcher, proxy, Fault(kind, 0))
    assert ended.code == 0, ended
    assert model.check(project.database) == (1, wanted)
