"""Colours that mean something: what comes, changes, goes, and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Style:
    """Wraps text in terminal colours, or not."""

    color: bool = False

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
