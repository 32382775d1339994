"""Opens subjects for a test, on copies of databases that others have filled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from tests.conformance.case import Case
from tests.conformance.databases import Databases
from tests.conformance.journey import Journey, step, travel
from tests.conformance.subject import Subject
from tests.conftest import Workspace


@dataclass
class Made:
    """What was made of a case on one kind of database, to be copied; or why it couldn't be."""

    begun: str = ""
    travelled: str = ""
    journey: Journey | None = None
    failure: BaseException | None = None


@dataclass
class Shared:
    """What all tests of a run share."""

    databases: Databases
    made: dict[tuple[str, str], Made] = field(default_factory=dict)


class Opening:
    """Opens subjects of one case, each in a project of its own; ``stack`` closes them."""

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
        return self._open(self.shared.databases.empty(dialect))

    def begun(self, dialect: str) -> Subject:
        """A subject whose case's start is applied."""
        with self._once(dialect) as made:
            if not made.begun:
                url = self.shared.databases.empty(dialect)
                with self._closing(url) as subject:
                    step(subject, (self.case.start,))
                made.begun = url
        subject = self._open(self.shared.databases.copy(made.begun))
        subject.lay(self.case.start)
        return subject

    def travelled(self, dialect: str) -> tuple[Subject, Journey]:
        """A subject at the end of its journey, and that."""
        with self._once(dialect) as made:
            if made.journey is None:
                url = self.shared.databases.empty(dialect)
                with self._closing(url) as subject:
                    made.journey = travel(subject)
                made.travelled = url
        subject = self._open(self.shared.databases.copy(made.travelled))
        subject.lay(*made.journey.last.parts)
        return subject, made.journey

    @contextmanager
    def _once(self, dialect: str) -> Iterator[Made]:
        """What is made by whoever comes first; what failed for one fails for all."""
        made = self.shared.made.setdefault((self.case.kind.name, dialect), Made())
        if made.failure is not None:
            raise made.failure
        try:
            yield made
        except BaseException as failure:
            made.failure = failure
            raise

    def _open(self, url: str) -> Subject:
        self.stack.callback(self.shared.databases.drop, url)
        return self.stack.enter_context(self._closing(url))

    @contextmanager
    def _closing(self, url: str) -> Iterator[Subject]:
        """A subject; when a test is done with it, its history must be intact."""
        root = self.folder / str(next(self._numbers))
        root.mkdir()
        subject = Subject(self.case, Workspace(root, self.capsys, self.monkeypatch, url))
        try:
            yield subject
        finally:
            subject.by_hand.close()
        assert subject.json("history", "verify")["intact"]
