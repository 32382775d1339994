"""A database with a profile and some settings, and a client that follows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from configsync.core.values import Json
from configsync.runtime import ConfigClient
from configsync.services import SettingsService
from tests.conftest import Workspace
from tests.profiles import profile

SETTINGS = """\
apiVersion: configsync/v1
kind: Settings
metadata: {name: ollama}
spec:
  timeout: 30
  temperature: 0.5
  model: llama3
  stream: true
  stop: ["###"]
  options: {value: {num_ctx: 4096}}
  proxy: {value: null, type: string}
---
apiVersion: configsync/v1
kind: Settings
metadata: {name: features}
spec:
  new_editor: true
"""


def url_of(project: Workspace) -> str:
    return project.url or f"sqlite:///{project.root / 'configsync.db'}"


def set_value(project: Workspace, category: str, key: str, value: Json) -> None:
    """Write a setting: one more revision."""
    SettingsService(url_of(project)).set(category, key, value, user="tester")


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for what another thread is to do, 20 s at most."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


@pytest.fixture
def applied(project: Workspace) -> Workspace:
    """A project with all that, applied to SQLite as revision 1."""
    apply(project)
    return project


def apply(project: Workspace) -> None:
    project.write("profiles/production.yaml", profile("production", default=True))
    project.write("profiles/settings.yaml", SETTINGS)
    project.ok("apply", "--auto-approve", "--actor", "tester")


@pytest.fixture
def client(applied: Workspace) -> Iterator[ConfigClient]:
    with ConfigClient.connect(url_of(applied), poll=0.02) as client:
        yield client
