"""Applies that something goes wrong in, one after the other, on one database."""

from __future__ import annotations

import random
from collections import Counter

from tests.conftest import Workspace
from tests.faults import model
from tests.faults.launcher import Launcher

APPLY = ("apply", "--auto-approve")

PLAIN = (*APPLY, "--no-cache")
"""Without the cache, whose statements are now these, now those."""

BEGINS = ("BEGIN IMMEDIATE", "SELECT set_config('lock_timeout'")
"""How the transaction that writes begins, on the two databases."""


class Trials:
    """Applies to one database, each ended by a fault, looked into, and completed."""

    def __init__(self, workspace: Workspace, launcher: Launcher, seed: int) -> None:
        self.workspace, self.launcher = workspace, launcher
        self.rng = random.Random(seed)
        self.state = model.first_state()
        self.number = 0
        self.outcomes: Counter[bool] = Counter()
        model.write(workspace.root, self.state)
        workspace.ok(*APPLY)
        self.revision, self.before = model.check(workspace.database)

    def learn(self, launcher: Launcher) -> tuple[int, int]:
        """The numbers of the statements that begin and commit when a state changes throughout."""
        for _ in range(3):
            after = self.next(throughout=True)
            found = events(self.workspace, launcher, "statement", *PLAIN)
            assert self.settle(after)
        begins = (n for n, text in enumerate(found, 1) if text.startswith(BEGINS))
        return next(begins), len(found) - found[::-1].index("COMMIT")

    def next(self, *, throughout: bool = False) -> model.Rows:
        """Write the next state as files; returns the rows that it asks for."""
        self.number += 1
        if throughout:
            self.state = model.changed_throughout(self.state, self.number)
        else:
            self.state = model.mutated(self.rng, self.state, f"m{self.number}")
        return model.write(self.workspace.root, self.state)

    def check(self) -> model.Checked:
        """Check what came after the last trial."""
        return model.check(self.workspace.database, (self.revision, self.before))

    def settle(self, after: model.Rows) -> bool:
        """Require that all of an apply was done, or nothing; then have it done. Tells which."""
        revision, live = self.check()
        done = revision > self.revision
        assert (revision, live) == (self.revision + done, after if done else self.before)
        self.complete(after)
        self.outcomes[done] += 1
        return done

    def complete(self, after: model.Rows) -> None:
        """Run apply again: it gives the state that was asked for, and the plan is empty."""
        self.workspace.ok(*APPLY)
        assert self.workspace.run("plan", "--detailed-exitcode").code == 0
        now = self.check()
        assert now == (self.revision + 1, after)
        self.revision, self.before = now


def events(workspace: Workspace, launcher: Launcher, of: str, *arguments: str) -> list[str]:
    """What a command does, in order, that a fault can strike at; it is done by this."""
    report = workspace.root.parent / "events"
    report.write_text("")
    fault = {"of": of, "report": str(report)}
    ended = launcher.run(workspace.root, *arguments, database=workspace.url, fault=fault)
    assert ended.code == 0, ended
    return report.read_text().splitlines()
