"""How a client is doing."""

from __future__ import annotations

from dataclasses import dataclass

from configsync.runtime.model import Source


@dataclass(frozen=True, slots=True)
class Status:
    """How a client is doing, for health checks and metrics.

    ``revision`` is the one that reads see, 0 with a fallback; ``source`` where
    it came from. ``age`` is for how many seconds nothing has confirmed that it
    is the newest. ``degraded`` is whether the newest revision may be missing:
    the database is away, or refuses, or isn't the one that the snapshot came
    from; ``last_error`` says why, without a password, and stays after recovery.

    ``listening`` is whether the server tells of changes, so that reloads need
    not wait for the next poll. ``reloads`` and ``failures`` count since the
    start; ``pinned`` is how many older snapshots somebody holds.
    """

    revision: int
    source: Source
    age: float
    degraded: bool
    last_error: str | None
    database: str
    listening: bool
    reloads: int
    failures: int
    pinned: int
