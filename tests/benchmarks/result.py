"""What a measure found: rows of numbers, each beside its goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.benchmarks.goals import Goal, Sense
from tests.benchmarks.process import Run


@dataclass(frozen=True, slots=True)
class Row:
    """A comparison, or why there is none.

    ``own`` and ``others`` hold a number for each round, of configsync and of
    the peer, in ``unit``; ``cpu`` is the ratio of CPU times, the way round that
    the goal counts. ``skipped`` says why the peer has no numbers.
    """

    measure: str
    peer: str
    profiles: int
    own: tuple[float, ...]
    others: tuple[float, ...] = ()
    unit: str = "s"
    goal: Goal | None = None
    cpu: float | None = None
    skipped: str = ""

    @property
    def ratio(self) -> float | None:
        """The ratio of the medians: how many times faster, or how many times as much."""
        if not self.others:
            return None
        return _ratio(self.own, self.others, self.goal)

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal or without a number."""
        if self.goal is None:
            return None
        if self.goal.sense in (Sense.MEGABYTES, Sense.MILLISECONDS):
            return self.goal.met(median(self.own))
        return None if self.ratio is None else self.goal.met(self.ratio)


def timed(
    measure: str,
    peer: str,
    profiles: int,
    own: Sequence[Run],
    others: Sequence[Run],
    goal: Goal | None,
    skipped: str = "",
) -> Row:
    """A row of wall times of whole processes."""
    cpu = _ratio([r.cpu for r in own], [r.cpu for r in others], goal) if others else None
    return Row(
        measure,
        peer,
        profiles,
        tuple(r.seconds for r in own),
        tuple(r.seconds for r in others),
        goal=goal,
        cpu=cpu,
        skipped=skipped,
    )


def worked(
    measure: str,
    peer: str,
    profiles: int,
    own: Sequence[Run],
    others: Sequence[Run],
    goal: Goal | None,
) -> Row:
    """A row of the times for which the database worked."""
    own_times, other_times = (tuple(r.database for r in runs) for runs in (own, others))
    return Row(measure, peer, profiles, own_times, other_times, goal=goal)


def peaks(
    measure: str,
    peer: str,
    profiles: int,
    own: Sequence[Run],
    others: Sequence[Run],
    goal: Goal | None,
    skipped: str = "",
) -> Row:
    """A row of peak memory of whole processes."""
    return Row(
        measure,
        peer,
        profiles,
        tuple(r.peak for r in own),
        tuple(r.peak for r in others),
        unit="MB",
        goal=goal,
        skipped=skipped,
    )


def _ratio(own: Sequence[float], others: Sequence[float], goal: Goal | None) -> float:
    """Peer over configsync where the goal is to be faster, else configsync over peer."""
    if goal is not None and goal.sense is Sense.FASTER:
        return median(others) / median(own)
    return median(own) / median(others)
