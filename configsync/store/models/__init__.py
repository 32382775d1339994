"""The tables as SQLAlchemy models, for people and for applications that read them.

The engine itself reads and writes plain rows (`configsync.store.sql`). Nothing
but `configsync.store.apply` writes these tables; a row trigger records whoever
does so all the same. `ConfigReader` alone is written by the applications
themselves. Models and migrations are held together by a test.
"""

from __future__ import annotations

from configsync.store.models.base import Base
from configsync.store.models.profile import (
    ConfigAiInfra,
    ConfigGenieSpace,
    ConfigMlflow,
    ConfigProfile,
    ConfigPrompts,
)
from configsync.store.models.project import (
    Environment,
    Project,
    ProjectSetting,
)
from configsync.store.models.prompt import (
    PromptVersioned,
)
from configsync.store.models.records import (
    ConfigDatabase,
    ConfigHistory,
    ConfigOwner,
    ConfigReader,
    ConfigResource,
    ConfigRevision,
    ConfigWriter,
)
from configsync.store.models.rules import (
    ContextRule,
    NegateRule,
)
from configsync.store.models.settings import (
    AppSetting,
)

__all__ = [
    "AppSetting",
    "Base",
    "ConfigAiInfra",
    "ConfigDatabase",
    "ConfigGenieSpace",
    "ConfigHistory",
    "ConfigMlflow",
    "ConfigOwner",
    "ConfigProfile",
    "ConfigPrompts",
    "ConfigReader",
    "ConfigResource",
    "ConfigRevision",
    "ConfigWriter",
    "ContextRule",
    "Environment",
    "NegateRule",
    "Project",
    "ProjectSetting",
    "PromptVersioned",
]
