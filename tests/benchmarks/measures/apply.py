"""An apply of all new profiles on PostgreSQL: against COPY of the same rows."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial

from tests.benchmarks.bench import REPOSITORY, Bench, Project
from tests.benchmarks.goals import APPLY as GOAL
from tests.benchmarks.goals import MEMORY
from tests.benchmarks.measures.plan import APPLY
from tests.benchmarks.postgresql import Server, dump, server
from tests.benchmarks.process import Failed, Run, alternate, configsync, progress, run
from tests.benchmarks.result import Row, peaks, timed

PEER = "COPY"


def measure(bench: Bench) -> list[Row]:
    """The database's part is what its sessions were active for, as it counts itself."""
    with server(bench.folder / "postgresql") as found:
        if isinstance(found, str):
            return [Row("apply, all new", PEER, bench.profiles, (), goal=GOAL, skipped=found)]
        return _measure(bench, found)


def _measure(bench: Bench, server: Server) -> list[Row]:
    project = bench.project("apply")
    progress("apply: applying once, for the rows to copy")
    rows = bench.folder / "rows"
    with server.database() as url:
        run([*configsync(), *APPLY], project.folder, environment={"CONFIGSYNC_DATABASE": url})
        dump(url, server.migrated, rows)
        written = server.written(url)
    apply = [*configsync(), *APPLY]
    copy = [sys.executable, "-m", "tests.benchmarks.copy_rows", str(rows)]
    runs = alternate(
        "apply",
        bench.rounds,
        {
            PEER: partial(_run, server, copy, None, written),
            "configsync": partial(_run, server, apply, project, written),
        },
    )
    own, others, number = runs["configsync"], runs[PEER], project.profiles
    peer = f"{PEER}, PostgreSQL {server.version}"
    return [
        Row(
            "apply, all new: the database's part",
            peer,
            number,
            tuple(r.database for r in own),
            tuple(r.database for r in others),
            goal=GOAL,
        ),
        timed("apply, all new: the whole process", peer, number, own, others, None),
        peaks("apply, all new", peer, number, own, others, MEMORY),
    ]


def _run(server: Server, command: list[str], project: Project | None, written: int) -> Run:
    """Run on a fresh database, and require that it then holds as many rows as it should."""
    folder = REPOSITORY if project is None else project.folder
    with server.database() as url:
        done = run(command, folder, environment={"CONFIGSYNC_DATABASE": url})
        active = server.active(url)
        if server.written(url) != written:
            raise Failed(f"{server.written(url)} rows of history instead of {written}")
        return replace(done, database=active)
