"""OpenFeature: flags through the SDK's own client, which tells what a provider got wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.event import EventDetails, ProviderEvent
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagEvaluationDetails, Reason
from openfeature.provider import ProviderStatus

from configsync.core.values import Json
from configsync.integrations.openfeature import ConfigSyncProvider
from configsync.runtime import ConfigClient
from tests.conftest import Workspace
from tests.integrations.conftest import apply, set_value, url_of

Heard = Queue[tuple[ProviderEvent, EventDetails]]


@pytest.fixture
def flags(client: ConfigClient) -> Iterator[OpenFeatureClient]:
    """The SDK's client, with a provider over SQLite."""
    with provided(client) as flags:
        yield flags


@contextmanager
def provided(client: ConfigClient) -> Iterator[OpenFeatureClient]:
    api.set_provider_and_wait(ConfigSyncProvider(client, look=0.02))
    try:
        yield api.get_client()
    finally:
        api.shutdown()


def listen(flags: OpenFeatureClient, *events: ProviderEvent) -> Heard:
    """The events from now on."""
    heard: Heard = Queue()
    for event in events:

        def hear(details: EventDetails, event: ProviderEvent = event) -> None:
            heard.put((event, details))

        flags.add_handler(event, hear)
    return heard


def change(project: Workspace, client: ConfigClient, flag: str, value: Json) -> None:
    category, key = flag.split("/")
    set_value(project, category, key, value)
    client.refresh()


@pytest.mark.parametrize(
    ("kind", "key", "default", "value"),
    [
        ("boolean", "ollama/stream", False, True),
        ("boolean", "new_editor", False, True),
        ("boolean", "features/new_editor", False, True),
        ("string", "ollama/model", "", "llama3"),
        ("integer", "ollama/timeout", 0, 30),
        ("float", "ollama/temperature", 0.0, 0.5),
        ("float", "ollama/timeout", 0.0, 30.0),
        ("object", "ollama/options", {}, {"num_ctx": 4096}),
        ("object", "ollama/stop", [], ["###"]),
    ],
)
def test_a_flag_has_the_typed_value_of_its_setting(
    flags: OpenFeatureClient, kind: str, key: str, default: Any, value: Any
) -> None:
    details = getattr(flags, f"get_{kind}_details")(key, default)
    later = asyncio.run(getattr(flags, f"get_{kind}_details_async")(key, default))
    assert details == later
    assert (details.value, type(details.value)) == (value, type(value))
    assert (details.reason, details.error_code) == (Reason.STATIC, None)
    assert details.flag_metadata == {"revision": 1, "source": "database"}


def test_values_are_nobody_elses(flags: OpenFeatureClient) -> None:
    flags.get_object_value("ollama/options", {})["num_ctx"] = 1  # type: ignore[index]
    assert flags.get_object_value("ollama/options", {}) == {"num_ctx": 4096}


@pytest.mark.parametrize(
    ("kind", "key", "default", "code"),
    [
        ("boolean", "old_editor", True, ErrorCode.FLAG_NOT_FOUND),
        ("boolean", "ollama/new_editor", True, ErrorCode.FLAG_NOT_FOUND),
        ("boolean", "features/new/editor", True, ErrorCode.FLAG_NOT_FOUND),
        ("string", "", "x", ErrorCode.FLAG_NOT_FOUND),
        ("boolean", "ollama/timeout", True, ErrorCode.TYPE_MISMATCH),
        ("integer", "new_editor", 7, ErrorCode.TYPE_MISMATCH),
        ("float", "new_editor", 7.5, ErrorCode.TYPE_MISMATCH),
        ("integer", "ollama/temperature", 7, ErrorCode.TYPE_MISMATCH),
        ("string", "ollama/timeout", "x", ErrorCode.TYPE_MISMATCH),
        ("object", "ollama/model", {"a": 1}, ErrorCode.TYPE_MISMATCH),
    ],
)
def test_an_error_gives_the_default_and_says_which(
    flags: OpenFeatureClient, kind: str, key: str, default: Any, code: ErrorCode
) -> None:
    details = getattr(flags, f"get_{kind}_details")(key, default)
    assert (details.value, details.reason, details.error_code) == (default, Reason.ERROR, code)
    assert details.error_message


def test_null_gives_the_default_without_an_error(flags: OpenFeatureClient) -> None:
    details = flags.get_string_details("ollama/proxy", "none")
    assert (details.value, details.reason) == ("none", Reason.DEFAULT)
    assert details.error_code is None


def test_a_number_that_no_float_holds_is_an_error(
    applied: Workspace, client: ConfigClient, flags: OpenFeatureClient
) -> None:
    change(applied, client, "ollama/timeout", 10**400)
    assert flags.get_integer_value("ollama/timeout", 0) == 10**400
    details = flags.get_float_details("ollama/timeout", 1.5)
    assert (details.value, details.error_code) == (1.5, ErrorCode.TYPE_MISMATCH)


