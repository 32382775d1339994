"""Watches a database, and has something done after each change.

All but taking note of a change is done by the main thread, one thing after the
other; so what comes meanwhile is joined.
"""

from __future__ import annotations

import logging
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from configsync.core import address
from configsync.render.escape import one_line
from configsync.runtime import Change, ConfigClient, Unavailable
from configsync.runtime.log import LOGGER
from configsync.usecases.bell import Bell
from configsync.usecases.reactions import Reaction

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Signals that end it."""

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
        self._bell = Bell(ENDING)
        self._changes: deque[Change] = deque()
        self._ended_by: signal.Signals | None = None
        self._busy = False

    def run(self, connect: Callable[[], ConfigClient], *, initial: bool, once: bool) -> int:
        """Watch until a signal ends it; returns the exit code.

        ``connect`` is tried until there is a database. With ``initial``, the
        reaction comes once at the start too; with ``once``, the one to the first
        change is the last, and its exit code is returned: that of the signal
        where one came before. To be called in the main thread.
        """
        with self._bell:
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
            self._changes.append(selected)
            self._bell.ring()
            if self._busy:
                self._say(f"{_head(selected)}; waits for the run before")

    def _connected(self, connect: Callable[[], ConfigClient]) -> ConfigClient | None:
        """A client; None if a signal came before."""
        said = ""
        while self._ended_by is None:
            try:
                return connect()
            except Unavailable as error:
                # Its cause alone: a cache file or fallback would be of no use here.
                why = str(error.__cause__ or error)
            if why != said:
                self._warn(f"Waiting for the database: {_flat(why)}")
                said = why
            self._wait(RETRY)
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
        while self._ended_by is None:
            if self._changes:
                change = self._changes.popleft()
                while self._changes:
                    change = _joined(change, self._changes.popleft())
                return change
            self._wait()
        return None

    def _wait(self, seconds: float | None = None) -> list[signal.Signals]:
        """Sleep until something happens; returns the signals that came. Each is the end."""
        came = self._bell.wait(seconds)
        if came:
            self._ended_by = came[-1]
        return came

    def _react(self, change: Change, head: str) -> int:
        self._busy = True
        done = self._reaction.react(change, self._wait)
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
def _log_to(handler: logging.Handler) -> Iterator[None]:
    """Have one handler alone get what clients log."""
    propagate, LOGGER.propagate = LOGGER.propagate, False
    LOGGER.addHandler(handler)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.propagate = propagate
