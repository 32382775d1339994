"""What was measured, as a Markdown table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from tests.benchmarks.goals import Sense
from tests.benchmarks.result import Row

HEADER = (
    "| measure | peer | profiles | configsync | peer | ratio | by CPU time | goal | |\n"
    "|---|---|--:|--:|--:|--:|--:|---|---|\n"
)


def markdown(rows: Sequence[Row], versions: Sequence[str], rounds: int) -> str:
    """The tables of times and of memory; medians of the rounds, and ratios of these."""
    times = "".join(_line(r) for r in rows if r.unit != "MB")
    memory = "".join(_line(r) for r in rows if r.unit == "MB")
    text = f"{HEADER}{times}" if times else ""
    if memory:
        text += f"\nPeak memory of the largest process:\n\n{HEADER}{memory}"
    return f"{text}\nMedians; rounds: {rounds}. {', '.join(versions)}.\n"


def as_json(rows: Sequence[Row], versions: Sequence[str], rounds: int) -> dict[str, Any]:
    """The same with the number of each round."""
    return {
        "format_version": 1,
        "versions": list(versions),
        "rounds": rounds,
        "rows": [
            {
                "measure": r.measure,
                "peer": r.peer,
                "profiles": r.profiles,
                "unit": r.unit,
                "configsync": list(r.own),
                "peer_runs": list(r.others),
                "ratio": r.ratio,
                "cpu_ratio": r.cpu,
                "goal": str(r.goal) if r.goal else None,
                "met": r.met,
                "skipped": r.skipped or None,
            }
            for r in rows
        ],
    }


def _line(row: Row) -> str:
    cells = (
        row.measure,
        row.peer,
        f"{row.profiles:,}" if row.profiles else "",
        _amount(row.own, row.unit),
        _amount(row.others, row.unit),
        _ratio(row.ratio, row),
        _ratio(row.cpu, row),
        str(row.goal) if row.goal else "none",
        _verdict(row),
    )
    return f"| {' | '.join(cells)} |\n"


def _amount(numbers: Sequence[float], unit: str) -> str:
    if not numbers:
        return "–"
    return f"{median(numbers):.{0 if unit == 'MB' else 3}f} {unit}"


def _ratio(ratio: float | None, row: Row) -> str:
    if ratio is None:
        return "–"
    faster = row.goal is not None and row.goal.sense is Sense.FASTER
    return f"{ratio:.3g} ×{' faster' if faster else ''}"


def _verdict(row: Row) -> str:
    words = []
    if row.met is not None:
        words.append("met" if row.met else "not met")
        if row.goal is not None and row.goal.profiles not in (0, row.profiles):
            words.append(f"at {row.profiles:,}")
    if row.skipped:
        words.append(f"skipped: {row.skipped}")
    return ", ".join(words)
