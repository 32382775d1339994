"""Projects: where their logs come from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from configsync.core import address
from configsync.core.resource import Resource
from configsync.core.typed import Misfit, parse
from configsync.core.values import Json
from configsync.kinds.project import ENVIRONMENT, KIND, PROJECT, PROJECT_SETTING
from configsync.services.errors import Invalid, NotFound
from configsync.services.model import Environment, Project
from configsync.services.service import Service
from configsync.services.write import is_storable
from configsync.store.read import read_live, read_root

Projects: TypeAlias = list[Project]
"""By this name, since within the service ``list`` is a method."""


class ProjectService(Service):
    """Looks projects and their environments up, each by its own code and by no other.

    Every call that names a project raises NotFound if there is none of that
    code; Invalid where what somebody wrote into the table of settings is no value of its type.
    """

    def list(self) -> Projects:
        """All projects with their environments and settings, by code."""
        with self.database.reading() as transaction:
            rows = read_live(transaction, KIND.types)
        return _projects(rows.values())

    def get(self, project: str) -> Project:
        """A project with its environments and settings."""
        if is_storable(project):
            types = {t.domain: t for t in KIND.types}
            at = address.join(PROJECT.domain, project)
            with self.database.reading() as transaction:
                rows = read_root(transaction, types, at)
            for found in _projects(row.resource for row in rows.values()):
                return found
        raise NotFound(f"There is no project {project!r}.")

    def is_file_based(self, project: str) -> bool:
        """Tell whether a project's logs are files."""
        return self.get(project).log_source_type == "file"

    def is_loki_based(self, project: str) -> bool:
        """Tell whether a project's logs are in Loki."""
        return self.get(project).log_source_type == "loki"

    def get_environment(self, project: str, environment: str) -> Environment:
        """An environment by its code. Raises NotFound for one that the project doesn't have."""
        found = self.get(project)
        for each in found.environments:
            if each.env_code == environment:
                return each
        known = ", ".join(e.env_code for e in found.environments) or "none"
        raise NotFound(
            f"The project {project} has no environment {environment!r}. Its environments: {known}."
        )

    def get_log_base_path(self, project: str, environment: str) -> str:
        """The folder of an environment's log files. Raises NotFound if it has none."""
        path = self.get_environment(project, environment).log_base_path
        return path or _lacks(project, environment, "log_base_path")

    def get_loki_namespace(self, project: str, environment: str) -> str:
        """The namespace of an environment's logs in Loki. Raises NotFound if it has none."""
        namespace = self.get_environment(project, environment).loki_namespace
        return namespace or _lacks(project, environment, "loki_namespace")


def _lacks(project: str, environment: str, field: str) -> Any:
    raise NotFound(f"The environment {environment} of the project {project} has no {field}.")


def _projects(rows: Iterable[Resource]) -> Projects:
    """The projects that rows make, by code."""
    parts: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda r: r.address):
        parts.setdefault((row.root, row.domain), []).append(row.values)
    found = []
    for (root, domain), (values, *_) in parts.items():
        if domain != PROJECT.domain:
            continue
        environments = parts.get((root, ENVIRONMENT.domain), ())
        settings = parts.get((root, PROJECT_SETTING.domain), ())
        found.append(
            Project(
                code=values["project_code"],
                project_name=values["project_name"],
                log_source_type=values["log_source_type"],
                description=values["description"],
                environments=tuple(Environment(**e) for e in environments),
                settings={s["setting_key"]: _value(root, s) for s in settings},
            )
        )
    return sorted(found, key=lambda p: p.code)


def _value(root: str, setting: dict[str, Any]) -> Json:
    try:
        return parse(setting["setting_value"], setting["value_type"])
    except Misfit as error:
        raise Invalid(
            f"The setting {setting['setting_key']} of {root} is kept as "
            f"{setting['value_type']}, and {error}."
        ) from error
