"""Services: reading and changing what the database holds, from programs.

`ProfileService`, `ConfigService`, `GenieService`, `PromptService`, `SettingsService` and
`ProjectService` take the URL of a database.
A write goes the way of `configsync apply`: checked by the same rules, planned,
and carried out in one transaction with history. What git doesn't have is drift
then, with the user's name, until `configsync adopt` writes it into the YAML or
the next apply takes it back. `configsync.services.errors` lists what is raised.
"""

from __future__ import annotations

from configsync.core.errors import (
    ConfigsyncError,
    DatabaseError,
    LockTimeout,
    OutcomeUnknown,
    StalePlan,
)
from configsync.core.revision import HistoryEntry
from configsync.services.config import ConfigService
from configsync.services.errors import (
    DuplicateName,
    Invalid,
    NotFound,
    Protected,
    ServiceError,
    WorkspaceError,
)
from configsync.services.genie import GenieService
from configsync.services.model import (
    AiInfra,
    Environment,
    GenieSpace,
    Mlflow,
    Profile,
    Project,
    Prompts,
    PromptVersion,
    Setting,
)
from configsync.services.profiles import ProfileService
from configsync.services.projects import ProjectService
from configsync.services.prompts import PromptService
from configsync.services.settings import SettingsService
from configsync.services.validator import ConfigValidator, ValidationResult

__all__ = [
    "AiInfra",
    "ConfigService",
    "ConfigValidator",
    "ConfigsyncError",
    "DatabaseError",
    "DuplicateName",
    "Environment",
    "GenieService",
    "GenieSpace",
    "HistoryEntry",
    "Invalid",
    "LockTimeout",
    "Mlflow",
    "NotFound",
    "OutcomeUnknown",
    "Profile",
    "ProfileService",
    "Project",
    "ProjectService",
    "PromptService",
    "PromptVersion",
    "Prompts",
    "Protected",
    "ServiceError",
    "Setting",
    "SettingsService",
    "StalePlan",
    "ValidationResult",
    "WorkspaceError",
]
