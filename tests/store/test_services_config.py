"""`ConfigService`: parts of a profile, and history by filters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from configsync.services import (
    AiInfra,
    ConfigService,
    HistoryEntry,
    Invalid,
    Mlflow,
    NotFound,
    ProfileService,
    Prompts,
)
from tests.conftest import Workspace
from tests.faults.model import check


@pytest.fixture
def config(workspace: Workspace) -> ConfigService:
    """A service over a database with the profiles ``a`` and ``b``."""
    profiles = ProfileService(workspace.database)
    for name in ("a", "b"):
        profiles.create(name, user="alice")
    return ConfigService(workspace.database)


def revision(service: ConfigService) -> int:
    return check(service.database, drift=True)[0]


def test_the_model_is_read_and_changed(config: ConfigService) -> None:
    assert config.get_ai_infra("a") == AiInfra("databricks-claude-sonnet-4-5", 0.7, 60000)
    changed = config.update_ai_infra("a", user="bob", llm_temperature=0.5, llm_max_tokens=9)
    assert changed == AiInfra("databricks-claude-sonnet-4-5", 0.5, 9)
    assert config.get_ai_infra("a") == changed
    assert config.get_ai_infra("b").llm_max_tokens == 60000
    (entry,) = config.history(user="bob")
    assert entry == HistoryEntry(
        revision=3,
        address="profile/a/ai_infra",
        domain="ai_infra",
        action="update",
        changed_by="bob",
        changes={
            "llm_temperature": {"old": 0.7, "new": 0.5},
            "llm_max_tokens": {"old": 60000, "new": 9},
        },
        snapshot={
            "llm_endpoint": "databricks-claude-sonnet-4-5",
            "llm_temperature": 0.5,
            "llm_max_tokens": 9,
        },
        timestamp=entry.timestamp,
        source="service",
        commit=None,
        actor_source="service",
    )


def test_the_experiment_is_read_and_changed(config: ConfigService) -> None:
    assert config.get_mlflow("a") == Mlflow("/Shared/a")
    assert config.update_mlflow("a", "/Shared/x", user="bob") == Mlflow("/Shared/x")
    assert config.get_mlflow("a") == Mlflow("/Shared/x")


def test_the_prompts_are_read_and_changed(config: ConfigService) -> None:
    before = config.get_prompts("a")
    after = config.update_prompts("a", user="bob", user_prompt_template="{question}\n")
    assert after == Prompts(before.system_prompt, before.slide_editing_instructions, "{question}\n")
    assert config.get_prompts("a") == after


@pytest.mark.parametrize("same", [0.7, Decimal("0.70"), Decimal("0.7")])
def test_what_changes_nothing_writes_nothing(config: ConfigService, same: Any) -> None:
    before = ProfileService(config.database).list()
    model = config.get_ai_infra("a")
    assert config.update_ai_infra("a", user="bob", llm_temperature=same) == model
    assert config.update_ai_infra("a", user="bob") == model
    config.update_mlflow("a", "/Shared/a", user="bob")
    config.update_prompts("a", user="bob", user_prompt_template="{question}")
    ProfileService(config.database).set_default("a", user="bob")
    assert revision(config) == 2
    assert ProfileService(config.database).list() == before


def test_there_and_back_are_two_changes(config: ConfigService) -> None:
    for temperature in (0.5, 0.7, 0.5, 0.7):
        config.update_ai_infra("a", user="bob", llm_temperature=temperature)
    assert revision(config) == 6


@pytest.mark.parametrize("value", [Decimal("0.755"), Decimal("NaN"), Decimal(2)])
def test_what_the_column_would_alter_is_refused(config: ConfigService, value: Decimal) -> None:
    with pytest.raises(Invalid):
        config.update_ai_infra("a", user="bob", llm_temperature=value)  # type: ignore[arg-type]
    assert revision(config) == 2


def test_no_profile_no_part(config: ConfigService) -> None:
    calls = (
        lambda: config.get_ai_infra("x"),
        lambda: config.get_mlflow("x"),
        lambda: config.get_prompts("x"),
        lambda: config.update_ai_infra("x", user="bob", llm_temperature=0),
        lambda: config.update_mlflow("x", "/x", user="bob"),
        lambda: config.update_prompts("x", user="bob"),
    )
    for call in calls:
        with pytest.raises(NotFound, match="no profile 'x'"):
            call()


def test_history_by_filters(config: ConfigService) -> None:
    config.update_mlflow("a", "/1", user="bob")
    config.update_mlflow("b", "/2", user="carol")
    config.update_ai_infra("a", user="carol", llm_max_tokens=1)
    ProfileService(config.database).delete("b", user="dave")

    def found(**filters: Any) -> list[tuple[int, str]]:
        return [(e.revision, e.address) for e in config.history(**filters)]

    assert len(found()) == 18
    assert found(limit=1) == found()[:1]
    assert [number for number, _ in found()] == sorted((n for n, _ in found()), reverse=True)
    assert {at for _, at in found(profile="b", user="carol")} == {"profile/b/mlflow"}
    assert found(domain="mlflow", profile="a") == [
        (3, "profile/a/mlflow"),
        (1, "profile/a/mlflow"),
    ]
    assert found(user="carol") == [(5, "profile/a/ai_infra"), (4, "profile/b/mlflow")]
    assert found(profile="x") == []
    now = datetime.now(UTC)
    assert found(since=now + timedelta(days=1)) == []
    assert found(until=now - timedelta(days=1)) == []
    assert found(since=now - timedelta(days=1), until=now + timedelta(days=1)) == found()
    with pytest.raises(Invalid, match="no domain models"):
        found(domain="models")
