"""Project: where a project's logs come from, its environments and its settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Annotated, Any

from configsync.core.document import Document
from configsync.core.kind import Compiled, Kind
from configsync.core.resource import Column, Resource, ResourceType
from configsync.core.values import Text
from configsync.kinds.describe import NAME, schema, spec
from configsync.kinds.typed import (
    COLUMNS,
    KEYS,
    VALUE,
    Short,
    ValueType,
    compile_value,
    decompile_value,
    settle,
)


@spec
class Environment:
    """One environment of a project, and where its logs are."""

    env_code: Annotated[str, schema(minLength=1, maxLength=50, pattern=NAME)]
    """The code by which applications ask for it, as prod; no blank at an end."""
    env_name: Annotated[str, schema(maxLength=255)] = ""
    """What people call it."""
    loki_namespace: Annotated[str, schema(maxLength=255)] = ""
    """The namespace of its logs in Loki: for projects whose log_source_type is loki."""
    log_base_path: str = ""
    """The folder of its log files: for projects whose log_source_type is file."""


@spec
class ProjectSetting:
    """A setting in full: with its type stated, or a mapping for its value."""

    value: Any
    """The value: of any type, a mapping included."""
    type: ValueType = ""
    """The type that the application reads it as; by default that of the value."""


@spec
class ProjectSpec:
    """What one project configures."""

    project_name: Annotated[str, schema(minLength=1, maxLength=255)]
    """What people call the project."""
    log_source_type: Annotated[str, schema(enum=["file", "loki"])]
    """Where its logs are: in files, or in Loki. Each environment says where there."""
    environments: list[Environment] = field(default_factory=list)
    """The project's environments, each by its own code."""
    settings: Annotated[dict[str, Short | ProjectSetting], KEYS] = field(default_factory=dict)
    """The project's settings, by their keys."""


PROJECT = ResourceType(
    domain="project",
    kind="Project",
    table="projects",
    columns=(
        Column("project_code", Text(50)),
        Column("project_name", Text(255)),
        Column("log_source_type", Text(20)),
        Column("description", Text(), nullable=True),
    ),
    key=("project_code",),
    active="is_active",
)

ENVIRONMENT = ResourceType(
    domain="environment",
    kind="Project",
    table="environments",
    columns=(
        Column("env_code", Text(50)),
        Column("env_name", Text(255), nullable=True),
        Column("loki_namespace", Text(255), nullable=True),
        Column("log_base_path", Text(), nullable=True),
    ),
    key=("env_code",),
    parent=PROJECT,
    parent_column="project_id",
    active="is_active",
)

PROJECT_SETTING = ResourceType(
    domain="project_setting",
    kind="Project",
    table="project_settings",
    columns=(Column("setting_key", Text(255)), *COLUMNS),
    key=("setting_key",),
    parent=PROJECT,
    parent_column="project_id",
    settle=settle,
    together=VALUE,
)


def compile_project(document: Document) -> Iterator[Compiled]:
    """Compile one project to its row and those of its environments and settings."""
    metadata, body = document.body["metadata"], document.body["spec"]
    yield Compiled(
        PROJECT,
        {
            "project_code": metadata["name"],
            "project_name": body["project_name"],
            "log_source_type": body["log_source_type"],
            "description": metadata.get("description"),
        },
        path=("metadata",),
        paths={
            "project_code": ("metadata", "name"),
            "project_name": ("spec", "project_name"),
            "log_source_type": ("spec", "log_source_type"),
        },
    )
    for index, environment in enumerate(body.get("environments", ())):
        values = {name: environment.get(name) for name in ENVIRONMENT.names}
        yield Compiled(ENVIRONMENT, values, ("spec", "environments", index), parent=0)
    for key, node in body.get("settings", {}).items():
        path = ("spec", "settings", key)
        values, paths = compile_value(node, path)
        paths["setting_key"] = path
        yield Compiled(PROJECT_SETTING, {"setting_key": key, **values}, path, paths, parent=0)


def decompile_projects(resources: Iterable[Resource]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Turn projects with their parts back into documents; null is absent, empty text is not."""
    projects: list[Resource] = []
    parts: dict[tuple[str | None, str], list[Resource]] = {}
    for resource in sorted(resources, key=lambda r: r.address):
        if resource.parent is None:
            projects.append(resource)
        else:
            parts.setdefault((resource.parent, resource.domain), []).append(resource)
    for project in projects:
        values = project.values
        metadata: dict[str, Any] = {"name": values["project_code"]}
        if values["description"] is not None:
            metadata["description"] = values["description"]
        if project.prevent_destroy:
            metadata["prevent_destroy"] = True
        body: dict[str, Any] = {k: values[k] for k in ("project_name", "log_source_type")}
        environments = parts.get((project.address, ENVIRONMENT.domain), [])
        if environments:
            body["environments"] = [
                {k: v for k, v in e.values.items() if v is not None} for e in environments
            ]
        settings = parts.get((project.address, PROJECT_SETTING.domain), [])
        if settings:
            body["settings"] = {
                str(s.values["setting_key"]): decompile_value(s.values) for s in settings
            }
        yield project.address, {"metadata": metadata, "spec": body}


KIND = Kind(
    name="Project",
    title="Project",
    spec=ProjectSpec,
    types=(PROJECT, ENVIRONMENT, PROJECT_SETTING),
    compile=compile_project,
    list_keys={("spec", "environments"): "env_code"},
    decompile=decompile_projects,
)
