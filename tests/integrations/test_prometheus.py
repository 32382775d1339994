"""Prometheus: what a scrape tells, as its own parser reads it."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from configsync.integrations.prometheus import ConfigCollector, register
from configsync.runtime import ConfigClient
from tests.conftest import Workspace
from tests.integrations.conftest import apply, set_value, url_of, wait_until

Samples = dict[tuple[str, str | None], float]


def scrape(registry: CollectorRegistry) -> Samples:
    """The samples by name and client."""
    text = generate_latest(registry).decode()
    return {
        (sample.name, sample.labels.get("client")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_scrape_tells_how_the_client_is_doing(applied: Workspace, client: ConfigClient) -> None:
    registry = CollectorRegistry()
    register(client, registry)
    before = scrape(registry)
    assert 0 <= before.pop(("configsync_age_seconds", None)) < 60
    assert before == {
        ("configsync_revision", None): 1,
        ("configsync_degraded", None): 0,
        ("configsync_listening", None): 0,
        ("configsync_pinned_snapshots", None): 0,
        ("configsync_reloads_total", None): 0,
        ("configsync_failures_total", None): 0,
    }
    with client.pin():
        set_value(applied, "ollama", "timeout", 31)
        client.refresh()
        after = scrape(registry)
        assert after["configsync_revision", None] == 2
        assert after["configsync_reloads_total", None] == 1
        assert after["configsync_pinned_snapshots", None] == 1


def test_an_outage_and_its_end_are_told(applied: Workspace, client: ConfigClient) -> None:
    registry = CollectorRegistry()
    register(client, registry)
    database = applied.root / "configsync.db"
    away = database.rename(applied.root / "away.db")
    wait_until(lambda: scrape(registry)["configsync_degraded", None] == 1)
    assert scrape(registry)["configsync_failures_total", None] >= 1
    assert scrape(registry)["configsync_revision", None] == 1
    away.rename(database)
    wait_until(lambda: scrape(registry)["configsync_degraded", None] == 0)


def test_several_clients_are_told_apart_by_name(applied: Workspace, client: ConfigClient) -> None:
    hostile = 'a"b\n# TYPE x\\'
    with ConfigClient.connect(url_of(applied), poll=60) as other:
        registry = CollectorRegistry()
        register({"chat": client, hostile: other}, registry)
        set_value(applied, "ollama", "timeout", 31)
        client.refresh()
        found = scrape(registry)
    revisions = {who: value for (name, who), value in found.items() if name.endswith("_revision")}
    assert revisions == {"chat": 2, hostile: 1}


def test_a_registry_takes_one(client: ConfigClient) -> None:
    registry = CollectorRegistry()
    collector = register(client, registry)
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        registry.register(ConfigCollector(client))
    registry.unregister(collector)
    assert scrape(registry) == {}
    register(client, registry)


def test_a_server_that_tells_of_changes_counts_as_listening(
    project: Workspace, pg_url: str
) -> None:
    project.url = pg_url
    apply(project)
    registry = CollectorRegistry()
    with ConfigClient.connect(pg_url, poll=0.05) as client:
        register(client, registry)
        assert scrape(registry)["configsync_listening", None] == 1
        assert scrape(registry)["configsync_revision", None] == 1
