"""What the suite gives to its tests: each kind's case, on databases of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from configsync.kinds import all_kinds
from tests.conformance.case import CASES, Case
from tests.conformance.databases import DIALECTS, Databases
from tests.conformance.journey import Journey
from tests.conformance.opening import Opening, Shared
from tests.conformance.subject import Subject


@pytest.fixture(params=all_kinds().values(), ids=lambda kind: kind.name)
def any_case(request: pytest.FixtureRequest) -> Case:
    """The case of each kind, whole or not."""
    return Case(request.param, CASES / request.param.name)


@pytest.fixture
def case(any_case: Case) -> Case:
    """The case of each kind."""
    missing = list(any_case.missing())
    if missing:
        pytest.fail("\n".join(missing), pytrace=False)
    return any_case


@pytest.fixture(scope="session")
def shared(pg_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    databases = Databases(pg_server, tmp_path_factory.mktemp("databases"))
    yield Shared(databases)
    databases.close()


@pytest.fixture
def opening(
    case: Case,
    shared: Shared,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Opening]:
    """Opens subjects of each kind."""
    found = Opening(case, shared, tmp_path, capsys, monkeypatch)
    with found.stack:
        yield found


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    """Each database."""
    return str(request.param)


@pytest.fixture
def begun(opening: Opening, dialect: str) -> Subject:
    """Each kind on each database, with what its case begins with applied."""
    return opening.begun(dialect)


@pytest.fixture
def travelled(opening: Opening, dialect: str) -> tuple[Subject, Journey]:
    """Each kind on each database, at the end of its journey."""
    return opening.travelled(dialect)


@pytest.fixture
def anywhere(opening: Opening) -> Subject:
    """As `begun`, on one database, where it makes no difference on which."""
    return opening.begun("sqlite")
