"""Streaming standbys, one of which is promoted: readers see whole revisions, never backwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from configsync.runtime import ConfigClient, Source, Status
from tests.conftest import execute
from tests.runtime import marked
from tests.runtime.processes import Reader, Writer
from tests.runtime.servers import Server, servers
from tests.runtime.waiting import until

SOON = 20.0
"""Seconds within which even a busy machine gets done what is waited for here."""

REVISIONS = 3
"""Revisions that are waited for, so that there is a load."""

Apply = Callable[[str, int], None]


def arrived(standby: Server) -> None:
    """Wait until a standby has a revision."""
    query = "SELECT 1 FROM config_revisions LIMIT 1"
    until(lambda: execute(standby.url, query), SOON, "the first revision arrives")


def reach(readers: Iterable[Reader], number: int) -> None:
    """Wait until all readers have read a number."""
    for reader in readers:

        def reached(reader: Reader = reader) -> bool:
            return bool(reader.ask()["number"] >= number)

        until(reached, SOON, f"a reader reads {number}: {reader.ask()}")


def test_a_promotion_under_load(source: Path) -> None:
    with servers(standbys=2) as (primary, first, second), ExitStack() as stack:

        def reader(*urls: str, threads: int = 1) -> Reader:
            return stack.enter_context(closing(Reader(urls, threads=threads, poll=0.3)))

        writer = stack.enter_context(closing(Writer(source, primary.url)))
        arrived(first)
        arrived(second)
        listed = [
            reader(first.url, second.url, primary.url, threads=4),
            reader(second.url, first.url, primary.url),
        ]
        alone, orphan = reader(second.url), reader(first.url)
        everyone = [*listed, alone, orphan]
        reach(everyone, writer.last + REVISIONS)
        primary.kill()
        second.promote()
        writer.end()
        with ConfigClient.connect(second.url) as client:
            last = marked.read(client)
        left = orphan.ask()["number"]
        writer = stack.enter_context(closing(Writer(source, second.url, last + 1)))
        # Also those that read the other standby, which gives no sign of what it misses.
        reach([*listed, alone], max(left, last) + REVISIONS)
        final = writer.end()
        reach([*listed, alone], final)
        found = [reader.ask("end") for reader in everyone]
    print(f"{final} revisions, {[(f['reads'], f['number'], f['reloads']) for f in found]}")
    for state in found:
        assert state["wrong"] == []
    for state in found[:3]:
        assert state["recovered"]
    assert found[3]["number"] == left


def test_a_standby_that_lags_is_not_gone_back_to(apply: Apply, tmp_path: Path) -> None:
    with servers(standbys=1) as (primary, standby), ExitStack() as stack:

        def connect(*urls: str, **options: Any) -> ConfigClient:
            return stack.enter_context(ConfigClient.connect(urls, poll=0.1, **options))

        def wait(client: ConfigClient, holds: Callable[[Status], object]) -> None:
            until(lambda: holds(client.status()), SOON, f"{client.status()}")

        apply(primary.url, 1)
        arrived(standby)
        execute(standby.url, "SELECT pg_wal_replay_pause()")
        apply(primary.url, 2)
        # Who begins at the standby finds out that it lags.
        both = connect(standby.url, primary.url)
        assert marked.read(both) == 1
        wait(both, lambda status: status.revision == 2)
        # Who begins again at the standby knows it from the cache file.
        connect(primary.url, standby.url, cache_file=tmp_path / "cache").close()
        primary.kill()
        again = connect(primary.url, standby.url, cache_file=tmp_path / "cache")
        assert (marked.read(again), again.source) == (2, Source.CACHE)
        for client in (both, again):
            wait(client, lambda status: "before 2" in str(status.last_error))
            assert client.status().degraded
            assert marked.read(client) == 2
        execute(standby.url, "SELECT pg_wal_replay_resume()")
        for client in (both, again):
            wait(client, lambda status: not status.degraded)
            assert (marked.read(client), client.source) == (2, Source.DATABASE)
            assert not client.status().listening
        standby.promote()
        for client in (both, again):
            wait(client, lambda status: status.listening)
        apply(standby.url, 3)
        for client in (both, again):
            wait(client, lambda status: status.revision == 3)
            assert marked.read(client) == 3
