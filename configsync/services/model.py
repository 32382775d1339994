"""What services give and take, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from configsync.core.values import Json
from configsync.runtime.model import AiInfra, Environment, GenieSpace, Mlflow, Prompts

__all__ = [
    "AiInfra",
    "Environment",
    "GenieSpace",
    "Mlflow",
    "Profile",
    "Project",
    "PromptVersion",
    "Prompts",
    "Setting",
]


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile with all of its parts.

    A part is None only if somebody deleted its row past configsync.
    ``genie_spaces`` has the default first, then by ``space_id``. Times are UTC
    in ISO 8601; ``created_by`` and ``updated_by`` are users, of the profile or
    of a part of it. ``id`` is the row's, by which applications refer to it.
    """

    name: str
    description: str | None
    is_default: bool
    ai_infra: AiInfra | None
    genie_spaces: tuple[GenieSpace, ...]
    mlflow: Mlflow | None
    prompts: Prompts | None
    created_at: str
    created_by: str | None
    updated_at: str
    updated_by: str | None
    id: int


@dataclass(frozen=True, slots=True)
class PromptVersion:
    """One version of a prompt, whose content and variables never change.

    Times are UTC in ISO 8601. ``deactivated_at`` is None for the active one.
    """

    name: str
    version: int
    content: str
    variables: tuple[str, ...]
    agent: str | None
    type: str | None
    is_active: bool
    created_at: str
    created_by: str | None
    deactivated_at: str | None


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting. ``value`` is of its ``type``: string, int, float, bool or json; or None.

    That of a ``sensitive`` one is None here: the application reads it by
    `configsync.runtime`.
    """

    category: str
    key: str
    value: Json
    type: str
    description: str | None
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Project:
    """A project with its environments by code, and the values of its settings by key."""

    code: str
    project_name: str
    log_source_type: str
    description: str | None
    environments: tuple[Environment, ...]
    settings: Mapping[str, Json]
