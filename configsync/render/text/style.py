"""Colours that mean something: what comes, changes, goes, and what is wrong; whose time it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo

from configsync.core.moment import shown_in
from configsync.render.escape import one_line


@dataclass(frozen=True, slots=True)
class Style:
    """Wraps text in terminal colours, or not, and shows times as a zone has them.

    ``zone`` is None for the machine's own.
    """

    color: bool = False
    zone: tzinfo | None = UTC

    def time(self, at: str) -> str:
        """A moment that is given as UTC in ISO 8601, or what stands in place of one."""
        return one_line(shown_in(at, self.zone))

    def added(self, text: str) -> str:
        return self._wrap(text, "32")

    def changed(self, text: str) -> str:
        return self._wrap(text, "33")

    def removed(self, text: str) -> str:
        return self._wrap(text, "31")

    def error(self, text: str) -> str:
        return self._wrap(text, "1;31")

    def warning(self, text: str) -> str:
        return self._wrap(text, "1;33")

    def info(self, text: str) -> str:
        return self._wrap(text, "1;36")

    def strong(self, text: str) -> str:
        return self._wrap(text, "1")

    def faint(self, text: str) -> str:
        return self._wrap(text, "2")

    def _wrap(self, text: str, codes: str) -> str:
        return f"\x1b[{codes}m{text}\x1b[0m" if self.color and text else text
