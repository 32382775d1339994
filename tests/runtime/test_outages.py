"""What goes wrong one thing at a time: what readers have, what status says, how it ends."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from configsync.core.errors import DatabaseError
from configsync.runtime import Change, ConfigClient, NotFound, Source, Status, Unavailable
from configsync.store.migrate import upgrade
from configsync.store.url import parse_url
from tests.conftest import execute, with_database
from tests.faults.proxy import Fault, Proxy
from tests.faults.test_pooler import pooled_url as pooled_url  # a fixture
from tests.runtime import marked
from tests.runtime.waiting import until

SOON = 10.0
"""Seconds within which even a busy machine gets done what is waited for here."""

POLL = 0.05

AWAY = "postgresql://nobody@127.0.0.1:1/app"
"""Where no server is."""

FALLBACK = {
    "apiVersion": "configsync/v1",
    "kind": "Settings",
    "metadata": {"name": "stress"},
    "spec": {"n": 0},
}

Apply = Callable[[str, int], None]
Connect = Callable[..., ConfigClient]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a migrated database, once of each kind."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("pg_url"))
    return sqlite_url(tmp_path / "config.db")


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Connects clients that poll often, and closes them."""
    clients: list[ConfigClient] = []

    def connected(url: str | list[str], **options: Any) -> ConfigClient:
        clients.append(ConfigClient.connect(url, **{"poll": POLL, **options}))
        return clients[-1]

    yield connected
    for client in clients:
        client.close()


def sqlite_url(file: Path) -> str:
    url = f"sqlite:////{file}"
    upgrade(parse_url(url, Path()))
    return url


def wait(client: ConfigClient, holds: Callable[[Status], object]) -> None:
    """Wait until a client's status is as it should be."""
    try:
        until(lambda: holds(client.status()), SOON, "the status")
    except AssertionError as error:
        raise AssertionError(client.status()) from error


def reach(client: ConfigClient, revision: int) -> None:
    wait(client, lambda status: status.revision == revision)


def recovered(status: Status) -> bool:
    return not status.degraded and status.source is Source.DATABASE


@pytest.fixture
def cached(url: str, apply: Apply, tmp_path: Path) -> Path:
    """The cache file of an application that read number 1, and ended."""
    apply(url, 1)
    file = tmp_path / "cache" / "config.json"
    file.parent.mkdir()
    ConfigClient.connect(url, cache_file=file).close()
    return file


@pytest.fixture
def away(url: str) -> Iterator[Callable[[bool], None]]:
    """Takes the database away, or gives it back."""
    where = parse_url(url, Path()).connect
    name = urlsplit(url).path[1:]
    server = with_database(url, "postgres")

    def take(gone: bool) -> None:
        if url.startswith("sqlite"):
            if os.path.exists(where) == gone:
                os.rename(*(where, f"{where}.away") if gone else (f"{where}.away", where))
        else:
            execute(server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS {not gone}")
            if gone:
                execute(
                    server,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    f"WHERE datname = '{name}'",
                )

    yield take
    take(False)


Away = Callable[[bool], None]


@pytest.mark.parametrize("lazy", [False, True])
def test_a_start_without_the_database(
    url: str, away: Away, cached: Path, connect: Connect, apply: Apply, lazy: bool
) -> None:
    changes: list[tuple[int | None, int, bool]] = []
    options: dict[str, Any] = {"lazy": lazy, "load": ["setting", "prompt", "profile"]}
    away(True)
    client = connect(url, cache_file=cached, **options)
    client.on_change(lambda c: changes.append((c.previous, c.revision, c.touches("setting/*/n"))))
    status = client.status()
    assert (status.degraded, status.source, status.revision) == (True, Source.CACHE, 1)
    assert status.last_error
    assert marked.read(client) == 1
    assert client.profile("a").origin.source is Source.CACHE
    away(False)
    wait(client, recovered)
    assert marked.read(client) == 1
    assert client.profile("a").origin.source is Source.DATABASE
    apply(url, 2)
    wait(client, lambda status: status.revision == 2)
    assert marked.read(client) == 2
    until(lambda: changes == [(1, 2, True)], SOON, "the change is told")


def test_what_changed_while_nobody_ran_is_told(
    url: str, away: Away, cached: Path, connect: Connect, apply: Apply
) -> None:
    told: list[tuple[str, ...]] = []
    apply(url, 2)
    away(True)
    client = connect(url, cache_file=cached)
    client.on_change(lambda change: told.append(change.addresses))
    assert marked.read(client) == 1
    away(False)
    until(lambda: told, SOON, "the change is told")
    assert {"setting/stress/n", "profile/turn-1", "profile/turn-2"} <= set(told[0])


def test_a_lazy_client_that_began_with_a_fallback_reads_what_it_was_to_load(
    url: str, away: Away, apply: Apply, connect: Connect
) -> None:
    apply(url, 1)
    away(True)
    client = connect(url, fallback=FALLBACK, lazy=True, load=["profile/a"])
    assert client.setting("stress", "n") == 0
    client.load("prompt")
    with pytest.raises(NotFound):
        client.profile("a")
    away(False)
    wait(client, recovered)
    away(True)
    assert client.profile("a").ai_infra.llm_max_tokens == 1
    assert client.prompt("stress").content == "Number 1."
    assert client.setting("stress", "n") == 1
    if url.startswith("postgresql"):
        with pytest.raises(DatabaseError):
            client.profile("b")


def test_neither_database_nor_cache_nor_fallback(tmp_path: Path) -> None:
    threads = os.listdir("/proc/self/fd")
    for url in (AWAY, f"sqlite:////{tmp_path}/none.db"):
        with pytest.raises(Unavailable, match=r"The cache file .* can't be used either"):
            ConfigClient.connect(url, cache_file=tmp_path / "none")
    assert len(os.listdir("/proc/self/fd")) == len(threads)
    assert list(tmp_path.iterdir()) == []


def _flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def _without_a_line(file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:1] + lines[2:]))


