"""Opens subjects for a test, on databases that other tests have used and left as they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Generic, TypeVar

import pytest

from configsync.core.values import Row
from tests.conformance.case import Case
from tests.conformance.databases import Databases
from tests.conformance.journey import Journey, Step, step, travel
from tests.conformance.subject import Subject
from tests.conftest import Workspace

T = TypeVar("T")


@dataclass
class Kept(Generic[T]):
    """A database that was filled once: how, and what it then held."""

    url: str
    made: T
    parts: tuple[Path, ...]
    said: dict[str, Row]


@dataclass
class Shared:
    """What all tests of a run share; what couldn't be filled for one can't be for others."""

    databases: Databases
    kept: dict[tuple[str, str, str], Kept[Any]] = field(default_factory=dict)
    failures: dict[tuple[str, str, str], BaseException] = field(default_factory=dict)


class Opening:
    """Opens subjects of one case for one test, each in a project of its own."""

    def __init__(
        self,
        case: Case,
        shared: Shared,
        folder: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.case = case
        self.shared = shared
        self.folder = folder
        self.capsys = capsys
        self.monkeypatch = monkeypatch
        self.stack = ExitStack()
        self._numbers = count(1)

    def empty(self, dialect: str) -> Subject:
        """A subject on a database with nothing in it."""
        url = self.shared.databases.empty(dialect)
        self.stack.callback(self.shared.databases.drop, url)
        return self.stack.enter_context(self._subject(url))

    def begun(self, dialect: str) -> Subject:
        """A subject whose case's start is applied."""
        return self._open("begun", dialect, lambda s: step(s, (self.case.start,)))[0]

    def travelled(self, dialect: str) -> tuple[Subject, Journey]:
        """A subject at the end of its journey, and that."""
        return self._open("travelled", dialect, travel)

    def _open(self, name: str, dialect: str, fill: Callable[[Subject], T]) -> tuple[Subject, T]:
        key = (self.case.kind.name, dialect, name)
        if key in self.shared.failures:
            raise self.shared.failures[key]
        # Nobody else gets it meanwhile.
        kept = self.shared.kept.pop(key, None) or self._fill(key, fill)
        subject = self.stack.enter_context(self._subject(kept.url))
        subject.lay(*kept.parts)
        self.stack.callback(self._give_back, subject, key, kept, subject.revision())
        return subject, kept.made

    def _fill(self, key: tuple[str, str, str], fill: Callable[[Subject], T]) -> Kept[T]:
        url = self.shared.databases.empty(key[1])
        try:
            with self._subject(url) as subject:
                made = fill(subject)
                last = made.last if isinstance(made, Journey) else made
                assert isinstance(last, Step)
                return Kept(url, made, last.parts, subject.said(last.live))
        except BaseException as failure:
            self.shared.failures[key] = failure
            raise

    def _give_back(
        self, subject: Subject, key: tuple[str, str, str], kept: Kept[Any], revision: int
    ) -> None:
        """Keep a database for others, if it can be had as it was; its history must be intact."""
        if subject.revision() == revision:
            self.shared.kept[key] = kept
            return
        if subject.said(subject.live()) != kept.said:
            subject.lay(*kept.parts)
            subject.workspace.run("apply", "--auto-approve", "--accept-conflicts")
        if subject.said(subject.live()) == kept.said:
            self.shared.kept[key] = kept
        assert subject.json("history", "verify")["intact"]

    @contextmanager
    def _subject(self, url: str) -> Iterator[Subject]:
        root = self.folder / str(next(self._numbers))
        root.mkdir()
        subject = Subject(self.case, Workspace(root, self.capsys, self.monkeypatch, url))
        try:
            yield subject
        finally:
            subject.by_hand.close()
