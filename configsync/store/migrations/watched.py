"""The tables of profiles as the triggers of several migrations know them."""

from __future__ import annotations

from configsync.store.migrations.triggers import Watched

PARENT = ("config_profiles", "name", "profile", "profile_id")

PROFILES = (
    Watched(
        "config_profiles",
        "profile",
        ("name", "description", "is_default"),
        key=("name",),
        booleans=("is_default",),
    ),
    Watched(
        "config_ai_infra",
        "ai_infra",
        ("llm_endpoint", "llm_temperature", "llm_max_tokens"),
        parent=PARENT,
    ),
    Watched(
        "config_genie_spaces",
        "genie_space",
        ("space_id", "space_name", "description", "is_default"),
        key=("space_id",),
        booleans=("is_default",),
        parent=PARENT,
    ),
    Watched("config_mlflow", "mlflow", ("experiment_name",), parent=PARENT),
    Watched(
        "config_prompts",
        "prompts",
        ("system_prompt", "slide_editing_instructions", "user_prompt_template"),
        parent=PARENT,
    ),
)