def _head(**changes: Any) -> Callable[[Path], None]:
    """Another head, with the digest that goes with it."""

    def change(file: Path) -> None:
        from hashlib import blake2b

        head, *rest, _ = file.read_bytes().splitlines(keepends=True)
        lines = [json.dumps({**json.loads(head), **changes}).encode() + b"\n", *rest]
        digest = blake2b(b"".join(lines), digest_size=16).hexdigest()
        file.write_bytes(b"".join(lines) + json.dumps({"digest": digest}).encode())

    return change


def _link(file: Path) -> None:
    file.rename(file.with_name("real"))
    file.symlink_to("real")


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file, 0o600)


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a bit": (_flip, "cut off or damaged"),
    "a byte too few": (_cut, "cut off or damaged"),
    "a line too few": (_without_a_line, "cut off or damaged"),
    "empty": (lambda file: file.write_bytes(b""), "cut off or damaged"),
    "text": (lambda file: file.write_text("{}\n[]\n"), "cut off or damaged"),
    "zeros": (lambda file: file.write_bytes(bytes(10_000)), "cut off or damaged"),
    "deep": (lambda file: file.write_text("[" * 100_000), "cut off or damaged"),
    "another format": (_head(format=2), "another version"),
    "other columns": (_head(columns={"profile": ["x"]}), "another version"),
    "no columns": (_head(columns=None), "no cache file"),
    "another database's": (_head(of="x"), "another database"),
    "writable for others": (lambda file: file.chmod(0o622), "others may write it"),
    "a link": (_link, "symbolic link"),
    "a pipe": (_pipe, "no regular file"),
    "a folder": (_folder, "no regular file"),
}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_cache_file_that_can_not_be_trusted(
    url: str, cached: Path, away: Away, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    assert cached.stat().st_mode & 0o777 == 0o600
    spoil, reason = DAMAGE[damage]
    spoil(cached)
    away(True)
    with caplog.at_level(logging.WARNING, "configsync.runtime"), pytest.raises(Unavailable):
        ConfigClient.connect(url, cache_file=cached)
    (line,) = (r.getMessage() for r in caplog.records if "cache file" in r.getMessage())
    assert reason in line
    assert str(cached) in line


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_lazy_client_keeps_what_it_learned(
    url: str, away: Away, apply: Apply, connect: Connect, tmp_path: Path
) -> None:
    apply(url, 1)
    cache = tmp_path / "cache.json"
    client = connect(url, lazy=True, cache_file=cache)
    until(cache.exists, SOON, "the cache file is there")
    assert client.setting("stress", "n") == 1
    client.close()
    away(True)
    again = connect(url, lazy=True, cache_file=cache)
    assert again.source is Source.CACHE
    assert again.setting("stress", "n") == 1


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_cache_file_that_can_not_be_written(
    url: str, apply: Apply, connect: Connect, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    apply(url, 1)
    folder = tmp_path / "later"
    client = connect(url, cache_file=folder / "cache.json")
    until(lambda: "can't be written" in caplog.text, SOON, "the log says so")
    folder.mkdir()
    client.close()
    assert (folder / "cache.json").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in folder.iterdir()] == ["cache.json"]


def _identity(url: str, connect: str) -> None:
    statement = "UPDATE config_database SET database_id = 'another'"
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(connect)) as connection, connection:
            connection.execute(statement)
    else:
        execute(url, statement)


