"""A plan with nothing changed: against octoDNS with one record for each resource."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.benchmarks.bench import Bench
from tests.benchmarks.goals import MEMORY, PLAN_OCTODNS
from tests.benchmarks.peers import program
from tests.benchmarks.process import Run, alternate, configsync, progress, run
from tests.benchmarks.result import Row, peaks, timed

PEER = "octodns"
PER_ZONE = 100
"""Records to a zone; of 10, 100, 1,000 and all in one, octoDNS is fastest so."""

APPLY = ("apply", "-q", "--auto-approve", "--actor", "benchmark")
PLAN = ("plan", "--detailed-exitcode")
"""Exits with 2 if there are changes."""


def measure(bench: Bench) -> list[Row]:
    """On SQLite, after an apply: without caches and with; octoDNS compares YAML with YAML."""
    project = bench.project("plan")
    progress("plan: applying once, to SQLite")
    run([*configsync(), *APPLY], project.folder)
    sides: dict[str, Callable[[], Run]] = {}
    peer = program(PEER)
    if peer is not None:
        folder = bench.folder / PEER
        _write_zones(folder, project.resources)
        words = [peer, "--config-file", "octodns.yaml", "--quiet"]
        sides[PEER] = partial(run, words, folder, says="No changes were planned")
    plan = partial(run, [*configsync(), *PLAN], project.folder)
    sides["fresh"] = project.cold(plan)
    sides["again"] = plan
    runs = alternate("plan", bench.rounds, sides)
    others, skipped = runs.get(PEER, ()), "" if peer else f"{PEER} is not installed"
    fresh, again, number = runs["fresh"], runs["again"], project.profiles
    name = "plan, nothing changed"
    return [
        timed(f"{name}, fresh checkout", PEER, number, fresh, others, PLAN_OCTODNS, skipped),
        timed(name, PEER, number, again, others, PLAN_OCTODNS, skipped),
        peaks(f"{name}, fresh checkout", PEER, number, fresh, others, MEMORY, skipped),
    ]


def _write_zones(folder: Path, records: int) -> None:
    """Write that many records twice, as the configuration and as what is there already."""
    lines = ["providers:"]
    for name in ("config", "live"):
        (folder / name).mkdir(parents=True)
        lines += [
            f"  {name}:",
            "    class: octodns.provider.yaml.YamlProvider",
            f"    directory: {name}",
            "    supports_root_ns: false",
        ]
    lines.append("zones:")
    for first in range(0, records, PER_ZONE):
        zone = f"zone-{first // PER_ZONE:05d}.example."
        lines += [f"  {zone}:", "    sources: [config]", "    targets: [live]"]
        text = "".join(
            f"record-{index:06d}:\n  type: TXT\n  value: resource {index}\n"
            for index in range(first, min(first + PER_ZONE, records))
        )
        for name in ("config", "live"):
            (folder / name / f"{zone}yaml").write_text(text, encoding="utf-8")
    (folder / "octodns.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
