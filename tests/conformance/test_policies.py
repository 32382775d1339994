"""What keeps people from harm holds for each kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from os import getpid
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg2
import pytest

from configsync.store.roles import identifier
from tests.conformance.opening import Opening
from tests.conformance.subject import SETTINGS, Subject, roots
from tests.conftest import execute

_numbers = count(1)


def codes(result: Any) -> set[str]:
    return {diagnostic["code"] for diagnostic in result.json["diagnostics"]}


def test_a_saved_plan_is_carried_out_unless_its_rows_moved(begun: Subject) -> None:
    start = begun.live()
    begun.lay(begun.case.start, begun.case.changed[0])
    begun.workspace.ok("plan", "--out", "the.plan")
    change = next(c for c in begun.json("plan")["changes"] if c["action"] != "create")
    resource = start[change["address"]]
    begun.by_hand.delete(resource)
    assert begun.workspace.run("apply", "the.plan").code == 3
    begun.by_hand.become(start)
    # What the plan leaves alone may move.
    begun.by_hand.become(begun.asked(begun.case.start, begun.case.added))
    begun.lay(begun.case.start, begun.case.changed[0])
    begun.workspace.ok("plan", "--out", "other.plan")
    begun.by_hand.become(start)
    begun.workspace.ok("apply", "other.plan")
    begun.require_settled()
    assert begun.workspace.run("apply", "other.plan").code == 3


def test_a_rehearsal_finds_nothing_and_leaves_nothing(begun: Subject) -> None:
    live, revision = begun.live(), begun.revision()
    for part in (*begun.case.changed, begun.case.added):
        begun.lay(begun.case.start, part)
        assert codes(begun.workspace.ok("plan", "--rehearse", "-o", "json")) == set()
    assert (begun.live(), begun.revision()) == (live, revision)


def test_what_is_another_sources_stays(begun: Subject) -> None:
    begun.workspace.write("configsync.toml", SETTINGS.replace("conformance", "another"))
    refused = begun.workspace.run("plan", "-o", "json")
    assert (refused.code, codes(refused)) == (4, {"CS405"})
    begun.lay(begun.case.start, begun.case.changed[0])
    begun.workspace.ok("apply", "--auto-approve", "--take-ownership")
    begun.workspace.write("configsync.toml", SETTINGS)
    assert codes(begun.workspace.run("plan", "-o", "json")) == {"CS405"}
    begun.workspace.ok("apply", "--auto-approve", "--take-ownership")
    begun.require_settled()


def test_a_part_can_be_selected(anywhere: Subject) -> None:
    start = anywhere.live()
    added = anywhere.asked(anywhere.case.start, anywhere.case.added)
    first = roots(added, but=start)[0].address
    chosen = anywhere.json("plan", "--select", first)
    assert {c["address"] for c in chosen["changes"]} == {
        at for at, resource in added.items() if resource.root == first
    }


@contextmanager
def logins(url: str, prefix: str) -> Iterator[dict[str, str]]:
    """The URL of a login for each role; with the roles, they go when the database has gone."""
    names = {kind: f"{prefix}_{kind}" for kind in ("owner", "applier", "reader")}
    parts = urlsplit(url)
    found = {}
    for kind, role in names.items():
        member = f"{role}_login"
        execute(url, f"CREATE ROLE {identifier(member)} LOGIN PASSWORD 'x' IN ROLE {role}")
        where = f"{quote(member)}:x@{parts.netloc.rpartition('@')[2]}"
        found[kind] = urlunsplit((parts.scheme, where, *parts[2:]))
    yield found


def test_the_applier_applies_and_the_reader_reads(opening: Opening, pg_server: str) -> None:
    prefix = f"conformance_{getpid()}_{next(_numbers)}"

    def drop() -> None:
        for kind in ("owner", "applier", "reader"):
            execute(pg_server, f"DROP ROLE IF EXISTS {prefix}_{kind}_login, {prefix}_{kind}")

    opening.stack.callback(drop)
    subject = opening.empty("postgresql")
    admin = subject.workspace.url
    assert admin is not None
    subject.workspace.ok("db", "roles", "--prefix", prefix, "--apply")
    with logins(admin, prefix) as urls:
        subject.workspace.url = urls["applier"]
        for part in (subject.case.start, *subject.case.changed, subject.case.added):
            subject.lay(subject.case.start, part)
            subject.apply()
        subject.workspace.ok("backup", "all.jsonl.gz")
        for type_ in subject.case.kind.types:
            assert execute(urls["reader"], f'SELECT count(*) FROM "{type_.table}"')
            for refused in (
                (urls["reader"], f'DELETE FROM "{type_.table}"'),
                (
                    urls["applier"],
                    f'TRUNCATE "{type_.table}" CASCADE',
                ),
            ):
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    execute(*refused)
            with pytest.raises(psycopg2.errors.RestrictViolation):
                execute(admin, f'TRUNCATE "{type_.table}" CASCADE')