def test_another_database_in_its_place(url: str, apply: Apply, connect: Connect) -> None:
    apply(url, 1)
    client = connect(url)
    _identity(url, parse_url(url, Path()).connect)
    apply(url, 2)
    wait(client, lambda status: status.degraded)
    assert "is another database" in str(client.status().last_error)
    assert (marked.read(client), client.revision) == (1, 1)
    with pytest.raises(DatabaseError, match="is another database"):
        client.refresh()
    assert marked.read(connect(url)) == 2


def test_a_sqlite_file_restored_removed_and_locked(
    apply: Apply, connect: Connect, tmp_path: Path
) -> None:
    file = tmp_path / "config.db"
    url = sqlite_url(file)
    apply(url, 1)
    older = shutil.copy(file, tmp_path / "older.db")
    apply(url, 2)
    same = shutil.copy(file, tmp_path / "same.db")
    client = connect(url)
    lazy = connect(url, lazy=True, load=["profile", "prompt", "setting"])
    changes: list[Change] = []
    client.on_change(changes.append)

    # Restored: what is older is not followed.
    os.replace(older, file)
    wait(client, lambda status: "before 2" in str(status.last_error))
    assert (client.status().degraded, marked.read(client)) == (True, 2)
    # What counts on from the older one has another past, and is.
    apply(url, 3)
    apply(url, 4)
    for one in (client, lazy):
        wait(one, lambda status: recovered(status) and status.revision == 3)
        assert marked.read(one) == 4
    until(lambda: changes and changes[-1].revision == 3, SOON, "the changes are told")
    addresses = {at for change in changes for at in change.addresses}
    assert {"setting/stress/n", "profile/turn-2", "profile/turn-4"} <= addresses
    lazy.close()

    # Removed: a reader makes no new one.
    file.unlink()
    wait(client, lambda status: status.degraded)
    assert (marked.read(client), file.exists()) == (4, False)
    # Half of it, then none of it, then the whole again.
    file.write_bytes(Path(same).read_bytes()[:5000])
    wait(client, lambda status: "no such file" not in str(status.last_error))
    assert (client.status().degraded, marked.read(client)) == (True, 4)
    file.unlink()
    upgrade(parse_url(url, Path()))
    wait(client, lambda status: "another database" in str(status.last_error))
    os.replace(same, file)
    apply(url, 5)
    apply(url, 6)
    wait(client, lambda status: recovered(status) and status.revision == 4)
    assert marked.read(client) == 6

    # Locked by somebody who writes: reads don't wait.
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        assert marked.read(client) == 6
        client.status()
        assert time.monotonic() - began < 1
        other.execute("ROLLBACK")
    apply(url, 7)
    wait(client, lambda status: recovered(status) and status.revision == 5)


def test_a_database_that_is_not_migrated(empty_pg_url: str, apply: Apply, connect: Connect) -> None:
    with pytest.raises(Unavailable, match=r"no tables of configsync yet\. Run: configsync db up"):
        connect(empty_pg_url)
    client = connect(empty_pg_url, fallback=FALLBACK)
    assert (client.status().degraded, client.source) == (True, Source.FALLBACK)
    assert "no tables of configsync yet" in str(client.status().last_error)
    upgrade(parse_url(empty_pg_url, Path()))
    apply(empty_pg_url, 1)
    wait(client, lambda status: recovered(status) and status.revision == 1)
    assert marked.read(client) == 1


