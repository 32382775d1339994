"""The runtime client: loading, reading, and how long after a commit its readers see it."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from select import select
from statistics import quantiles

import psycopg2

from configsync.runtime import Change, ConfigClient
from tests.benchmarks.bench import REPOSITORY, Bench, Project
from tests.benchmarks.goals import LOAD, NOTIFIED, POLLED, READ
from tests.benchmarks.measures.plan import APPLY
from tests.benchmarks.postgresql import Server, server
from tests.benchmarks.process import Run, alternate, configsync, progress, run
from tests.benchmarks.reader import copy_out
from tests.benchmarks.result import Row, peaks

COMMITS = 300
POLL = 0.2
"""Seconds: what of a poll's delay is the interval doesn't depend on how long that is."""

READS = 1_000_000
SMALL = 100
"""How many profiles a small estate has, beside which a reload must cost no more."""


def measure(bench: Bench) -> list[Row]:
    """On PostgreSQL; all but memory within this process."""
    with server(bench.folder / "postgresql") as found:
        if isinstance(found, str):
            return [Row("runtime: load", "COPY", bench.profiles, (), goal=LOAD, skipped=found)]
        rows = []
        with _estate(bench, found, bench.profiles) as large, _estate(bench, found, SMALL) as small:
            rows += _load(bench, large, found.version)
            rows += _read(bench, large)
            rows += _visible(bench, large, found.version)
            rows += _reload(bench, large, small)
        return rows


@contextmanager
def _estate(bench: Bench, server: Server, profiles: int) -> Iterator[str]:
    """The URL of a database with so many profiles."""
    project: Project = bench.project(f"runtime-{profiles}", profiles)
    with server.database() as url:
        progress(f"runtime: applying {profiles:,} profiles")
        run([*configsync(), *APPLY], project.folder, environment={"CONFIGSYNC_DATABASE": url})
        yield url


def _load(bench: Bench, url: str, version: int) -> list[Row]:
    """All profiles into memory, against COPY of the same tables out of the same database."""
    own, others = [], []
    for _ in range(bench.rounds):
        others.append(_seconds(partial(copy_out, url)))
        own.append(_seconds(lambda: ConfigClient.connect(url, listen=False).close()))
    progress(f"runtime: load {own[-1]:.2f} s, COPY {others[-1]:.2f} s")
    peer = f"COPY, PostgreSQL {version}"
    reader = [sys.executable, "-m", "tests.benchmarks.reader", url]
    sides: dict[str, Callable[[], Run]] = {
        "COPY": lambda: run([*reader, "copy"], REPOSITORY),
        "configsync": lambda: run([*reader, "client"], REPOSITORY),
    }
    runs = alternate("runtime: load", bench.rounds, sides)
    number = bench.profiles
    return [
        Row("runtime: load", peer, number, tuple(own), tuple(others), goal=LOAD),
        peaks("runtime: load", peer, number, runs["configsync"], runs["COPY"], None),
    ]


def _read(bench: Bench, url: str) -> list[Row]:
    """A profile by its name, and a field of one that is held, against a plain attribute."""
    with ConfigClient.connect(url, listen=False) as client:
        profile = client.default_profile()
        plain = Plain(1)
        sides: dict[str, Callable[[int], None]] = {
            "plain": lambda n: _attribute(plain, n),
            "field": lambda n: _field(profile.ai_infra, n),
            "name": lambda n: _by_name(client, profile.name, n),
        }
        found: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(max(bench.rounds, 3)):
            for name, side in sides.items():
                found[name].append(_seconds(partial(side, READS)) / READS * 1e9)
    held, named, plain_read = (tuple(found[side]) for side in ("field", "name", "plain"))
    peer, number = "a plain attribute", bench.profiles
    return [
        Row("runtime: a field, profile held", peer, number, held, plain_read, "ns", READ),
        Row("runtime: a profile by name", peer, number, named, plain_read, "ns", READ),
    ]


def _attribute(plain: Plain, number: int) -> None:
    for _ in range(number):
        plain.field  # noqa: B018


def _field(held: object, number: int) -> None:
    for _ in range(number):
        held.llm_temperature  # type: ignore[attr-defined]  # noqa: B018


def _by_name(client: ConfigClient, name: str, number: int) -> None:
    for _ in range(number):
        client.profile(name)


def _visible(bench: Bench, url: str, version: int) -> list[Row]:
    """From the sending of COMMIT until reads see it, against the bare notification of it."""
    with ConfigClient.connect(url, poll=60) as client, _listener(url) as bare:
        assert client.status().listening
        visible = _commits(url, client, COMMITS, bare)
    told = _percentiles(visible.own)
    raw = _percentiles(visible.raw)
    with ConfigClient.connect(url, poll=POLL, listen=False) as client:
        polled = [s / POLL for s in _commits(url, client, COMMITS // 10, None).own]
    peer, number = f"bare NOTIFY, PostgreSQL {version}", bench.profiles
    measure = "runtime: commit to visible"
    return [
        Row(f"{measure}, p50", peer, number, (told[0],), (raw[0],), "ms", NOTIFIED),
        Row(f"{measure}, p99", peer, number, (told[1],), (raw[1],), "ms"),
        Row(f"{measure}, polling, p50", "the interval", number, tuple(polled), (1.0,), "×", POLLED),
    ]


@dataclass(frozen=True, slots=True)
class Plain:
    """The quickest that Python has."""

    field: int


@dataclass(frozen=True, slots=True)
class _Times:
    """Seconds from the sending of each COMMIT."""

    own: list[float]
    raw: list[float]


def _commits(url: str, client: ConfigClient, number: int, bare: _Bare | None) -> _Times:
    seen: dict[int, float] = {}
    arrived = threading.Event()

    def note(change: Change) -> None:
        seen[change.revision] = time.perf_counter()
        arrived.set()

    forget = client.on_change(note)
    sent: dict[int, float] = {}
    # Others than there are: what changes nothing is no commit to be seen.
    first = client.default_profile().ai_infra.llm_max_tokens + 1
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        for index in range(number):
            arrived.clear()
            # Not in step with the polls.
            time.sleep(random.uniform(0, POLL) if bare is None else 0)
            cursor.execute(
                "UPDATE config_ai_infra SET llm_max_tokens = %s WHERE profile_id = "
                "(SELECT id FROM config_profiles WHERE is_default)",
                (first + index,),
            )
            cursor.execute("SELECT max(revision) FROM config_revisions")
            ((revision,),) = cursor.fetchall()
            sent[revision] = time.perf_counter()
            connection.commit()
            assert arrived.wait(30), "a commit was never seen"
    forget()
    raw = [] if bare is None else [bare.wait(r) - at for r, at in sent.items()]
    return _Times([seen[r] - at for r, at in sent.items()], raw)


class _Bare:
    """A connection that only listens, as little as can be done."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg2.connect(url)
        self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            cursor.execute("LISTEN configsync")
        self._arrived: dict[int, float] = {}
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended:
            if select([self._connection], [], [], 0.1)[0]:
                self._connection.poll()
                for told in self._connection.notifies:
                    self._arrived[int(told.payload)] = time.perf_counter()
                self._connection.notifies.clear()

    def wait(self, revision: int) -> float:
        """When a revision was told."""
        deadline = time.monotonic() + 30
        while revision not in self._arrived:
            assert time.monotonic() < deadline, "a notification never came"
            time.sleep(0.01)
        return self._arrived[revision]

    def close(self) -> None:
        self._ended = True
        self._thread.join()
        self._connection.close()


