"""An estate with every kind, as the tests of the runtime read it."""

from __future__ import annotations

import json

from configsync.runtime import ConfigClient
from configsync.runtime.content import Content
from configsync.runtime.views import resources
from tests.conftest import Workspace
from tests.profiles import profile

PROMPT = {
    "apiVersion": "configsync/v1",
    "kind": "Prompt",
    "metadata": {"name": "verify"},
    "spec": {"content": "Check $trace of ${user}.\n", "variables": ["trace", "user"]},
}
SETTINGS = {
    "apiVersion": "configsync/v1",
    "kind": "Settings",
    "metadata": {"name": "ollama"},
    "spec": {
        "timeout": 30,
        "host": "localhost",
        "ratio": 0.5,
        "verbose": False,
        "nothing": None,
        "keys": {"value": ["a", {"b": 1}]},
    },
}
PROJECT = {
    "apiVersion": "configsync/v1",
    "kind": "Project",
    "metadata": {"name": "MMBL"},
    "spec": {
        "project_name": "Mobile",
        "log_source_type": "file",
        "environments": [
            {"env_code": "prod", "log_base_path": "/logs/prod"},
            {"env_code": "staging", "log_base_path": "/logs/staging"},
        ],
        "settings": {"retention": 7},
    },
}
CONTEXT = {
    "apiVersion": "configsync/v1",
    "kind": "ContextRules",
    "metadata": {"name": "context"},
    "spec": {"rules": [{"context": "payment", "important": "failed", "ignore": "heartbeat"}]},
}
NEGATE = {
    "apiVersion": "configsync/v1",
    "kind": "NegateRules",
    "metadata": {"name": "noise"},
    "spec": {"rules": [{"label": "event", "operator": "!=", "value": "heartbeat"}]},
}


def write_estate(workspace: Workspace) -> None:
    """Two profiles, and one document of each other kind, applied."""
    spaces = [{"space_id": "02"}, {"space_id": "01", "default": True, "space_name": "Usage"}]
    workspace.write(
        "profiles/production.yaml",
        profile("production", default=True, spec__genie_spaces=spaces),
    )
    workspace.write("profiles/staging.yaml", profile("staging"))
    documents = (PROMPT, SETTINGS, PROJECT, CONTEXT, NEGATE)
    workspace.write("profiles/others.yaml", "".join(f"---\n{json.dumps(d)}\n" for d in documents))
    workspace.ok("apply", "--auto-approve", "--actor", "tester")


def connect(workspace: Workspace, **options: object) -> ConfigClient:
    """A client of the workspace's database that looks around only when asked to."""
    url = workspace.url or f"sqlite:///{workspace.root / 'configsync.db'}"
    settings: dict[str, object] = {"poll": 3600, "listen": False, **options}
    return ConfigClient.connect(url, **settings)  # type: ignore[arg-type]


def everything(content: Content) -> dict[str, dict[str, object]]:
    """All that a content has, by address; each root's default mark included."""
    found: dict[str, dict[str, object]] = {}
    for domain, table in content.tables.items():
        for root in content.roots(domain).values():
            found |= {at: dict(values) for at, values in resources(table, root).items()}
    found["defaults"] = dict(content.defaults)
    return found