@pytest.mark.parametrize("lazy", [False, True], ids=["eager", "lazy"])
def test_a_change_of_most_there_is(
    url: str, apply: Apply, connect: Connect, monkeypatch: pytest.MonkeyPatch, lazy: bool
) -> None:
    monkeypatch.setattr("configsync.runtime.build.MANY", 2)
    apply(url, 1)
    client = connect(url, lazy=lazy, load=["profile"])
    assert marked.read(client) == 1
    apply(url, 2)
    wait(client, lambda status: status.revision == 2)
    assert marked.read(client) == 2


def test_a_lazy_snapshot_is_of_one_revision(url: str, apply: Apply, connect: Connect) -> None:
    apply(url, 1)
    client = connect(url, lazy=True)
    with client.pin() as snapshot:
        assert marked.read_one(snapshot, 0) == 1
        apply(url, 2)
        reach(client, 2)
        # What it learns now is of its own revision, too.
        assert marked.read_one(snapshot, 1) == 1
        assert marked.read_one(client, 2) == 2
        apply(url, 3)
        reach(client, 3)
        assert marked.read(snapshot) == 1
        assert marked.read(client) == 3
        with pytest.raises(NotFound):
            snapshot.profile("turn-3")
        with pytest.raises(NotFound):
            client.profile("turn-1")
        assert client.status().pinned == 1
    del snapshot
    assert client.status().pinned == 0


def test_what_was_not_there_is_found_once_it_is(url: str, apply: Apply, connect: Connect) -> None:
    apply(url, 1)
    for client in (connect(url, lazy=True), connect(url)):
        number = client.revision + 1
        with pytest.raises(NotFound):
            client.profile(f"turn-{number}")
        apply(url, number)
        reach(client, number)
        assert client.profile(f"turn-{number}").name == f"turn-{number}"
        with pytest.raises(NotFound):
            client.profile(f"turn-{number - 1}")


def test_many_threads_ask_while_connections_end(
    pg_url: str, apply: Apply, connect: Connect
) -> None:
    apply(pg_url, 1)
    client = connect(pg_url)
    ending = threading.Event()
    wrong: list[BaseException] = []

    def ask() -> None:
        while not ending.is_set():
            try:
                assert client.refresh() == marked.read(client) == 1
            except DatabaseError:
                pass
            except BaseException as error:
                wrong.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(30):
        execute(
            pg_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
            "current_database() AND pid <> pg_backend_pid()",
        )
        time.sleep(0.05)
    ending.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    apply(pg_url, 2)
    reach(client, 2)


