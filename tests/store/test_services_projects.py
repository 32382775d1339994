"""`ProjectService`: an environment is answered with its own values, or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from configsync.services import Environment, Invalid, NotFound, ProjectService
from tests.conftest import Workspace
from tests.watched import Watched


def document(code: str, source: str, environments: list[dict[str, str]], **spec: Any) -> str:
    head = {"apiVersion": "configsync/v1", "kind": "Project", "metadata": {"name": code}}
    spec |= {"project_name": f"{code} Bank", "log_source_type": source}
    return json.dumps({**head, "spec": {**spec, "environments": environments}})


@pytest.fixture
def projects(workspace: Workspace) -> ProjectService:
    """A service over a database with a project of each sort."""
    files = [
        {"env_code": "prod", "env_name": "Production", "log_base_path": "/logs/prod"},
        {"env_code": "staging", "log_base_path": "/logs/staging"},
    ]
    settings = {"retries": 3, "tags": ["a"], "owner": None}
    workspace.write("profiles/a.yaml", document("MMBL", "file", files, settings=settings))
    loki = [{"env_code": "prod", "loki_namespace": "ncc-prod"}]
    workspace.write("profiles/b.yaml", document("NCC", "loki", loki))
    workspace.ok("apply", "--auto-approve")
    return ProjectService(workspace.database)


def test_a_project_is_read_whole(projects: ProjectService) -> None:
    assert [p.code for p in projects.list()] == ["MMBL", "NCC"]
    found = projects.get("MMBL")
    assert found == projects.list()[0]
    assert (found.project_name, found.log_source_type) == ("MMBL Bank", "file")
    assert found.environments == (
        Environment("prod", "Production", None, "/logs/prod"),
        Environment("staging", None, None, "/logs/staging"),
    )
    assert found.settings == {"retries": 3, "tags": ["a"], "owner": None}


def test_where_logs_are(projects: ProjectService) -> None:
    assert projects.is_file_based("MMBL") is True
    assert projects.is_loki_based("MMBL") is False
    assert projects.is_file_based("NCC") is False
    assert projects.is_loki_based("NCC") is True
    assert projects.get_environment("NCC", "prod") == Environment("prod", None, "ncc-prod", None)
    assert projects.get_log_base_path("MMBL", "staging") == "/logs/staging"
    assert projects.get_loki_namespace("NCC", "prod") == "ncc-prod"


@pytest.mark.parametrize("environment", ["test", "PROD", "pro", "", "*", "a\0"])
def test_an_unknown_environment_is_never_answered(
    projects: ProjectService, environment: str
) -> None:
    for call in (
        projects.get_environment,
        projects.get_log_base_path,
        projects.get_loki_namespace,
    ):
        with pytest.raises(NotFound, match="The project MMBL has no environment"):
            call("MMBL", environment)
    with pytest.raises(NotFound, match="Its environments: prod, staging"):
        projects.get_environment("MMBL", environment)


def test_what_the_source_has_not_is_not_found(projects: ProjectService) -> None:
    with pytest.raises(NotFound, match="has no loki_namespace"):
        projects.get_loki_namespace("MMBL", "prod")
    with pytest.raises(NotFound, match="has no log_base_path"):
        projects.get_log_base_path("NCC", "prod")


@pytest.mark.parametrize("code", ["mmbl", "X", "", "a\0", "\ud800"])
def test_an_unknown_project_is_not_found(projects: ProjectService, code: str) -> None:
    for call in (projects.get, projects.is_file_based, projects.is_loki_based):
        with pytest.raises(NotFound, match="There is no project"):
            call(code)
    with pytest.raises(NotFound, match="There is no project"):
        projects.get_environment(code, "prod")


def test_what_was_deactivated_is_not_there(workspace: Workspace, projects: ProjectService) -> None:
    workspace.sql("UPDATE environments SET is_active = '0' WHERE env_code = 'staging'")
    workspace.sql("UPDATE projects SET is_active = '0' WHERE project_code = 'NCC'")
    assert [p.code for p in projects.list()] == ["MMBL"]
    with pytest.raises(NotFound):
        projects.get_environment("MMBL", "staging")
    with pytest.raises(NotFound):
        projects.is_loki_based("NCC")


def test_the_number_of_queries_is_that_of_one_project(projects: ProjectService) -> None:
    watched = Watched(projects.database)
    for read in (ProjectService(watched).list, lambda: ProjectService(watched).get("MMBL")):
        watched.statements.clear()
        read()
        assert len(watched.statements) == 3


def test_a_setting_that_is_no_value_of_its_type_is_an_error(
    workspace: Workspace, projects: ProjectService
) -> None:
    workspace.sql("UPDATE project_settings SET setting_value = '{' WHERE setting_key = 'tags'")
    with pytest.raises(Invalid, match="The setting tags of project/MMBL is kept as json"):
        projects.get("MMBL")
