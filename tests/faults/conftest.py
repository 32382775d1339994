"""What the tests of faults share: a launcher, and a seed."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.faults.launcher import Launcher


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """Starts configsync in processes that can be killed."""
    started = Launcher()
    yield started
    started.close()


@pytest.fixture
def seed() -> int:
    """What random choices start from: fixed in CI, else of its own in each run."""
    seed = 1 if os.environ.get("CI") else int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    return seed