@contextmanager
def _listener(url: str) -> Iterator[_Bare]:
    with closing(_Bare(url)) as bare:
        yield bare


def _reload(bench: Bench, large: str, small: str) -> list[Row]:
    """What a reload of one change takes of processor time, beside that of a small estate."""
    times = {}
    for name, url in (("large", large), ("small", small)):
        with ConfigClient.connect(url, poll=3600, listen=False) as client:
            times[name] = [_one_reload(url, client) for _ in range(COMMITS // 3)]
    measure = "runtime: reload of one change"
    peer = f"of {SMALL} profiles"
    return [
        Row(measure, peer, bench.profiles, tuple(times["large"]), tuple(times["small"]), "ms"),
    ]


def _one_reload(url: str, client: ConfigClient) -> float:
    """Milliseconds of one reload, the database's time included."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE config_ai_infra SET llm_max_tokens = %s WHERE profile_id = "
            "(SELECT id FROM config_profiles WHERE is_default)",
            (client.default_profile().ai_infra.llm_max_tokens + 1,),
        )
        connection.commit()
    before = client.revision
    seconds = _seconds(client.refresh)
    assert client.revision == before + 1
    return seconds * 1000


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    """The 50th and the 99th, in milliseconds."""
    cuts = quantiles(seconds, n=100)
    return cuts[49] * 1000, cuts[98] * 1000


def _seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began
