"""Validation: against check-jsonschema, on the same files with the same schema."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.benchmarks.bench import SCHEMA, Bench
from tests.benchmarks.goals import MEMORY, VALIDATE_COLD, VALIDATE_UNCHANGED
from tests.benchmarks.peers import program
from tests.benchmarks.process import Run, alternate, configsync, run
from tests.benchmarks.result import Row, peaks, timed

PEER = "check-jsonschema"


def measure(bench: Bench) -> list[Row]:
    """Cold, and again when nothing has changed since."""
    project = bench.project("validate")
    validate = partial(run, [*configsync(), "validate"], project.folder, says="0 errors")
    sides: dict[str, Callable[[], Run]] = {}
    peer = program(PEER)
    if peer is not None:
        words = [peer, "--schemafile", SCHEMA, *project.files()]
        sides[PEER] = partial(run, words, project.folder, says="ok")
    sides["cold"] = project.cold(validate)
    sides["unchanged"] = validate
    runs = alternate("validate", bench.rounds, sides)
    others, skipped = runs.get(PEER, ()), "" if peer else f"{PEER} is not installed"
    cold, unchanged, number = runs["cold"], runs["unchanged"], project.profiles
    return [
        timed("validate, cold", PEER, number, cold, others, VALIDATE_COLD, skipped),
        timed(
            "validate, nothing changed since",
            PEER,
            number,
            unchanged,
            others,
            VALIDATE_UNCHANGED,
            skipped,
        ),
        peaks("validate, cold", PEER, number, cold, others, MEMORY, skipped),
    ]
