"""The measures, one file each: a function from a bench to rows."""

from __future__ import annotations

from collections.abc import Callable

from tests.benchmarks.bench import Bench
from tests.benchmarks.measures import apply, estate, plan, runtime, start, terraform, validate
from tests.benchmarks.result import Row

MEASURES: dict[str, Callable[[Bench], list[Row]]] = {
    "start": start.measure,
    "validate": validate.measure,
    "plan": plan.measure,
    "terraform": terraform.measure,
    "apply": apply.measure,
    "estate": estate.measure,
    "runtime": runtime.measure,
}
"""By name, in the order of the table."""
