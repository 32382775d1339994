"""What is written in git reaches the tables, each way and back, and history tells of it."""

from __future__ import annotations

import re

import pytest

from configsync.core import address as addresses
from configsync.core.resource import State
from tests.conformance.journey import Journey
from tests.conformance.opening import Opening
from tests.conformance.subject import Subject, differences

Travelled = tuple[Subject, Journey]


def test_the_start_is_created(travelled: Travelled) -> None:
    _, journey = travelled
    assert journey.start.reasons == {("create", "git")}
    assert journey.start.changes.keys() == journey.start.live.keys()


def test_every_field_changes_and_changes_back(travelled: Travelled) -> None:
    subject, journey = travelled
    before = journey.start
    for there, back in journey.changed:
        assert {reason for _, reason in there.reasons} == {"git"}
        assert there.changes.keys() == back.changes.keys()
        assert {at: c["fields"] for at, c in there.changes.items()} == differences(
            before.live, there.live
        )
        assert subject.said(back.live) == subject.said(journey.start.live)
        before = back


def test_documents_come_go_and_come_again(travelled: Travelled) -> None:
    subject, journey = travelled
    assert journey.added.reasons == journey.again.reasons == {("create", "git")}
    assert journey.removed.reasons == journey.purged.reasons == {("delete", "git")}
    changed = [s.changes.keys() for s in (journey.added, journey.removed, journey.again)]
    assert changed[0] == changed[1] == changed[2]
    # Nothing else is touched.
    assert journey.added.rows >= journey.removed.rows == journey.purged.rows
    assert subject.said(journey.again.live) == subject.said(journey.added.live)


def test_rows_that_can_be_inactive_stay_until_they_are_purged(travelled: Travelled) -> None:
    subject, journey = travelled
    gone = journey.added.rows - journey.removed.rows
    stay = {(domain, row) for domain, row in gone if subject.types[domain].active}
    assert stay <= journey.removed.inactive
    assert gone - stay == gone - journey.removed.inactive
    gone = journey.again.rows - journey.purged.rows
    assert gone.isdisjoint(journey.purged.inactive)


def test_a_rename_keeps_rows_and_history(travelled: Travelled) -> None:
    subject, journey = travelled
    renamed = journey.renamed
    if renamed is None:
        pytest.skip("documents of this kind give no names")
    assert renamed.reasons == {("update", "rename")}
    assert renamed.rows == journey.purged.rows
    former = {at: change["previous_address"] for at, change in renamed.changes.items()}
    for at in renamed.live.keys() - journey.purged.live.keys():
        root = renamed.live[at].root
        old = addresses.moved(at, root, former[root])
        entries = subject.json("history", at)["entries"]
        assert (old, "create") in {(e["address"], e["action"]) for e in entries}


def test_a_name_that_is_given_up_can_be_given_anew(begun: Subject) -> None:
    if not begun.case.kind.named:
        pytest.skip("documents of this kind give no names")
    start = begun.live()
    begun.lay(begun.case.start, begun.case.renamed)
    begun.apply()
    # Without renamed_from, this is no way back: one goes, and another comes.
    begun.lay(begun.case.start)
    begun.apply()
    assert begun.said(begun.live()) == begun.said(start)


def test_a_rollback_leads_to_what_was(travelled: Travelled) -> None:
    subject, journey = travelled
    for to in (journey.purged, journey.again, *(there for there, _ in journey.changed)):
        subject.json("rollback", "--to", str(to.revision), "--auto-approve")
        assert subject.said(subject.live()) == subject.said(to.live)
        pending = subject.json("plan")["changes"]
        assert bool(pending) is (subject.said(to.live) != subject.said(journey.last.live))
    subject.apply()
    assert subject.said(subject.live()) == subject.said(journey.last.live)


def test_the_past_is_known(travelled: Travelled) -> None:
    subject, journey = travelled
    for step in (journey.start, journey.changed[0][0], journey.added, journey.last):
        shown = subject.json("show", "*", "--at", str(step.revision))["resources"]
        assert {r["address"]: r["values"] for r in shown} == values(step.live)
    there = journey.changed[0][0]
    for old, new in ((journey.start, there), (there, journey.start), (there, journey.again)):
        told = subject.json("diff", str(old.revision), str(new.revision))["changes"]
        assert {c["address"]: c["fields"] for c in told} == differences(old.live, new.live)


def values(state: State) -> dict[str, object]:
    return {at: resource.values for at, resource in state.items()}


def test_both_databases_give_the_same_plans(opening: Opening) -> None:
    (one, first), (other, second) = (opening.travelled(d) for d in ("sqlite", "postgresql"))
    for step, its in zip(first.steps, second.steps, strict=True):
        assert comparable(step.printed) == comparable(its.printed)
    histories = [subject.workspace.ok("history", "-o", "json").out for subject in (one, other)]
    assert comparable(histories[0]) == comparable(histories[1])


def comparable(text: str) -> str:
    """JSON without what is a database's own: its identity, its clock, and digests of these."""
    own = "database_id|plan_id|digest|head|timestamp"
    return re.sub(rf'"({own})": "[^"]+"', "", text)
