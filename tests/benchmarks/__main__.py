"""``python -m tests.benchmarks``: measure configsync against its peers."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.bench import Bench
from tests.benchmarks.measures import MEASURES
from tests.benchmarks.peers import versions
from tests.benchmarks.process import Failed, progress
from tests.benchmarks.report import as_json, markdown
from tests.benchmarks.result import Row


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the table; returns 1 if a measure failed."""
    options = _parser().parse_args(arguments)
    rows: list[Row] = []
    failed = False
    with tempfile.TemporaryDirectory(prefix="configsync-benchmark-") as folder:
        _compile_into(Path(folder, "bytecode"))
        # Asked first, so that all programs are compiled when the first round begins.
        found = versions()
        bench = Bench(Path(folder), options.profiles, options.runs)
        for name in options.only or MEASURES:
            try:
                rows += MEASURES[name](bench)
            except Failed as error:
                failed = True
                progress(f"{name} failed: {error}")
    sys.stdout.write(markdown(rows, found, options.runs))
    if options.json is not None:
        text = json.dumps(as_json(rows, found, options.runs), indent=2, ensure_ascii=False)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 1 if failed else 0


def _compile_into(folder: Path) -> None:
    """Let all Python programs start from bytecode, as installed ones do, kept in a folder of ours.

    A checkout may have none, and a caller may have turned it off.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure configsync against its peers. The table goes to stdout, "
        "progress to stderr.",
    )
    parser.add_argument(
        "--profiles",
        type=_positive,
        default=300,
        metavar="N",
        help="how many profiles to measure with (300; the goals are set for 10000)",
    )
    parser.add_argument(
        "--runs",
        type=_positive,
        default=3,
        metavar="K",
        help="how many rounds, of which medians are taken (3)",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=tuple(MEASURES),
        help="measure this alone; may be given several times",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run's numbers too")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


if __name__ == "__main__":
    sys.exit(main())
