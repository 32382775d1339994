"""What services give and take: profiles and their parts, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AiInfra:
    """The model that answers, and its limits."""

    llm_endpoint: str
    llm_temperature: float
    llm_max_tokens: int


@dataclass(frozen=True, slots=True)
class GenieSpace:
    """A Genie space that the application may ask; one of a profile's is the default."""

    space_id: str
    space_name: str | None = None
    description: str | None = None
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Mlflow:
    """Where runs are traced."""

    experiment_name: str


@dataclass(frozen=True, slots=True)
class Prompts:
    """What the model is told."""

    system_prompt: str
    slide_editing_instructions: str
    user_prompt_template: str


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
