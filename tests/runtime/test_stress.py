"""Eight readers and a writer, while everything around them fails: nothing torn, nothing back.

Four threads of one process share a client; four processes have one each: lazy,
polling only, starting anew from damaged cache files, and polling often.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.conftest import execute
from tests.runtime.processes import Reader, Writer, recovery
from tests.runtime.servers import Server, servers
from tests.times import examples

RECOVERY = 5.0
"""Seconds after a server's return within which every reader is to be up to date."""

PER_OUTAGE = 15_000
"""Reads for each of which there is one more outage."""

READS = examples(25_000)
"""At least."""

SWALLOW = (
    "CREATE FUNCTION public.pg_notify(text, text) RETURNS void LANGUAGE sql AS 'SELECT NULL::void'"
)

LISTENERS = "query LIKE '%LISTEN%'"


@pytest.fixture
def server() -> Iterator[Server]:
    with servers() as (found,):
        yield found


class Outages:
    """What goes wrong; each returns the moment from which on all is well again."""

    def __init__(self, server: Server, rng: random.Random) -> None:
        self.server, self.rng = server, rng
        self.all = [
            self.killed,
            self.killed_at_once,
            self.stopped,
            self.frozen,
            self.connections_ended,
            self.listeners_ended,
            self.notifications_lost,
        ]

    def killed(self) -> float:
        self.server.kill()
        return self._back()

    def killed_at_once(self) -> float:
        self.server.kill(signal.SIGQUIT)
        return self._back()

    def stopped(self) -> float:
        self.server.stop()
        return self._back()

    def frozen(self) -> float:
        self.server.freeze()
        self._pause(1.0, 4.0)
        self.server.thaw()
        return time.monotonic()

    def connections_ended(self) -> float:
        return self._end("true")

    def listeners_ended(self) -> float:
        return self._end(LISTENERS)

    def notifications_lost(self) -> float:
        # The writer's search path looks here first.
        execute(self.server.url, SWALLOW)
        self._pause(0.5, 1.0)
        execute(self.server.url, "DROP FUNCTION public.pg_notify(text, text)")
        return time.monotonic()

    def _back(self) -> float:
        self._pause(0.1, 1.0)
        self.server.start()
        return time.monotonic()

    def _end(self, which: str) -> float:
        execute(
            self.server.url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND {which}",
        )
        return time.monotonic()

    def _pause(self, least: float, most: float) -> None:
        """For as long as the outage lasts."""
        time.sleep(self.rng.uniform(least, most))


def test_no_read_is_torn_or_goes_back(server: Server, source: Path, tmp_path: Path) -> None:
    rng = random.Random()
    with ExitStack() as stack:
        path = "&options=-csearch_path%3Dpublic,pg_catalog"
        writer = stack.enter_context(closing(Writer(source, server.url + path)))
        readers = [
            stack.enter_context(closing(reader))
            for reader in (
                Reader([server.url], threads=4),
                Reader([server.url], lazy=True, load=["profile", "prompt", "setting"]),
                Reader([server.url], listen=False, poll=0.5),
                Reader([server.url], restart=True, cache_file=str(tmp_path / "cache")),
                Reader([server.url], poll=0.5),
            )
        ]
        for reader in readers:
            reader.ask()
        outages = Outages(server, rng)
        slowest = dict.fromkeys((outage.__name__ for outage in outages.all), 0.0)
        number = 0
        while number < len(outages.all) or number < READS // PER_OUTAGE:
            if number % len(outages.all) == 0:
                rng.shuffle(outages.all)
            outage = outages.all[number % len(outages.all)]
            took = recovery(readers, outage(), RECOVERY)
            slowest[outage.__name__] = max(slowest[outage.__name__], took)
            number += 1
        while sum(reader.ask()["reads"] for reader in readers) < READS:
            time.sleep(0.1)
        last = writer.end()
        recovery(readers, time.monotonic(), RECOVERY)
        found = [reader.ask("end") for reader in readers]
    print(f"{number} outages, {sum(f['reads'] for f in found)} reads, {last} revisions")
    print("recovered within", {name: round(seconds, 2) for name, seconds in slowest.items()})
    print([(f["reads"], f["reloads"], f["failures"], f["restarts"]) for f in found])
    for state in found:
        assert state["wrong"] == []
        assert state["number"] >= last
        assert state["reads"] > 0
