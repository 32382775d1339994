"""Many processes write at once: the result is that of some order, one after the other."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from tests.conftest import Workspace
from tests.faults import model
from tests.faults.launcher import Child, Launcher
from tests.faults.trials import APPLY

PROCESSES = 32
ROUNDS = 2
PROFILES = 40
"""So many that what a process changes, and what it reverts of others, is a small part of all."""


def test_processes_that_apply_random_plans_at_once(
    workspace: Workspace, launcher: Launcher, seed: int
) -> None:
    url = workspace.url or f"sqlite:////{workspace.root}/configsync.db"
    model.write(workspace.root, {f"p{n}": {"spaces": ["s1"]} for n in range(PROFILES)})
    workspace.ok(*APPLY)
    told: Counter[int] = Counter()
    reported: dict[int, dict[str, Any]] = {}
    for round_ in range(ROUNDS):
        children = [
            _start(launcher, workspace.root, url, number, f"{seed}/{round_}/{number}")
            for number in range(PROCESSES)
        ]
        for name, child in children:
            ended = child.wait()
            told[ended.code] += 1
            # Applied; made stale by another's; against another's write past configsync.
            assert ended.code in (0, 3, 4), ended
            if ended.code == 0 and ended.out:
                result = json.loads(ended.out)
                if result["changes"]:
                    assert result["revision"] not in reported
                    reported[result["revision"]] = {"by": name, "changes": result["changes"]}
    model.check(workspace.database, drift=True)
    assert _on_record(workspace, after=1) == {
        (revision, about["by"], c["address"], _spelled(c["fields"]))
        for revision, about in reported.items()
        for c in about["changes"]
    }
    assert len(reported) > ROUNDS
    print(f"{PROCESSES} processes, {ROUNDS} times: {told}, {len(reported)} applied")


def _start(launcher: Launcher, root: Path, url: str, number: int, seed: str) -> tuple[str, Child]:
    """One of eight writes past configsync, the others apply."""
    name = f"w{number}"
    folder = root.parent / name
    (folder / "profiles").mkdir(parents=True, exist_ok=True)
    (folder / "configsync.toml").write_text('source = "project"\n')
    script = "past_configsync" if number % 8 == 7 else "apply"
    about = (url, str(folder), name, seed)
    script = f"tests.faults.worker:{script}"
    return name, launcher.start(folder, *about, script=script)


def _on_record(workspace: Workspace, after: int) -> set[tuple[int, str, str, str]]:
    """What history says that appliers did."""
    rows = workspace.sql(
        "SELECT h.revision, h.changed_by, h.address, h.changes FROM config_history h "
        "JOIN config_revisions r ON r.revision = h.revision "
        f"WHERE r.source = 'apply' AND r.revision > {after}"
    )
    return {(r, by, at, _spelled(changes)) for r, by, at, changes in rows}


def _spelled(changes: Any) -> str:
    if isinstance(changes, str):
        changes = json.loads(changes)
    return json.dumps(changes, sort_keys=True)
