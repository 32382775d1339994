"""Nothing that happens is slept through, with real signals and real threads."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from configsync.usecases.bell import Bell

HEEDED = (signal.SIGUSR1, signal.SIGUSR2)

# Long enough that waiting for it can't be taken for being woken.
LONG = 30.0


@pytest.fixture
def bell() -> Iterator[Bell]:
    with Bell(HEEDED) as bell:
        yield bell


def woken(bell: Bell) -> list[signal.Signals]:
    """The signals that one wait tells, which something ended before its time."""
    began = time.monotonic()
    came = bell.wait(LONG)
    assert time.monotonic() - began < LONG / 2
    return came


@pytest.fixture
def in_thread() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Runs something in a thread, which is over when the test is."""
    threads: list[threading.Thread] = []

    def start(what: Callable[[], object]) -> None:
        threads.append(threading.Thread(target=what))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join(LONG)
        assert not thread.is_alive()


def test_what_came_before_the_wait(bell: Bell) -> None:
    for number in HEEDED:
        os.kill(os.getpid(), number)
    assert woken(bell) == list(HEEDED)
    bell.ring()
    assert woken(bell) == []
    assert bell.wait(0) == []


def test_a_signal_that_another_thread_gets(
    bell: Bell, in_thread: Callable[[Callable[[], object]], None]
) -> None:
    in_thread(lambda: signal.pthread_kill(threading.get_ident(), signal.SIGUSR1))
    assert woken(bell) == [signal.SIGUSR1]


def test_a_ring_from_another_thread(
    bell: Bell, in_thread: Callable[[Callable[[], object]], None]
) -> None:
    in_thread(bell.ring)
    assert woken(bell) == []


def test_an_ended_child(bell: Bell) -> None:
    with subprocess.Popen(["true"]) as process:
        while process.poll() is None:
            woken(bell)
    assert process.returncode == 0


def test_more_rings_than_a_pipe_holds(bell: Bell) -> None:
    for _ in range(100_000):
        bell.ring()
    os.kill(os.getpid(), signal.SIGUSR1)
    assert woken(bell) == [signal.SIGUSR1]


def test_what_was_ignored_stays_so_and_all_is_as_before() -> None:
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        with Bell(HEEDED) as bell:
            os.kill(os.getpid(), signal.SIGUSR1)
            os.kill(os.getpid(), signal.SIGUSR2)
            assert woken(bell) == [signal.SIGUSR2]
        assert signal.getsignal(signal.SIGUSR1) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGUSR2) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL
        assert signal.set_wakeup_fd(-1) == -1
    finally:
        signal.signal(signal.SIGUSR1, before)
