"""Who is told of changes: functions, and event loops."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakSet

from configsync.runtime.change import Change
from configsync.runtime.log import LOGGER

if TYPE_CHECKING:
    import asyncio


class Listeners:
    """Functions called after each change, and the ``async for`` loops that wait for one."""

    def __init__(self) -> None:
        self._callbacks: list[tuple[Callable[[Change], None]]] = []
        self._waiting: WeakSet[_Waiting] = WeakSet()
        self._closed = False

    def add(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Have a function called; returns one that ends that, however often it is called."""
        mine = (callback,)
        # New lists, so that who walks through an old one isn't disturbed.
        self._callbacks = [*self._callbacks, mine]

        def remove() -> None:
            self._callbacks = [c for c in self._callbacks if c is not mine]

        return remove

    def tell(self, change: Change) -> None:
        """Call all functions, and wake all loops."""
        for (callback,) in self._callbacks:
            try:
                callback(change)
            except Exception:
                LOGGER.exception("a callback failed after revision %s", change.revision)
        for waiting in list(self._waiting):
            waiting.put(change)

    def changes(self) -> AsyncIterator[Change]:
        """The changes from now on, until `close`. Raises RuntimeError outside of an event loop."""
        waiting = _Waiting()
        self._waiting.add(waiting)
        if self._closed:
            waiting.put(None)
        return waiting

    def close(self) -> None:
        """End all loops, and those that begin later at once."""
        self._closed = True
        for waiting in list(self._waiting):
            waiting.put(None)

    def forked(self) -> None:
        """In a forked child: the loops are the parent's."""
        self._waiting = WeakSet()


class _Waiting:
    """One loop, and what it hasn't taken yet, joined to one change."""

    def __init__(self) -> None:
        # Only who waits needs it: it takes longer to import than all else here.
        import asyncio

        self._loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self._pending: Change | None = None
        self._ended = False

    def put(self, change: Change | None) -> None:
        """From any thread."""
        with suppress(RuntimeError):  # The loop is closed: nobody waits.
            self._loop.call_soon_threadsafe(self._put, change)

    def _put(self, change: Change | None) -> None:
        if change is None:
            self._ended = True
        elif self._pending is None:
            self._pending = change
        else:
            self._pending = self._pending.joined(change)
        self._event.set()

    def __aiter__(self) -> _Waiting:
        return self

    async def __anext__(self) -> Change:
        while self._pending is None:
            if self._ended:
                raise StopAsyncIteration
            self._event.clear()
            await self._event.wait()
        change, self._pending = self._pending, None
        return change