def test_many_lazy_reads_do_not_wait_one_after_the_other(
    pg_url: str, apply: Apply, connect: Connect
) -> None:
    apply(pg_url, 1)
    proxy = Proxy(pg_url)
    try:
        client = connect(proxy.url, lazy=True, listen=False, poll=1000)
        proxy.fault = Fault("drop", len(proxy.statements) + 1)
        took: list[float] = []

        def read() -> None:
            began = time.monotonic()
            with pytest.raises(DatabaseError):
                client.profile("a")
            took.append(time.monotonic() - began)

        threads = [threading.Thread(target=read) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # As long as one of them has to wait, or two.
        assert len(took) == len(threads)
        assert max(took) < 8
        assert client.profile("a").ai_infra.llm_max_tokens == 1
    finally:
        client.close()
        proxy.close()


BREAKS = [
    ("ALTER TABLE {0} RENAME TO aside", "ALTER TABLE aside RENAME TO {0}"),
    (
        "ALTER TABLE {0} RENAME COLUMN experiment_name TO aside",
        "ALTER TABLE {0} RENAME COLUMN aside TO experiment_name",
    ),
]


@pytest.mark.parametrize("breaks", BREAKS, ids=["a table", "a column"])
def test_a_build_that_fails_keeps_the_revision(
    url: str, apply: Apply, connect: Connect, tmp_path: Path, breaks: tuple[str, str]
) -> None:
    def run(statement: str) -> None:
        statement = statement.format("config_mlflow")
        if url.startswith("sqlite"):
            with closing(sqlite3.connect(parse_url(url, Path()).connect)) as connection:
                connection.execute("PRAGMA legacy_alter_table = ON")
                connection.execute(statement)
                connection.commit()
        else:
            execute(url, statement)

    apply(url, 1)
    told: list[int] = []
    # So rarely that the table is gone when the revision is read.
    rarely: dict[str, Any] = {"poll": 1000, "listen": False}
    everything = ["profile", "setting", "prompt"]
    clients = [connect(url, **rarely), connect(url, lazy=True, load=everything, **rarely)]
    clients[0].on_change(lambda change: told.append(change.revision))
    apply(url, 2)
    run(breaks[0])
    for client in clients:
        for _ in range(2):
            with pytest.raises(DatabaseError, match=r"config_mlflow|experiment_name"):
                client.refresh()
        assert marked.read(client) == 1
        assert (client.status().degraded, client.status().failures) == (True, 2)
    assert told == []
    run(breaks[1])
    for client in clients:
        assert client.refresh() == 2
        assert marked.read(client) == 2
        assert recovered(client.status())
    assert told == [2]


def listeners(url: str) -> list[int]:
    """The processes of the server that only listen for clients."""
    rows = execute(
        url,
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND query LIKE '%LISTEN%'",
    )
    return [pid for (pid,) in rows]


def test_listening_comes_back(pg_url: str, apply: Apply, connect: Connect) -> None:
    apply(pg_url, 1)
    client = connect(pg_url, poll=0.5)
    for number in range(2, 5):
        assert client.status().listening
        (before,) = listeners(pg_url)
        execute(pg_url, f"SELECT pg_terminate_backend({before})")

        def again(before: int = before) -> bool:
            return listeners(pg_url) not in ([], [before])

        until(again, SOON, "another one listens")
        apply(pg_url, number)
        reach(client, number)
        assert not client.status().degraded


def test_a_lost_notification_costs_one_interval(
    pg_url: str, apply: Apply, connect: Connect
) -> None:
    apply(pg_url, 1)
    interval = 1.0
    client = connect(pg_url, poll=interval)
    assert client.status().listening
    execute(
        pg_url,
        "CREATE FUNCTION public.pg_notify(text, text) RETURNS void LANGUAGE sql "
        "AS 'SELECT NULL::void'",
    )
    silent = f"{pg_url}{'&' if '?' in pg_url else '?'}options=-csearch_path%3Dpublic,pg_catalog"
    for number in range(2, 4):
        apply(silent, number)
        began = time.monotonic()
        reach(client, number)
        # Jitter is a tenth; the rest is what a busy machine may take.
        assert time.monotonic() - began < 1.1 * interval + 1
    assert client.status().failures == 0


def test_a_connection_that_went_dead_without_a_word(
    pg_url: str, apply: Apply, connect: Connect
) -> None:
    apply(pg_url, 1)
    proxy = Proxy(pg_url)
    try:
        client = connect(proxy.url, poll=0.2, listen=False)
        proxy.fault = Fault("drop", len(proxy.statements) + 1)
        until(lambda: proxy.fault is None, SOON, "the reply is lost")
        began = time.monotonic()
        apply(pg_url, 2)
        wait(client, lambda status: status.revision == 2)
        assert time.monotonic() - began < 5
        assert recovered(client.status())
    finally:
        client.close()
        proxy.close()


def test_through_a_pooler(pooled_url: str, apply: Apply, connect: Connect) -> None:
    apply(pooled_url, 1)
    clients = [connect(pooled_url, poll=0.3) for _ in range(2)]
    for number in range(2, 4):
        apply(pooled_url, number)
        for client in clients:
            reach(client, number)
            assert marked.read(client) == number
            assert client.status().failures == 0


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_many_failures_are_not_the_end(
    url: str, away: Away, apply: Apply, connect: Connect
) -> None:
    apply(url, 1)
    client = connect(url)
    away(True)
    wait(client, lambda status: status.degraded)
    # As after an outage of some hours.
    client._follower.health.in_a_row = 10_000
    failures = client.status().failures
    wait(client, lambda status: status.failures > failures)
    away(False)
    wait(client, recovered)
    apply(url, 2)
    reach(client, 2)
    assert marked.read(client) == 2


def test_closing_twice_closes_nothing_of_others(url: str, apply: Apply, tmp_path: Path) -> None:
    apply(url, 1)
    client = ConfigClient.connect(url)
    client.close()
    with ExitStack() as stack:
        others = [stack.enter_context(open(tmp_path / f"{n}", "wb")) for n in range(20)]
        client.close()
        for other in others:
            other.write(b"x")
    assert {Path(other.name).read_bytes() for other in others} == {b"x"}
