"""A plan and an apply take as many statements for many rows as for a few."""

from __future__ import annotations

import re

from configsync.core.plan import PlanOptions
from configsync.core.revision import Actor
from configsync.kinds import resource_types
from configsync.source.project import find_project
from configsync.usecases.apply import apply
from configsync.usecases.plan import make_plan
from configsync.usecases.validate import validate
from tests.benchmarks.estate import write_estate
from tests.conftest import Workspace
from tests.watched import Watched


def test_statements_do_not_grow_with_the_rows(workspace: Workspace) -> None:
    rounds = []
    for number, profiles in enumerate((12, 24, 72)):
        # What the round before has renamed is removed: it has its former name again.
        write_estate(workspace.root, profiles)
        created = statements(workspace)
        nothing = statements(workspace)
        edit(workspace, "Numbers|What (is|matters)|Project |https|Event", f"Other{number}")
        changed = statements(workspace)
        edit(
            workspace,
            r"(?<!Rules\nmetadata:)\n  name: (.*)",
            rf"\n  name: {number}-\1\n  renamed_from: \1",
        )
        renamed = statements(workspace)
        rounds.append((created, nothing, changed, renamed))
    assert created[0] == set(resource_types())
    # In the first there was nothing yet to remove.
    assert rounds[1] == rounds[2]


def edit(workspace: Workspace, pattern: str, replacement: str) -> None:
    for file in workspace.root.glob("profiles/**/*.*"):
        text = file.read_text(encoding="utf-8")
        file.write_text(re.sub(pattern, replacement, text), encoding="utf-8")


def statements(workspace: Workspace) -> tuple[set[str], int, int]:
    """Plan and apply; what changed, by domains, and how many statements read and wrote."""
    project = find_project(workspace.root)
    target = project.target(None, {})
    watched = Watched(workspace.database)
    written = 0

    def count(number: int) -> None:
        nonlocal written
        written = number

    watched.on_statement = count
    validation = validate(project, target)
    plan = make_plan(project, target, watched, validation, PlanOptions(force=True))
    apply(watched, plan, Actor("tester"), 10, root=workspace.root)
    return {c.domain for c in plan.changes}, len(watched.statements), written
