"""Profile: the LLM, Genie spaces, MLflow experiment and prompts that an application runs on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from configsync.core.document import Document
from configsync.core.kind import Compiled, Kind
from configsync.core.resource import Column, Resource, ResourceType
from configsync.core.values import Boolean, Integer, Numeric, Text
from configsync.kinds.describe import schema, spec


@spec
class AiInfra:
    """The model that answers, and its limits."""

    llm_endpoint: Annotated[str, schema(minLength=1, maxLength=255)]
    """Name of the model serving endpoint."""
    llm_temperature: Annotated[float, schema(minimum=0, maximum=1)]
    """Sampling temperature: 0 is most predictable, 1 most varied; at most two decimals."""
    llm_max_tokens: Annotated[int, schema(minimum=1, maximum=2147483647)]
    """The longest answer, in tokens."""


@spec
class GenieSpace:
    """A Genie space that the application may ask."""

    space_id: Annotated[str, schema(minLength=1, maxLength=255)]
    """The space's identifier, as in its address in the workspace."""
    space_name: Annotated[str, schema(maxLength=255)] = ""
    """What people call the space."""
    description: str = ""
    """What the space knows; the model reads this to choose between spaces."""
    default: bool = False
    """Whether the application asks this space first: exactly one, a single one by itself."""


@spec
class Mlflow:
    """Where runs are traced."""

    experiment_name: Annotated[str, schema(minLength=1, maxLength=255, pattern="^/")]
    """Path of the MLflow experiment in the workspace; begins with /."""


@spec
class Prompts:
    """What the model is told. Inline text, or {$file: path} for a file's text to the byte."""

    system_prompt: Annotated[str, schema(minLength=1)]
    """The standing instructions; {max_slides} is filled in by the application."""
    slide_editing_instructions: Annotated[str, schema(minLength=1)]
    """Instructions added while a user edits existing slides."""
    user_prompt_template: Annotated[str, schema(minLength=1)]
    """The template of a user's message; {question} is filled in by the application."""


@spec
class ProfileSpec:
    """What one profile configures."""

    default: bool = False
    """Whether applications that name no profile get this one: exactly one of all profiles."""
    ai_infra: AiInfra
    genie_spaces: Annotated[list[GenieSpace], schema(minItems=1)]
    """The Genie spaces that the application may ask."""
    mlflow: Mlflow
    prompts: Prompts


PROFILE = ResourceType(
    domain="profile",
    kind="Profile",
    table="config_profiles",
    columns=(
        Column("name", Text(100)),
        Column("description", Text(), nullable=True),
        Column("is_default", Boolean()),
    ),
    key=("name",),
    default="is_default",
    audit=True,
)

AI_INFRA = ResourceType(
    domain="ai_infra",
    kind="Profile",
    table="config_ai_infra",
    columns=(
        Column("llm_endpoint", Text(255)),
        Column("llm_temperature", Numeric(3, 2)),
        Column("llm_max_tokens", Integer()),
    ),
    parent=PROFILE,
    parent_column="profile_id",
)

GENIE_SPACE = ResourceType(
    domain="genie_space",
    kind="Profile",
    table="config_genie_spaces",
    columns=(
        Column("space_id", Text(255)),
        Column("space_name", Text(255), nullable=True),
        Column("description", Text(), nullable=True),
        Column("is_default", Boolean()),
    ),
    key=("space_id",),
    parent=PROFILE,
    parent_column="profile_id",
    default="is_default",
    required=True,
)

MLFLOW = ResourceType(
    domain="mlflow",
    kind="Profile",
    table="config_mlflow",
    columns=(Column("experiment_name", Text(255)),),
    parent=PROFILE,
    parent_column="profile_id",
)

PROMPTS = ResourceType(
    domain="prompts",
    kind="Profile",
    table="config_prompts",
    columns=(
        Column("system_prompt", Text()),
        Column("slide_editing_instructions", Text()),
        Column("user_prompt_template", Text()),
    ),
    parent=PROFILE,
    parent_column="profile_id",
)


def compile_profile(document: Document) -> Iterator[Compiled]:
    """Compile one profile to its row and those of its parts."""
    metadata, body = document.body["metadata"], document.body["spec"]
    yield Compiled(
        PROFILE,
        {
            "name": metadata["name"],
            "description": metadata.get("description"),
            "is_default": body.get("default", False),
        },
        path=("metadata",),
        paths={"is_default": ("spec", "default")},
    )
    for type_, section in ((AI_INFRA, "ai_infra"), (MLFLOW, "mlflow"), (PROMPTS, "prompts")):
        values = {name: body[section].get(name) for name in type_.names}
        yield Compiled(type_, values, ("spec", section), parent=0)
    spaces = body["genie_spaces"]
    for index, space in enumerate(spaces):
        path = ("spec", "genie_spaces", index)
        yield Compiled(
            GENIE_SPACE,
            {
                "space_id": space["space_id"],
                "space_name": space.get("space_name"),
                "description": space.get("description"),
                "is_default": space.get("default", len(spaces) == 1),
            },
            path,
            paths={"is_default": (*path, "default")},
            parent=0,
        )


def decompile_profiles(resources: Iterable[Resource]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Turn profiles with their parts back into documents; null is absent, empty text is not."""
    profiles: list[Resource] = []
    parts: dict[tuple[str | None, str], list[Resource]] = {}
    for resource in resources:
        if resource.parent is None:
            profiles.append(resource)
        else:
            parts.setdefault((resource.parent, resource.domain), []).append(resource)
    for profile in profiles:
        values = profile.values
        metadata = {k: values[k] for k in ("name", "description") if values[k] is not None}
        if profile.prevent_destroy:
            metadata["prevent_destroy"] = True
        spec: dict[str, Any] = {}
        if values["is_default"] is not False:
            spec["default"] = values["is_default"]
        for type_ in (AI_INFRA, GENIE_SPACE, MLFLOW, PROMPTS):
            found = parts.get((profile.address, type_.domain), [])
            if found and type_ is GENIE_SPACE:
                spec["genie_spaces"] = _decompile_spaces(found)
            elif found:
                spec[type_.domain] = dict(found[0].values)
        yield profile.address, {"metadata": metadata, "spec": spec}


def _decompile_spaces(spaces: list[Resource]) -> list[dict[str, Any]]:
    """The Genie spaces of a profile, the default first."""
    found = []
    for space in sorted(spaces, key=lambda s: (s.values["is_default"] is not True, s.address)):
        values: dict[str, Any] = {
            k: v for k, v in space.values.items() if v is not None and k != "is_default"
        }
        if space.values["is_default"] is not False or len(spaces) == 1:
            values["default"] = space.values["is_default"]
        found.append(values)
    return found


KIND = Kind(
    name="Profile",
    title="Configuration profile",
    spec=ProfileSpec,
    types=(PROFILE, AI_INFRA, GENIE_SPACE, MLFLOW, PROMPTS),
    compile=compile_profile,
    list_keys={("spec", "genie_spaces"): "space_id"},
    decompile=decompile_profiles,
)
