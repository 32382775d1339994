"""Revisions and history entries: what was committed, by whom, from where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from configsync.core.values import Json, Row


class RevisionSource(StrEnum):
    """What made a revision. ``external`` is a write past configsync, seen by a trigger."""

    APPLY = "apply"
    ROLLBACK = "rollback"
    IMPORT = "import"
    SERVICE = "service"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who and what stands behind a revision that configsync writes."""

    source: RevisionSource
    actor: str
    commit: str | None = None
    dirty: bool = False
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What the database is at after an apply.

    ``head`` is the newest digest of the chain, to be kept elsewhere; None if no
    revision has a digest yet.
    """

    revision: int
    head: str | None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change of one resource, as the database recorded it.

    ``timestamp`` is UTC in ISO 8601. ``changes`` has ``old`` and ``new`` of
    each field, ``snapshot`` the whole resource afterwards (before, for a
    delete).
    """

    revision: int
    address: str
    domain: str
    action: str
    changed_by: str
    changes: dict[str, dict[str, Json]]
    snapshot: Row
    timestamp: str
    source: str
    commit: str | None
