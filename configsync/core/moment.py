"""Moments as people give them: an ISO date or time, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from configsync.core.errors import UsageError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_moment(text: str, now: datetime) -> datetime:
    """The moment that a text means, in UTC.

    ISO 8601, a date or a time, without an offset taken as UTC; or a whole
    number of ``s``, ``m``, ``h``, ``d`` or ``w`` before ``now``, as ``2h``. A
    date means its beginning. Raises UsageError for anything else.
    """
    ago = re.fullmatch(r"(\d{1,9})([smhdw])", text, re.ASCII)
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{text} is no time. Write 2026-11-22, 2026-11-22T09:30:00Z, or how long ago, as 2h."
        ) from error
