"""What applications import: the configuration in a database, in memory and up to date.

::

    from configsync.runtime import ConfigClient

    client = ConfigClient.connect("postgresql://…/app", cache_file="/var/cache/app/config.json")
    client.default_profile().ai_infra.llm_temperature

`ConfigClient` reads the database once and follows it; `Snapshot` is one whole
revision of it. Nothing here writes configuration.
"""

from __future__ import annotations

from configsync.core.errors import DatabaseError, UsageError
from configsync.core.template import RenderError
from configsync.runtime.change import Change
from configsync.runtime.client import ConfigClient
from configsync.runtime.errors import Incomplete, NotFound, NotLoaded, Unavailable
from configsync.runtime.model import (
    AiInfra,
    ContextRule,
    Environment,
    Flag,
    GenieSpace,
    Mlflow,
    NegateRule,
    Origin,
    Profile,
    Project,
    Prompt,
    Prompts,
    Setting,
    Source,
)
from configsync.runtime.session import Session
from configsync.runtime.snapshot import Snapshot
from configsync.runtime.status import Status

__all__ = [
    "AiInfra",
    "Change",
    "ConfigClient",
    "ContextRule",
    "DatabaseError",
    "Environment",
    "Flag",
    "GenieSpace",
    "Incomplete",
    "Mlflow",
    "NegateRule",
    "NotFound",
    "NotLoaded",
    "Origin",
    "Profile",
    "Project",
    "Prompt",
    "Prompts",
    "RenderError",
    "Session",
    "Setting",
    "Snapshot",
    "Source",
    "Status",
    "Unavailable",
    "UsageError",
]
