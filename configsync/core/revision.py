"""Revisions and history entries: what was committed, by whom, from where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from configsync.core.resource import Resource
from configsync.core.sealed import alike
from configsync.core.values import Json, Row

UNKNOWN = "unknown"
"""Who it was, where nothing tells: of a write past configsync, or an account without a name."""

MAX_ACTOR = 255
"""Characters: created_by and updated_by hold no more."""


class RevisionSource(StrEnum):
    """What made a revision. ``external`` is a write past configsync, seen by a trigger."""

    APPLY = "apply"
    ROLLBACK = "rollback"
    IMPORT = "import"
    SERVICE = "service"
    EXTERNAL = "external"

    @property
    def past_git(self) -> bool:
        """Tell whether it writes what no source has: git doesn't know of it until it adopts it."""
        return self in (RevisionSource.SERVICE, RevisionSource.EXTERNAL)


class ActorSource(StrEnum):
    """What named the actor of a revision. Each is a claim of whoever ran configsync, no proof.

    ``database`` are writes past configsync: the session's user, as PostgreSQL
    knew it.
    """

    FLAG = "flag"
    GITHUB = "github"
    GITLAB = "gitlab"
    JENKINS = "jenkins"
    BITBUCKET = "bitbucket"
    CIRCLECI = "circleci"
    AZURE = "azure"
    BUILDKITE = "buildkite"
    GIT = "git"
    LOGIN = "login"
    SERVICE = "service"
    DATABASE = "database"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and what says so; ``source`` is None where nothing does."""

    name: str
    source: ActorSource | None = None


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who and what stands behind a revision that configsync writes.

    ``actor_source`` is what named the actor. ``owner`` is the id of the source
    whose state is written. ``planned_commit`` is the commit that a saved plan
    was made from, ``to_revision`` the one that a rollback goes back to.
    """

    source: RevisionSource
    actor: str
    actor_source: ActorSource | None = None
    commit: str | None = None
    dirty: bool = False
    author: str | None = None
    owner: str | None = None
    planned_commit: str | None = None
    to_revision: int | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote a row, as far as the database knows.

    ``source`` is that of the revision. For a write past configsync, ``user`` is
    the session's user, and all are hints, not proof; ``address`` is the
    client's. ``at`` is UTC in ISO 8601. ``actor_source`` is an `ActorSource`,
    None if none is on record or it wasn't asked for. ``dirty`` tells that what
    was applied had changes which ``commit`` doesn't have.
    """

    revision: int
    source: RevisionSource
    user: str
    at: str
    application: str | None = None
    address: str | None = None
    commit: str | None = None
    actor_source: str | None = None
    dirty: bool = False


@dataclass(frozen=True, slots=True)
class LastWrite:
    """The newest history entry of an address: who, what, and the row afterwards.

    ``snapshot`` is kept for writes past git only.
    """

    writer: Writer
    action: str
    snapshot: Mapping[str, Json] | None

    def explains(self, live: Resource | None) -> bool:
        """Tell whether the entry is a write past git that left the row as it is now.

        Where it isn't, somebody wrote without leaving a record.
        """
        if not self.writer.source.past_git:
            return False
        if live is None:
            return self.action == "delete"
        if self.action == "delete" or self.snapshot is None:
            return False
        # A trigger has no digest of what is sensitive.
        return self.snapshot.keys() == live.values.keys() and all(
            alike(value, live.values[name]) for name, value in self.snapshot.items()
        )


@dataclass(frozen=True, slots=True)
class OwnerRecord:
    """What is on record of a source: ``commit`` was applied last, ``held`` was rolled back."""

    commit: str | None = None
    held: str | None = None


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
    delete). ``actor_source`` is an `ActorSource`, None if none is on record.
    ``dirty`` tells that what was applied had changes which ``commit`` doesn't have.
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
    actor_source: str | None = None
    dirty: bool = False
