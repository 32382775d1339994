"""Moments: as people give them, and as they are shown to them.

What is stored, and what machines are given, is UTC. People may think in their
own time: that of a *zone*, which is None for the machine's own, as TZ or the
system says.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from configsync.core.errors import UsageError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_moment(text: str, now: datetime, zone: tzinfo | None = UTC) -> datetime:
    """The moment that a text means, in UTC.

    ISO 8601, a date or a time, of ``zone`` if it has no offset; or a whole
    number of ``s``, ``m``, ``h``, ``d`` or ``w`` before ``now``, as ``2h``. A
    date means its beginning: the first, where clocks go back at midnight, and
    the end of what they skip, where they go forward. A time that the zone's
    clocks show twice or never isn't guessed, as a rollback may hang on it.
    Raises UsageError for one of those, and for anything else.
    """
    ago = re.fullmatch(r"(\d{1,9})([smhdw])", text, re.ASCII)
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        day = _date(text)
        if day is not None:
            return _beginning(day, zone)
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo is not None else _certain(found, zone)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"{text} is no time. Write 2026-11-22, 2026-11-22T09:30:00Z, or how long ago, as 2h."
        ) from error


def shown_in(text: str, zone: tzinfo | None) -> str:
    """A moment, given as UTC in ISO 8601, as the clocks of a zone show it.

    With its offset from UTC, ``Z`` if that is none; so it is one word that
    can't be misread, and `parse_moment` takes it back exactly. What is no such
    moment, since a hand may have written it, is returned as it is.
    """
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            return text
        local = at.astimezone(zone)
    except (ValueError, OverflowError, OSError):
        return text
    if not local.utcoffset():
        return text
    return local.isoformat(timespec="microseconds" if "." in text else "seconds")


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _beginning(day: date, zone: tzinfo | None) -> datetime:
    midnight = datetime.combine(day, time())
    return min(_showing(midnight, zone), default=max(_folds(midnight, zone)))


def _certain(wall: datetime, zone: tzinfo | None) -> datetime:
    """The one moment at which a zone's clocks show a time. Raises UsageError for none or two."""
    moments = sorted(_showing(wall, zone))
    if not moments:
        raise UsageError(
            f"{wall.isoformat()} is no time of the local zone: its clocks skip it. "
            "Write a time with its offset, as 2026-11-22T09:30:00Z."
        )
    if len(moments) > 1:
        both = " or ".join(at.astimezone(zone).isoformat() for at in moments)
        raise UsageError(
            f"{wall.isoformat()} comes twice in the local zone: its clocks go back. Write {both}."
        )
    return moments[0]


def _showing(wall: datetime, zone: tzinfo | None) -> set[datetime]:
    """The moments at which a zone's clocks show a time."""
    return {m for m in _folds(wall, zone) if m.astimezone(zone).replace(tzinfo=None) == wall}


def _folds(wall: datetime, zone: tzinfo | None) -> set[datetime]:
    """The moments that a time is by the zone's offsets before and after a change of its clocks.

    Which of them is fold 0 isn't the same for the machine's zone as for a named one.
    """
    folds = (wall.replace(fold=fold) for fold in (0, 1))
    local = (f.astimezone() if zone is None else f.replace(tzinfo=zone) for f in folds)
    return {at.astimezone(UTC) for at in local}
