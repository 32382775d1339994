"""Wakes the main thread, for changes that other threads tell of, signals and ended children."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Collection
from contextlib import suppress
from types import FrameType, TracebackType


class Bell:
    """Lets the main thread sleep until something happens, and tells which signals came.

    Python runs a signal's handler in the main thread, but only when that gets on:
    a signal that comes just before it goes to sleep in a lock or in ``waitpid``,
    or that another thread was given, doesn't wake it. What wakes it is a byte in
    a pipe, which is written at once by whichever thread gets the signal
    (https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd).

    ``heeded`` are the signals that are told of; one that is ignored, as by
    nohup, stays so. To be entered in the main thread.
    """

    def __init__(self, heeded: Collection[signal.Signals]) -> None:
        self._heeded = [s for s in heeded if signal.getsignal(s) is not signal.SIG_IGN]
        self._came: list[signal.Signals] = []

    def __enter__(self) -> Bell:
        self._read, self._write = os.pipe()
        for end in (self._read, self._write):
            os.set_blocking(end, False)
        self._before_fd = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._before = {s: signal.signal(s, self._note) for s in self._heeded}
        # An ended child wakes by its signal, which must have a handler for that.
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        signal.set_wakeup_fd(self._before_fd)
        os.close(self._read)
        os.close(self._write)

    def ring(self) -> None:
        """Wake the main thread; from any thread."""
        with suppress(BlockingIOError):  # A full pipe wakes as well.
            os.write(self._write, b"\0")

    def wait(self, seconds: float | None = None) -> list[signal.Signals]:
        """Sleep until something has happened since the last wait; returns the signals that came.

        It may be that nothing has: ask, and wait again.
        """
        select.select([self._read], [], [], seconds)
        with suppress(BlockingIOError):
            os.read(self._read, 4096)
        came, self._came = self._came, []
        return came

    def _note(self, number: int, _: FrameType | None) -> None:
        self._came.append(signal.Signals(number))
