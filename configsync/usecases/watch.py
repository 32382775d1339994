"""Watches a database, and has something done after each change.

Signals and changes are events in one queue, taken by the thread that calls
`Watch.run`; so nothing is done twice at a time, and changes that come meanwhile
are joined.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from queue import Empty, SimpleQueue
from types import FrameType

from configsync.core import address
from configsync.render.escape import one_line
from configsync.runtime import Change, ConfigClient, Unavailable
from configsync.runtime.log import LOGGER
from configsync.usecases.reactions import Reaction

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Signals that end it, unless whoever started it had them ignored, as nohup does."""

RETRY = 1.0
"""Seconds between attempts to reach the database at the start."""


class Watch:
    """One database's changes, and what is done after those that touch ``select``.

    ``say`` is told of what happens, and ``warn`` of what goes wrong, a line each.
    """

    def __init__(
        self,
        reaction: Reaction,
        select: Sequence[str],
        say: Callable[[str], None],
        warn: Callable[[str], None],
    ) -> None:
        self._reaction = reaction
        self._select = tuple(select)
        self._say = say
        self._warn = warn
        # Its `put` may be interrupted by a signal whose handler puts too.
        self._events: SimpleQueue[Change | None] = SimpleQueue()
        self._ended_by: signal.Signals | None = None
        self._busy = False

    def run(self, connect: Callable[[], ConfigClient], *, initial: bool, once: bool) -> int:
        """Watch until a signal ends it; returns the exit code.

        ``connect`` is tried until there is a database. With ``initial``, the
        reaction comes once at the start too; with ``once``, the one to the first
        change is the last, and its exit code is returned: that of the signal
        where one came before.
        """
        with _signals_to(self._interrupted):
            with _log_to(logging.NullHandler()):
                client = self._connected(connect)
            if client is not None:
                with _log_to(_Warnings(self._warn)), client:
                    code = self._follow(client, initial, once)
                if code is not None:
                    return code
            assert self._ended_by is not None
            self._say(f"Ended by {self._ended_by.name}.")
            return 128 + self._ended_by if once else 0

    def offer(self, change: Change) -> None:
        """Take note of a change, from any thread."""
        selected = self._selected(change)
        if selected is not None:
            self._events.put(selected)
            if self._busy:
                self._say(f"{_head(selected)}; waits for the run before")

    def _connected(self, connect: Callable[[], ConfigClient]) -> ConfigClient | None:
        """A client; None if a signal came before."""
        said = ""
        while True:
            try:
                return connect()
            except Unavailable as error:
                # Its cause alone: a cache file or fallback would be of no use here.
                why = str(error.__cause__ or error)
            if why != said:
                self._warn(f"Waiting for the database: {_flat(why)}")
                said = why
            try:
                self._events.get(timeout=RETRY)
            except Empty:
                continue
            return None

    def _follow(self, client: ConfigClient, initial: bool, once: bool) -> int | None:
        """React until a signal comes; returns the exit code, or None for that of the signal."""
        client.on_change(self.offer)
        status = client.status()
        self._say(f"Watching {one_line(status.database)} at revision {status.revision}.")
        if initial:
            self._react(Change(client.revision, None, ()), f"Revision {client.revision}")
        while (change := self._next()) is not None:
            code = self._react(change, _head(change))
            if once:
                return code
        return None

    def _next(self) -> Change | None:
        """The next change, joined with those that wait behind it; None is the end."""
        change = self._events.get()
        while change is not None and not self._events.empty():
            later = self._events.get()
            change = None if later is None else _joined(change, later)
        return change

    def _react(self, change: Change, head: str) -> int:
        self._busy = True
        done = self._reaction.react(change)
        self._busy = False
        tell = self._warn if done.code else self._say
        tell(f"{head}; {done.text}")
        return done.code

    def _selected(self, change: Change) -> Change | None:
        """What is selected of a change; all of one that doesn't tell what it touched."""
        if not self._select or not change.addresses:
            return change
        hit = [at for at in change.addresses if any(address.matches(at, p) for p in self._select)]
        return replace(change, addresses=tuple(hit)) if hit else None

    def _interrupted(self, number: int, _: FrameType | None) -> None:
        self._ended_by = signal.Signals(number)
        self._events.put(None)
        self._reaction.interrupt(number)


class _Warnings(logging.Handler):
    """Tells what the client logs of failures."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._warn = warn

    def emit(self, record: logging.LogRecord) -> None:
        self._warn(f"Warning: {_flat(record.getMessage())}")


def _flat(text: str) -> str:
    """A server's words, which may have several lines, in one."""
    return one_line(" ".join(text.split()))


def _head(change: Change) -> str:
    count = len(change.addresses)
    if not count:
        return f"Revision {change.revision}: what changed isn't known"
    return f"Revision {change.revision}: {count} {'change' if count == 1 else 'changes'}"


def _joined(earlier: Change, later: Change) -> Change:
    both = earlier.joined(later)
    known = earlier.addresses and later.addresses
    return both if known else replace(both, addresses=())


@contextmanager
def _signals_to(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    heeded = [s for s in ENDING if signal.getsignal(s) is not signal.SIG_IGN]
    before = {s: signal.signal(s, handler) for s in heeded}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextmanager
def _log_to(handler: logging.Handler) -> Iterator[None]:
    """Have one handler alone get what clients log."""
    propagate, LOGGER.propagate = LOGGER.propagate, False
    LOGGER.addHandler(handler)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.propagate = propagate
