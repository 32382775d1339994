"""Errors of services: what a program asked for can't be, and nothing was written.

::

    configsync.core.errors.ConfigsyncError
    ├── ServiceError
    │   ├── NotFound           nothing has this name
    │   ├── DuplicateName      something has this name already
    │   ├── Protected          what the application can't do without would go
    │   ├── Invalid            the schema, a rule or a column stands against a value
    │   └── WorkspaceError     the Databricks workspace refused, or can't be asked from here
    ├── StalePlan              others changed the same rows all the time
    ├── LockTimeout            another writer held the lock for too long
    └── DatabaseError          the database is away, not migrated, not writable
        └── OutcomeUnknown     the reply to COMMIT was lost: only here something may be written
"""

from __future__ import annotations

from collections.abc import Iterable

from configsync.core.diagnostic import Diagnostic
from configsync.core.errors import ConfigsyncError


class ServiceError(ConfigsyncError):
    """The base of what only services raise."""


class NotFound(ServiceError):
    """Nothing has this name."""


class DuplicateName(ServiceError):
    """Something has this name already."""


class Protected(ServiceError):
    """The default profile, a last Genie space or what says prevent_destroy would be deleted."""


class Invalid(ServiceError):
    """What is given doesn't meet what documents in git are held to.

    ``diagnostics`` says what is wrong, as `configsync validate` would: ``code``,
    ``path`` (``spec.ai_infra.llm_temperature``), ``summary`` and ``help``.
    """

    def __init__(self, message: str, diagnostics: Iterable[Diagnostic] = ()) -> None:
        super().__init__(message)
        self.diagnostics = tuple(diagnostics)


class WorkspaceError(ServiceError):
    """The Databricks workspace refused, or can't be asked from here."""
