"""How long what is random or many goes on: ``--times``, which is 1 at a desk and `IN_CI` in CI."""

from __future__ import annotations

import os
from collections.abc import Sequence
from random import Random
from typing import TypeVar

IN_CI = 4

VARIABLE = "CONFIGSYNC_TEST_TIMES"
"""Where conftest keeps the option, as tests are decorated before any fixture is there."""

T = TypeVar("T")


def times() -> int:
    return int(os.environ.get(VARIABLE, "1"))


def examples(number: int) -> int:
    """So many for each of ``--times``."""
    return number * times()


def part(of: Sequence[T], seed: int) -> Sequence[T]:
    """All of a sequence in CI, a quarter at a desk, spread over it."""
    step = max(1, IN_CI // times())
    return of[Random(seed).randrange(step) :: step]
