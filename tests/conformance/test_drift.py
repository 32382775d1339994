"""What somebody writes past configsync is found, and reverted or taken into git."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

import pytest

from configsync.core.resource import Resource, State
from tests.conformance import case as cases
from tests.conformance.subject import Subject, differences, parsed, roots


def test_each_column_that_somebody_changes_is_drift(begun: Subject) -> None:
    if not any(map(cases.changeable, begun.case.kind.types)):
        pytest.skip("whatever this kind keeps is a key")
    start = begun.live()
    changed = [begun.asked(begun.case.start, part) for part in begun.case.changed]
    begun.lay(begun.case.start)
    edits = [
        [cases.other_value(type_, column, start, changed) for column in cases.changeable(type_)]
        for type_ in begun.case.kind.types
    ]
    # One column of each type at a time.
    for round_ in zip_longest(*edits):
        written = [edit for edit in round_ if edit is not None]
        for resource, column, value in written:
            begun.by_hand.update(resource, {column: value})
        drifted, live = begun.drift(), begun.live()
        for resource, column, _ in written:
            found = drifted[resource.address]
            assert (found["action"], found["by"] is None) == ("update", False)
            assert found["fields"][column] == {
                "applied": resource.values[column],
                "live": live[resource.address].values[column],
            }
    assert {change["reason"] for change in begun.apply()[0].json["changes"]} == {"drift"}
    assert begun.said(begun.live()) == begun.said(start)


def test_rows_that_somebody_deletes_come_back_or_leave_git(begun: Subject) -> None:
    start = begun.live()
    begun.lay(begun.case.start, begun.case.added)
    begun.apply()
    added = begun.live()
    new = roots(added, but=start)
    for hard in (False, True):
        gone = {r.address: r for r in (*new, *one_of_each_part(begun, start))}
        for resource in gone.values():
            begun.by_hand.delete(resource, hard=hard)
        gone |= {at: r for at, r in added.items() if r.parent in gone}
        assert {at: d["action"] for at, d in begun.drift().items()} == dict.fromkeys(gone, "delete")
        changes = begun.apply()[0].json["changes"]
        assert {change["reason"] for change in changes} == {"drift"}
        assert begun.said(begun.live()) == begun.said(added)
    for root in new:
        begun.by_hand.delete(root)
    for root in new:
        begun.json("adopt", root.address)
    assert begun.said(begun.desired()) == begun.said(start)
    assert begun.json("plan")["changes"] == []
    begun.apply()


def one_of_each_part(subject: Subject, state: State) -> list[Resource]:
    """The first part of each type that has a parent."""
    parts = [t.domain for t in subject.case.kind.types if t.parent is not None]
    return [next(r for r in state.values() if r.domain == domain) for domain in parts]


def test_rows_that_somebody_inserts_are_left_or_adopted(begun: Subject) -> None:
    start = begun.live()
    added = begun.asked(begun.case.start, begun.case.added)
    begun.lay(begun.case.start)
    begun.by_hand.become(added)
    new = sorted(added.keys() - start.keys())
    planned = begun.json("plan")
    assert (planned["changes"], planned["unmanaged"]) == ([], new)
    assert begun.json("drift")["unmanaged"] == new
    for root in roots(added, but=start):
        begun.json("adopt", root.address)
    assert begun.said(begun.desired()) == begun.said(added)
    assert begun.json("plan")["changes"] == []
    begun.apply()


def test_whatever_somebody_changes_is_told_and_can_be_adopted(begun: Subject) -> None:
    for part in begun.case.changed:
        wanted = begun.asked(begun.case.start, part)
        begun.lay(begun.case.start)
        begun.apply()
        since, before = begun.revision(), begun.live()
        begun.by_hand.become(wanted)
        live = begun.live()
        assert begun.said(live) == begun.said(wanted)
        require_recorded(begun, since, before, live)
        require_told(begun, before, live)
        begun.json("adopt", "--all")
        unmanaged = set(begun.json("plan")["unmanaged"])
        for root in roots(live):
            if root.address in unmanaged:
                begun.json("adopt", root.address)
        assert begun.said(begun.desired()) == begun.said(wanted)
        assert begun.json("plan")["changes"] == []
        begun.apply()


def require_recorded(subject: Subject, since: int, old: State, new: State) -> None:
    """Require that triggers recorded what leads from one state to another."""
    entries = subject.by_hand.run(
        "SELECT h.address, h.snapshot, r.source FROM config_history h "
        "JOIN config_revisions r ON r.revision = h.revision WHERE h.revision > ? ORDER BY h.id",
        since,
    )
    assert {source for _, _, source in entries} == {"external"}
    last = {at: parsed(snapshot) for at, snapshot, _ in entries}
    changed = differences(old, new)
    assert last.keys() >= changed.keys()
    assert all(last[at] == new[at].values for at in changed if at in new)
    told = subject.json("diff", str(since), str(subject.revision()))["changes"]
    assert {c["address"]: c["fields"] for c in told} == changed


def require_told(subject: Subject, old: State, new: State) -> None:
    """Require that drift tells what leads from one state to another, in every format."""
    fields: dict[str, Any] = {at: d["fields"] for at, d in subject.drift().items()}
    assert fields == {
        at: {name: {"applied": v["old"], "live": v["new"]} for name, v in changed.items()}
        for at, changed in differences(old, new).items()
        if at in old
    }
    for output in ("text", "markdown", "html", "junit"):
        assert subject.workspace.ok("drift", "-o", output).out
