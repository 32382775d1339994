"""In an event loop: reads never wait, changes are waited for."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from configsync.runtime import Change, ConfigClient, NotLoaded
from configsync.store.migrate import upgrade
from configsync.store.url import parse_url
from tests.runtime import marked
from tests.runtime.waiting import until

SOON = 10.0

Apply = Callable[[str, int], None]


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/config.db"
    upgrade(parse_url(url, Path()))
    return url


@pytest.fixture
def client(url: str, apply: Apply) -> Iterator[ConfigClient]:
    apply(url, 1)
    with ConfigClient.connect(url, poll=0.02) as connected:
        yield connected


def test_a_read_that_would_wait_says_so(url: str, apply: Apply) -> None:
    apply(url, 1)

    async def read(client: ConfigClient) -> None:
        for asked in (lambda: client.profile("a"), client.profiles, client.negate_rules):
            with pytest.raises(NotLoaded, match=r"await asyncio\.to_thread\(client\.load, '"):
                asked()
        await asyncio.to_thread(client.load, "profile")
        assert client.profile("a").ai_infra.llm_max_tokens == 1
        assert client.profiles() == ["a", "b", "turn-1"]
        # The default's key is known from the beginning, and now its profile.
        assert client.default_profile().name == "a"

    with ConfigClient.connect(url, lazy=True) as client:
        asyncio.run(read(client))


def test_what_was_loaded_stays_so_while_revisions_come(url: str, apply: Apply) -> None:
    apply(url, 1)

    async def read(client: ConfigClient) -> None:
        await asyncio.to_thread(client.load, "profile/a")
        await asyncio.to_thread(client.load, "setting/stress/n")
        for number in (2, 3):
            await asyncio.to_thread(apply, url, number)
            end = time.monotonic() + SOON
            while client.setting("stress", "n") != number and time.monotonic() < end:
                await asyncio.sleep(0.01)
            assert client.profile("a").ai_infra.llm_max_tokens == number

    with ConfigClient.connect(url, lazy=True, poll=0.02) as client:
        asyncio.run(read(client))


def test_the_loop_runs_on_while_the_database_is_locked(
    client: ConfigClient, url: str, apply: Apply
) -> None:
    import sqlite3

    other = sqlite3.connect(parse_url(url, Path()).connect, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    async def read() -> float:
        slowest = 0.0
        for _ in range(50):
            began = time.monotonic()
            assert marked.read(client) == 1
            client.status()
            slowest = max(slowest, time.monotonic() - began)
            await asyncio.sleep(0.005)
        return slowest

    try:
        assert asyncio.run(read()) < 1
    finally:
        other.close()


def test_a_slow_loop_gets_all_addresses_joined(
    client: ConfigClient, url: str, apply: Apply
) -> None:
    told: list[Change] = []
    client.on_change(told.append)

    async def wait() -> list[Change]:
        found = []
        changes = client.changes()
        await asyncio.to_thread(apply, url, 2)
        await asyncio.to_thread(apply, url, 3)
        await asyncio.to_thread(until, lambda: len(told) == 2, SOON, "both are told")
        found.append(await anext(changes))
        await asyncio.to_thread(apply, url, 4)
        found.append(await asyncio.wait_for(anext(changes), SOON))
        threading.Thread(target=client.close).start()
        found += [change async for change in changes]
        return found

    first, second = asyncio.run(wait())
    assert (first.previous, first.revision) == (1, 3)
    assert set(first.addresses) == {a for change in told[:2] for a in change.addresses}
    assert {"profile/turn-1", "profile/turn-2", "profile/turn-3"} <= set(first.addresses)
    assert (second.previous, second.revision) == (3, 4)
    assert second == told[2]


def test_changes_end_with_the_client(client: ConfigClient) -> None:
    async def wait() -> list[Change]:
        waiting = asyncio.ensure_future(anext(client.changes(), None))
        await asyncio.sleep(0)
        await asyncio.to_thread(client.close)
        assert await asyncio.wait_for(waiting, SOON) is None
        return [change async for change in client.changes()]

    assert asyncio.run(asyncio.wait_for(wait(), SOON)) == []


def test_outside_of_a_loop_there_is_nothing_to_wait_in(client: ConfigClient) -> None:
    with pytest.raises(RuntimeError):
        client.changes()


def test_a_callback_that_raises_stops_nobody(
    client: ConfigClient, url: str, apply: Apply, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[int] = []
    threads: set[str] = set()

    def fails(change: Change) -> None:
        raise RuntimeError("no")

    def notes(change: Change) -> None:
        threads.add(threading.current_thread().name)
        # Reads see the change already.
        told.append(marked.read(client))

    client.on_change(fails)
    remove = client.on_change(notes)
    client.on_change(notes)
    apply(url, 2)
    until(lambda: told == [2, 2], SOON, "both are called")
    remove()
    remove()
    apply(url, 3)
    until(lambda: told == [2, 2, 3], SOON, "the other is called")
    assert threads == {"configsync-follower"}
    assert "a callback failed after revision 2" in caplog.text
    assert client.status().failures == 0


def test_a_callback_may_close_the_client(client: ConfigClient, url: str, apply: Apply) -> None:
    client.on_change(lambda change: client.close())
    apply(url, 2)
    until(
        lambda: "configsync-follower" not in {t.name for t in threading.enumerate()},
        SOON,
        "the thread ends",
    )
    assert marked.read(client) == 2
