"""What a client does beside following: keep the cache file, and report what it holds.

In a thread of its own, so that neither a slow disk nor a slow report makes a
reload wait.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from configsync.core.errors import ConfigsyncError
from configsync.runtime.cache import CacheFile
from configsync.runtime.content import Content, Mark
from configsync.runtime.log import LOGGER
from configsync.runtime.model import Source

if TYPE_CHECKING:
    from configsync.runtime.report import Reporter

HEARTBEAT = 10.0
"""Seconds between reports of the same revision."""

SHARE = 20
"""Writing the cache file of a large estate takes time: it rests for so many times as long."""


class Chores:
    """Does them until closed."""

    def __init__(self, cache: CacheFile | None, reporter: Reporter | None) -> None:
        self._cache = cache
        self._reporter = reporter
        self._content: Content | None = None
        self._degraded: Callable[[], bool] = lambda: False
        self._thread: threading.Thread | None = None
        self._renew()

    def _renew(self) -> None:
        self._news = threading.Condition()
        self._stopping = False
        # Marks, not contents: what readers let go of is to be freed.
        self._written: tuple[Mark, int] | None = None
        self._reported: Mark | None = None
        self._write_at = 0.0
        self._report_at = 0.0
        self._failing = False

    def start(self, content: Content, degraded: Callable[[], bool]) -> None:
        """Begin, with what is served now; ``degraded`` tells how the client is doing."""
        self._content, self._degraded = content, degraded
        self._thread = threading.Thread(target=self._run, name="configsync-chores", daemon=True)
        self._thread.start()

    def served(self, content: Content) -> None:
        """Take note of a newer content."""
        with self._news:
            self._content = content
            self._news.notify()

    def close(self) -> None:
        """Write what isn't written yet, leave the list of readers, and end."""
        with self._news:
            self._stopping = True
            self._news.notify()
        if self._thread is not None:
            self._thread.join()
        if self._is_unwritten():
            self._write()
        if self._reporter is not None:
            self._reporter.close()

    def forked(self) -> None:
        """In a forked child: go on for oneself."""
        running = self._thread is not None and not self._stopping
        self._renew()
        if self._reporter is not None:
            self._reporter.renew()
        if running and self._content is not None:
            self.start(self._content, self._degraded)

    def _run(self) -> None:
        while True:
            with self._news:
                if not self._stopping:
                    self._news.wait_for(self._is_due, self._pause())
                if self._stopping:
                    return
            try:
                if self._is_unwritten() and time.monotonic() >= self._write_at:
                    self._write()
                if self._is_to_report():
                    self._report()
            except Exception:
                # A bug, of a plug-in perhaps: the thread must outlive it.
                LOGGER.exception("the cache file or the report failed")

    def _is_due(self) -> bool:
        write = self._is_unwritten() and time.monotonic() >= self._write_at
        return self._stopping or write or self._is_to_report()

    def _is_unwritten(self) -> bool:
        content = self._content
        if self._cache is None or content is None or content.source is not Source.DATABASE:
            return False
        return (content.mark, _extent(content)) != self._written

    def _is_to_report(self) -> bool:
        if self._reporter is None or self._content is None:
            return False
        new = self._content.mark != self._reported and not self._failing
        return new or time.monotonic() >= self._report_at

    def _pause(self) -> float:
        """Seconds until something is due without news."""
        now = time.monotonic()
        due = [now + HEARTBEAT]
        if self._reporter is not None:
            due.append(self._report_at)
        if self._is_unwritten():
            due.append(self._write_at)
        return max(0.0, min(due) - now)

    def _write(self) -> None:
        content = self._content
        assert self._cache is not None
        assert content is not None
        written = (content.mark, _extent(content))
        began = time.monotonic()
        # At first as if in vain, whatever happens.
        self._written, self._write_at = None, began + HEARTBEAT
        try:
            self._cache.write(content)
        except OSError as error:
            LOGGER.warning("cache file %s can't be written: %s", self._cache.path, error.strerror)
        else:
            ended = time.monotonic()
            self._written, self._write_at = written, ended + SHARE * (ended - began)

    def _report(self) -> None:
        assert self._reporter is not None
        assert self._content is not None
        self._reported = mark = self._content.mark
        self._report_at = time.monotonic() + HEARTBEAT
        try:
            self._reporter.report(mark.revision, degraded=self._degraded())
        except ConfigsyncError as error:
            if not self._failing:
                LOGGER.warning("report failed: %s", error)
            self._failing = True
        else:
            self._failing = False


def _extent(content: Content) -> int:
    """How much is known: a lazy content learns more."""
    return sum(len(table.roots) + table.whole for table in content.tables.values())
