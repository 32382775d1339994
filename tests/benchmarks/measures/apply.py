"""An apply of all new profiles on PostgreSQL: against COPY of the same rows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.benchmarks.bench import REPOSITORY, Bench, Project
from tests.benchmarks.goals import APPLY as GOAL
from tests.benchmarks.goals import MEMORY
from tests.benchmarks.measures.plan import APPLY
from tests.benchmarks.postgresql import Server, dump, server
from tests.benchmarks.process import Failed, Run, alternate, configsync, progress, run
from tests.benchmarks.result import Row, peaks, timed, worked

PEER = "COPY"


def measure(bench: Bench) -> list[Row]:
    """The database's part is what its sessions were active for, as it counts itself."""
    with server(bench.folder / "postgresql") as found:
        if isinstance(found, str):
            return [Row("apply, all new", PEER, bench.profiles, (), goal=GOAL, skipped=found)]
        return _measure(bench, found)


def _measure(bench: Bench, server: Server) -> list[Row]:
    project = bench.project("apply")
    sides = {PEER: copying(server, project), "configsync": applying(server, project)}
    runs = alternate("apply", bench.rounds, sides)
    own, others, number = runs["configsync"], runs[PEER], project.profiles
    peer = f"{PEER}, PostgreSQL {server.version}"
    return [
        worked("apply, all new: the database's part", peer, number, own, others, GOAL),
        timed("apply, all new: the whole process", peer, number, own, others, None),
        peaks("apply, all new", peer, number, own, others, MEMORY),
    ]


def applying(server: Server, project: Project) -> Callable[[], Run]:
    """An apply of a whole project to an empty database."""
    return partial(_run, server, project, [*configsync(), *APPLY], project.folder)


def copying(server: Server, project: Project) -> Callable[[], Run]:
    """COPY of the rows that such an apply writes: it is done once, to have them."""
    progress(f"{project.folder.name}: applying once, for the rows to copy")
    rows = project.folder.with_name(f"{project.folder.name}-rows")
    with server.database() as url:
        run([*configsync(), *APPLY], project.folder, environment={"CONFIGSYNC_DATABASE": url})
        dump(url, server.migrated, rows)
    copy = [sys.executable, "-m", "tests.benchmarks.copy_rows", str(rows)]
    return partial(_run, server, project, copy, REPOSITORY)


def _run(server: Server, project: Project, command: list[str], folder: Path) -> Run:
    """Run on a fresh database, and require that it then has the history of all resources."""
    with server.database() as url:
        done = run(command, folder, environment={"CONFIGSYNC_DATABASE": url})
        active, written = server.active(url), server.written(url)
        if written != project.resources:
            raise Failed(f"{written} rows of history instead of {project.resources}")
        return replace(done, database=active)
