"""Drift: what was changed in a database past git, by a service or past configsync."""

from __future__ import annotations

from dataclasses import dataclass

from configsync.core.plan import Change
from configsync.core.revision import Writer


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What was found.

    ``drift`` has resources as applied (``before``) and as they are live
    (``after``); what git says too by now is none. ``unmanaged`` are live
    resources that no source owns, ``pending`` what git would change.
    ``owner`` is the source whose resources were looked at, None for all.
    ``not_installed`` are its resources of kinds that aren't installed here.
    ``compared`` tells whether git could be asked, without which ``pending`` is
    empty. ``last_apply`` is its newest revision that was no write past git.
    """

    database: str
    revision: int
    owner: str | None
    drift: tuple[Change, ...]
    unmanaged: tuple[str, ...]
    pending: tuple[Change, ...] = ()
    not_installed: tuple[str, ...] = ()
    compared: bool = False
    last_apply: Writer | None = None

    def by_root(self) -> dict[str, list[Change]]:
        """The drift of each profile, or other root on record, with its parts, by address."""
        found: dict[str, list[Change]] = {}
        for change in self.drift:
            found.setdefault((change.before or change.resource).root, []).append(change)
        return dict(sorted(found.items()))
