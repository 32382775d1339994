"""An estate of every kind: what the other kinds add to the profiles, and COPY of all rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count

from tests.benchmarks.bench import Bench, Project
from tests.benchmarks.estate import write_estate
from tests.benchmarks.measures.apply import PEER as COPY
from tests.benchmarks.measures.apply import applying, copying
from tests.benchmarks.measures.plan import APPLY, PLAN
from tests.benchmarks.postgresql import Server, server
from tests.benchmarks.process import Run, alternate, configsync, progress, run
from tests.benchmarks.result import Row, peaks, timed, worked

ALONE = "its profiles alone"
"""The same work, of the same profiles without the other kinds."""


def measure(bench: Bench) -> list[Row]:
    """Plans on SQLite, and an apply of all to PostgreSQL."""
    estate = bench.project("estate", write=write_estate)
    alone = bench.project("estate-alone")
    rows = _plans(bench, estate, alone)
    with server(bench.folder / "estate-postgresql") as found:
        if isinstance(found, str):
            name = "estate: apply, all new"
            return [*rows, Row(name, COPY, bench.profiles, (), skipped=found)]
        return [*rows, *_applies(bench, found, estate, alone)]


def _plans(bench: Bench, estate: Project, alone: Project) -> list[Row]:
    sides: dict[str, Callable[[], Run]] = {}
    for name, project in ((ALONE, alone), ("estate", estate)):
        progress(f"{name}: applying once, to SQLite")
        run([*configsync(), *APPLY], project.folder)
        plan = partial(run, [*configsync(), *PLAN], project.folder)
        sides[f"{name}, fresh"] = project.cold(plan)
        sides[f"{name}, again"] = plan
        sides[f"{name}, changed"] = _changing(project)
    runs = alternate("estate: plan", bench.rounds, sides)
    rows = []
    for title, side in (
        ("plan, nothing changed, fresh checkout", "fresh"),
        ("plan, nothing changed", "again"),
        ("plan, one prompt changed", "changed"),
    ):
        own, others = runs[f"estate, {side}"], runs[f"{ALONE}, {side}"]
        rows.append(timed(f"estate: {title}", ALONE, bench.profiles, own, others, None))
        if side == "fresh":
            rows.append(peaks(f"estate: {title}", ALONE, bench.profiles, own, others, None))
    return rows


def _changing(project: Project) -> Callable[[], Run]:
    """A plan after a prompt has got one more line, another one each time; put back afterwards."""
    below = project.folder / "profiles"
    # Either ends with a text: the first prompt, or else the first profile.
    file = next(below.glob("prompts/000/*-0000.yaml"), None) or next(below.glob("000/*-00000.yaml"))
    text = file.read_text(encoding="utf-8")
    numbers = count(1)

    def changing() -> Run:
        file.write_text(f"{text}      Answer {next(numbers)} times.\n", encoding="utf-8")
        try:
            return run([*configsync(), "plan"], project.folder, says=" 1 to update,")
        finally:
            file.write_text(text, encoding="utf-8")

    return changing


def _applies(bench: Bench, server: Server, estate: Project, alone: Project) -> list[Row]:
    sides = {
        COPY: copying(server, estate),
        ALONE: applying(server, alone),
        "estate": applying(server, estate),
    }
    runs = alternate("estate: apply", bench.rounds, sides)
    own, number, name = runs["estate"], bench.profiles, "estate: apply, all new"
    rows = []
    for peer in (COPY, ALONE):
        shown = f"{peer}, PostgreSQL {server.version}"
        others = runs[peer]
        rows += [
            worked(f"{name}: the database's part", shown, number, own, others, None),
            timed(f"{name}: the whole process", shown, number, own, others, None),
            peaks(name, shown, number, own, others, None),
        ]
    return rows
