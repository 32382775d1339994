"""`GenieService`: a profile has at least one space, and one that is asked first."""

from __future__ import annotations

import pytest

from configsync.services import (
    DuplicateName,
    GenieService,
    GenieSpace,
    Invalid,
    NotFound,
    ProfileService,
    Protected,
)
from tests.conftest import Workspace
from tests.faults.model import check


@pytest.fixture
def genie(workspace: Workspace) -> GenieService:
    """A service over a database whose profile ``a`` has the space ``m``."""
    spaces = [GenieSpace("m", "Main")]
    ProfileService(workspace.database).create("a", user="alice", genie_spaces=spaces)
    return GenieService(workspace.database)


def ids(genie: GenieService) -> list[tuple[str, bool]]:
    return [(space.space_id, space.is_default) for space in genie.list("a")]


def revision(genie: GenieService) -> int:
    return check(genie.database, drift=True)[0]


def test_the_default_comes_first(genie: GenieService) -> None:
    assert genie.list("a") == [GenieSpace("m", "Main", is_default=True)]
    added = genie.add("a", "b", user="bob", space_name="B", description="Second")
    assert added == GenieSpace("b", "B", "Second")
    assert genie.add("a", "a", user="bob") == GenieSpace("a")
    assert ids(genie) == [("m", True), ("a", False), ("b", False)]
    assert genie.get_default("a") == GenieSpace("m", "Main", is_default=True)


def test_a_space_may_be_added_as_the_default(genie: GenieService) -> None:
    assert genie.add("a", "b", user="bob", is_default=True) == GenieSpace("b", is_default=True)
    assert ids(genie) == [("b", True), ("m", False)]
    assert revision(genie) == 2


def test_the_default_moves(genie: GenieService) -> None:
    genie.add("a", "b", user="bob")
    assert genie.set_default("a", "b", user="bob").is_default is True
    assert ids(genie) == [("b", True), ("m", False)]
    assert revision(genie) == 3
    genie.set_default("a", "b", user="bob")
    assert revision(genie) == 3


def test_what_is_given_of_a_space_is_changed(genie: GenieService) -> None:
    assert genie.update("a", "m", user="bob", description="All") == GenieSpace(
        "m", "Main", "All", is_default=True
    )
    assert genie.update("a", "m", user="bob", space_name=None) == GenieSpace(
        "m", None, "All", is_default=True
    )
    assert genie.update("a", "m", user="bob").description == "All"
    assert genie.list("a") == [GenieSpace("m", None, "All", is_default=True)]
    assert revision(genie) == 3


def test_all_but_the_last_may_be_deleted(genie: GenieService) -> None:
    for space_id in ("c", "b"):
        genie.add("a", space_id, user="bob")
    genie.delete("a", "m", user="bob")
    assert ids(genie) == [("b", True), ("c", False)]
    genie.delete("a", "c", user="bob")
    with pytest.raises(Protected, match="last Genie space"):
        genie.delete("a", "b", user="bob")
    assert ids(genie) == [("b", True)]
    assert revision(genie) == 5


def test_what_isnt_there_is_not_found(genie: GenieService) -> None:
    calls = (
        lambda: genie.list("x"),
        lambda: genie.get_default("x"),
        lambda: genie.add("x", "b", user="bob"),
        lambda: genie.update("x", "m", user="bob"),
        lambda: genie.delete("x", "m", user="bob"),
        lambda: genie.set_default("x", "m", user="bob"),
        lambda: genie.update("a", "x", user="bob"),
        lambda: genie.delete("a", "x", user="bob"),
        lambda: genie.set_default("a", "x", user="bob"),
    )
    for call in calls:
        with pytest.raises(NotFound):
            call()


def test_what_git_may_not_say_is_refused(genie: GenieService) -> None:
    with pytest.raises(DuplicateName, match="a Genie space m already"):
        genie.add("a", "m", user="bob")
    with pytest.raises(Invalid, match="CS204"):
        genie.add("a", " ", user="bob")
    with pytest.raises(Invalid, match="CS165"):
        genie.update("a", "m", user="bob", space_name="x" * 256)
    assert revision(genie) == 1
