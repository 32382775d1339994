"""What each measure is to reach: section 8 of the design, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sense(StrEnum):
    """How a measured number is held against its bound."""

    FASTER = "faster"
    """The peer's time over configsync's is at least the bound."""
    WITHIN = "within"
    """configsync's time over the peer's is at most the bound."""
    MEGABYTES = "megabytes"
    """configsync's peak memory is at most the bound."""
    MILLISECONDS = "milliseconds"
    """configsync's time is at most the bound."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound, and the number of profiles that it was set for; 0 if none matters."""

    sense: Sense
    bound: float
    profiles: int = 0

    def __str__(self) -> str:
        text = {
            Sense.FASTER: f"at least {self.bound:g} × faster",
            Sense.WITHIN: f"within {self.bound:g} ×",
            Sense.MEGABYTES: f"under {self.bound:g} MB",
            Sense.MILLISECONDS: f"under {self.bound:g} ms",
        }[self.sense]
        return f"{text} at {self.profiles:,}" if self.profiles else text

    def met(self, number: float) -> bool:
        """Tell whether a measured ratio, or number of megabytes, reaches the goal."""
        return number >= self.bound if self.sense is Sense.FASTER else number <= self.bound


VALIDATE_COLD = Goal(Sense.FASTER, 40, 10_000)
VALIDATE_UNCHANGED = Goal(Sense.FASTER, 300, 10_000)
PLAN_OCTODNS = Goal(Sense.FASTER, 100, 10_000)
PLAN_TERRAFORM = Goal(Sense.FASTER, 200, 1_000)
APPLY = Goal(Sense.WITHIN, 2, 10_000)
VERSION = Goal(Sense.WITHIN, 8)
VALIDATE_ONE = Goal(Sense.WITHIN, 12)
LOAD = Goal(Sense.WITHIN, 3, 10_000)
READ = Goal(Sense.WITHIN, 5)
NOTIFIED = Goal(Sense.MILLISECONDS, 20, 10_000)
POLLED = Goal(Sense.WITHIN, 1.1)
MEMORY = Goal(Sense.MEGABYTES, 500, 10_000)
