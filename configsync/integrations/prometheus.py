"""Prometheus: how a client is doing, read at each scrape.

::

    register(client)
    register({"chat": chat, "reports": reports})    # several, told apart by the label `client`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector, CollectorRegistry

from configsync.runtime import ConfigClient, Status

Family = GaugeMetricFamily | CounterMetricFamily

METRICS: tuple[tuple[type[Family], str, str, Callable[[Status], float]], ...] = (
    (
        GaugeMetricFamily,
        "configsync_revision",
        "The revision that reads see; 0 with a fallback.",
        lambda status: status.revision,
    ),
    (
        GaugeMetricFamily,
        "configsync_age_seconds",
        "For how long nothing has confirmed that the revision is the newest.",
        lambda status: status.age,
    ),
    (
        GaugeMetricFamily,
        "configsync_degraded",
        "1 where the newest revision may be missing.",
        lambda status: status.degraded,
    ),
    (
        GaugeMetricFamily,
        "configsync_listening",
        "1 where the server tells of changes, 0 where polling finds them.",
        lambda status: status.listening,
    ),
    (
        GaugeMetricFamily,
        "configsync_pinned_snapshots",
        "Older revisions that somebody holds.",
        lambda status: status.pinned,
    ),
    (
        CounterMetricFamily,
        "configsync_reloads",
        "Revisions that replaced another one.",
        lambda status: status.reloads,
    ),
    (
        CounterMetricFamily,
        "configsync_failures",
        "Attempts to read the database that failed.",
        lambda status: status.failures,
    ),
)


class ConfigCollector(Collector):
    """What a registry asks. No scrape waits for the database."""

    def __init__(self, clients: ConfigClient | Mapping[str, ConfigClient]) -> None:
        """One client, or several by name."""
        if isinstance(clients, ConfigClient):
            self._labels: tuple[str, ...] = ()
            self._clients: dict[tuple[str, ...], ConfigClient] = {(): clients}
        else:
            self._labels = ("client",)
            self._clients = {(name,): client for name, client in clients.items()}

    def collect(self) -> Iterator[Family]:
        """The metrics of this moment."""
        statuses = {values: client.status() for values, client in self._clients.items()}
        for family_of, name, text, read in METRICS:
            family = family_of(name, text, labels=self._labels)
            for values, status in statuses.items():
                family.add_metric(values, read(status))
            yield family

    # So that any registry refuses a second one, which would make a scrape invalid.
    describe = collect


def register(
    clients: ConfigClient | Mapping[str, ConfigClient], registry: CollectorRegistry = REGISTRY
) -> ConfigCollector:
    """Have a registry tell how a client is doing, or several by name.

    Returns the collector, which ``registry.unregister`` takes. Raises
    ValueError if the registry has one already.
    """
    collector = ConfigCollector(clients)
    registry.register(collector)
    return collector
