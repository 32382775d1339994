"""Starting without the database, with what the application brings along."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from configsync.core.errors import UsageError
from configsync.runtime import Change, ConfigClient, NotFound, Source, Unavailable
from tests.conftest import Workspace
from tests.profiles import profile
from tests.runtime.estate import SETTINGS, write_estate

AWAY = "sqlite:////nonexistent/configsync.db"


def test_without_anything_there_is_a_clear_error() -> None:
    with pytest.raises(Unavailable, match="no such file") as raised:
        ConfigClient.connect(AWAY)
    assert "cache" not in str(raised.value)
    with pytest.raises(Unavailable, match=r"no such file.*app\.cache can't be used either"):
        ConfigClient.connect(AWAY, cache_file="app.cache")


def test_a_mapping(tmp_path: Path) -> None:
    with ConfigClient.connect(AWAY, fallback=SETTINGS) as client:
        assert client.setting("ollama", "timeout") == 30
        assert client.setting("ollama", "keys") == ["a", {"b": 1}]
        assert client.origin("setting/ollama/timeout").source is Source.FALLBACK
        status = client.status()
        assert (status.revision, status.source, status.degraded) == (0, Source.FALLBACK, True)
        assert "no such file" in str(status.last_error)
        with pytest.raises(NotFound):
            client.default_profile()


def test_a_yaml_file_with_texts_beside_it(tmp_path: Path) -> None:
    (tmp_path / "shipped.yaml").write_text(
        profile("shipped", spec__prompts__system_prompt={"$file": "system.md"})
    )
    (tmp_path / "system.md").write_bytes("At most {max_slides}; ≤ 5 “points”  \n\n".encode())
    with ConfigClient.connect(AWAY, fallback=tmp_path / "shipped.yaml") as client:
        assert client.default_profile().name == "shipped"  # The only one.
        text = client.default_profile().prompts.system_prompt
        assert text == "At most {max_slides}; ≤ 5 “points”  \n\n"


def test_several_documents() -> None:
    documents = [json.loads(profile(name, default=name == "b")) for name in ("a", "b")]
    with ConfigClient.connect(AWAY, fallback=documents) as client:
        assert client.default_profile().name == "b"
        assert client.profiles() == ["a", "b"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({**SETTINGS, "kind": "Setings"}, "Settings"),
        (json.loads(profile(spec__ai_infra__llm_temperature=7)), "llm_temperature"),
        ({**SETTINGS, "spec": {"x": object()}}, "no document"),
        ({**SETTINGS, "spec": {"x": "\ud800"}}, "no document"),
        ([], "no document in it"),
        ("/nonexistent/fallback.yaml", "doesn't exist"),
    ],
)
def test_a_wrong_one_is_found_when_all_is_well(project: Workspace, given: Any, says: str) -> None:
    write_estate(project)
    with pytest.raises(UsageError, match=says):
        ConfigClient.connect(f"sqlite:///{project.root}/configsync.db", fallback=given)


def test_the_database_takes_over_when_it_comes(project: Workspace) -> None:
    url = f"sqlite:///{project.root}/configsync.db"
    with ConfigClient.connect(url, fallback=SETTINGS, poll=3600) as client:
        write_estate(project)
        project.sql("UPDATE app_settings SET setting_value = '31' WHERE setting_key = 'timeout'")
        changes: list[Change] = []
        client.on_change(changes.append)
        assert client.refresh() == 2
        (change,) = changes
        assert change.previous is None
        assert change.touches("setting/ollama/timeout")
        assert change.touches("profile/production")
        assert not change.touches("setting/ollama/host")  # It is as it was in the fallback.
        assert client.default_profile().name == "production"
        assert client.status().source is Source.DATABASE
        assert not client.status().degraded


@pytest.mark.parametrize(
    "database", [[], ["sqlite:///a.db", "postgresql://b/c"], "mysql://x/y", "nonsense"]
)
def test_urls_that_are_none(database: Any) -> None:
    with pytest.raises(UsageError):
        ConfigClient.connect(database)


@pytest.mark.parametrize("poll", [0, -1, float("nan"), float("inf")])
def test_an_interval_that_is_none(poll: float) -> None:
    with pytest.raises(UsageError, match="poll"):
        ConfigClient.connect(AWAY, poll=poll, fallback=SETTINGS)
