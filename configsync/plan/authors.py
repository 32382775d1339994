"""Who wrote past git what a plan is about to change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from configsync.core.plan import Change, Reason
from configsync.core.revision import LastWrite

LastWrites = Callable[[Iterable[str]], Mapping[str, LastWrite]]
"""Gives the newest history entry of each of some addresses that has one, and perhaps of others."""


def attributed(changes: Iterable[Change], last_writes: LastWrites) -> list[Change]:
    """The changes with the versions of their rows, and who wrote past git."""
    changes = list(changes)
    # What was renamed was perhaps written before, under the other name.
    writes = last_writes({at for c in changes for at in _names(c)})
    found = []
    for change in changes:
        known = (writes[at] for at in _names(change) if at in writes)
        last = max(known, key=lambda w: w.writer.revision, default=None)
        if last is not None:
            theirs = change.reason in (Reason.DRIFT, Reason.CONFLICT)
            by = last.writer if theirs and last.explains(change.before) else None
            change = replace(change, version=last.writer.revision, by=by)
        found.append(change)
    return found


def _names(change: Change) -> set[str]:
    """The addresses of a change's row, before and after."""
    return {change.address, change.previous_address or change.address}
