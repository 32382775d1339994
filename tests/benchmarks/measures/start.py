"""Start-up: how much longer than an empty Python program."""

from __future__ import annotations

import sys
from functools import partial

from tests.benchmarks.bench import Bench
from tests.benchmarks.goals import VALIDATE_ONE, VERSION
from tests.benchmarks.process import alternate, configsync, run
from tests.benchmarks.result import Row, timed

PYTHON = "python -c pass"


def measure(bench: Bench) -> list[Row]:
    """``--version`` and ``validate`` of one file, against ``python -c pass``."""
    project = bench.project("start", 1)
    folder = project.folder
    validate = partial(run, [*configsync(), "validate"], folder, says="0 errors")
    # So short a run needs more of them.
    runs = alternate(
        "start",
        bench.rounds * 5,
        {
            PYTHON: partial(run, [sys.executable, "-c", "pass"], folder),
            "--version": partial(run, [*configsync(), "--version"], folder, says="configsync"),
            "validate": project.cold(validate),
        },
    )
    return [
        timed("--version", PYTHON, 0, runs["--version"], runs[PYTHON], VERSION),
        timed("validate, one file, cold", PYTHON, 1, runs["validate"], runs[PYTHON], VALIDATE_ONE),
    ]