def test_what_was_spoilt_past_configsync_is_an_error(
    applied: Workspace, client: ConfigClient, flags: OpenFeatureClient
) -> None:
    applied.sql("UPDATE app_settings SET setting_value = 'x' WHERE setting_key = 'timeout'")
    client.refresh()
    details = flags.get_integer_details("ollama/timeout", 5)
    assert (details.value, details.error_code) == (5, ErrorCode.PARSE_ERROR)


def test_the_reason_tells_a_cache_file_and_a_fallback(applied: Workspace, tmp_path: Path) -> None:
    def details(client: ConfigClient) -> FlagEvaluationDetails[int]:
        with provided(client) as flags:
            return flags.get_integer_details("ollama/timeout", 1)

    cache = tmp_path / "cache.json"
    with ConfigClient.connect(url_of(applied), cache_file=cache):
        pass
    (applied.root / "configsync.db").unlink()
    with ConfigClient.connect(url_of(applied), cache_file=cache) as client:
        cached = details(client)
    assert (cached.value, cached.reason) == (30, Reason.CACHED)
    fallback = applied.root / "profiles/settings.yaml"
    with ConfigClient.connect(url_of(applied), fallback=fallback) as client:
        spare = details(client)
    assert (spare.value, spare.reason) == (30, Reason.DEFAULT)


def test_a_lazy_client_is_asked_outside_of_the_loop_or_loaded_before(applied: Workspace) -> None:
    async def timeout(flags: OpenFeatureClient) -> FlagEvaluationDetails[int]:
        return await flags.get_integer_details_async("ollama/timeout", 1)

    url = url_of(applied)
    with ConfigClient.connect(url, lazy=True) as client, provided(client) as flags:
        unread = asyncio.run(timeout(flags))
        assert (unread.value, unread.error_code) == (1, ErrorCode.GENERAL)
        assert "Load it before" in str(unread.error_message)
        assert flags.get_integer_value("ollama/timeout", 1) == 30
    loaded = ConfigClient.connect(url, lazy=True, load=["setting"])
    with loaded as client, provided(client) as flags:
        assert asyncio.run(timeout(flags)).value == 30


def test_an_event_names_the_flags_that_changed(
    applied: Workspace, client: ConfigClient, flags: OpenFeatureClient
) -> None:
    heard = listen(flags, ProviderEvent.PROVIDER_CONFIGURATION_CHANGED)
    applied.sql("UPDATE config_ai_infra SET llm_max_tokens = 1")
    client.refresh()
    change(applied, client, "ollama/timeout", 31)
    _, details = heard.get(timeout=20)
    assert (details.flags_changed, details.metadata) == (["ollama/timeout"], {"revision": 3})
    change(applied, client, "features/new_editor", False)
    _, details = heard.get(timeout=20)
    assert details.flags_changed == ["features/new_editor", "new_editor"]
    assert flags.get_boolean_value("new_editor", True) is False


def test_postgresql_tells_of_a_change_long_before_the_next_poll(
    project: Workspace, pg_url: str
) -> None:
    project.url = pg_url
    apply(project)
    with ConfigClient.connect(pg_url, poll=600) as client, provided(client) as flags:
        heard = listen(flags, ProviderEvent.PROVIDER_CONFIGURATION_CHANGED)
        set_value(project, "ollama", "timeout", 31)
        _, details = heard.get(timeout=20)
        assert details.flags_changed == ["ollama/timeout"]
        assert flags.get_integer_value("ollama/timeout", 0) == 31


def test_the_provider_is_stale_during_an_outage_and_still_answers(
    applied: Workspace, flags: OpenFeatureClient
) -> None:
    heard = listen(flags, ProviderEvent.PROVIDER_STALE)
    database = applied.root / "configsync.db"
    away = database.rename(applied.root / "away.db")
    event, details = heard.get(timeout=20)
    assert "configsync.db" in str(details.message)
    assert flags.get_provider_status() is ProviderStatus.STALE
    assert flags.get_integer_value("ollama/timeout", 0) == 30
    back = listen(flags, ProviderEvent.PROVIDER_READY)
    away.rename(database)
    event, _ = back.get(timeout=20)
    assert event is ProviderEvent.PROVIDER_READY
    assert flags.get_provider_status() is ProviderStatus.READY


def test_after_shutdown_nothing_is_told_and_the_client_lives(
    applied: Workspace, client: ConfigClient
) -> None:
    provider = ConfigSyncProvider(client)
    api.set_provider_and_wait(provider)
    told: list[EventDetails] = []
    provider.attach(lambda provider, event, details: told.append(details))  # type: ignore[arg-type]
    change(applied, client, "ollama/timeout", 31)
    assert len(told) == 1
    api.shutdown()
    provider.attach(lambda provider, event, details: told.append(details))  # type: ignore[arg-type]
    change(applied, client, "ollama/timeout", 32)
    assert len(told) == 1
    assert client.setting("ollama", "timeout") == 32
