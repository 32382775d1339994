"""What keeps people from harm holds for each kind."""

from __future__ import annotations

import json
from itertools import count
from os import getpid
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
import yaml

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


def test_what_is_protected_stays(anywhere: Subject) -> None:
    case, root = anywhere.case, anywhere.workspace.root
    start = anywhere.live()
    anywhere.lay(case.start, case.added)
    for file in case.added.rglob("*.yaml"):
        protected = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
        for document in protected:
            document["metadata"]["prevent_destroy"] = True
        written = root / "profiles" / file.relative_to(case.added)
        written.write_text("---\n".join(json.dumps(document) + "\n" for document in protected))
    anywhere.apply()
    new = roots(anywhere.live(), but=start)
    anywhere.lay(case.start)
    refused = anywhere.workspace.run("apply", "--auto-approve", "-o", "json")
    assert refused.code == 4
    against = [d for d in refused.json["diagnostics"] if d["severity"] == "error"]
    assert [d["code"] for d in against] == ["CS406"] * len(new)
    # Not for ever: once it doesn't say so any more.
    for parts in ((case.start, case.added), (case.start,)):
        anywhere.lay(*parts)
        anywhere.apply()


def test_the_applier_applies_and_the_reader_reads(opening: Opening, pg_server: str) -> None:
    prefix = f"conformance_{getpid()}_{next(_numbers)}"
    names = [f"{prefix}_{role}" for role in ("owner", "applier", "reader")]
    # They can go when the database has gone, whose callback is called before.
    for name in names:
        opening.stack.callback(drop_role, pg_server, name)
    subject = opening.empty("postgresql")
    admin = str(subject.workspace.url)
    subject.workspace.ok("db", "roles", "--prefix", prefix, "--apply")
    _, applier, reader = (login(admin, name) for name in names)
    subject.workspace.url = applier
    for part in (subject.case.start, *subject.case.changed, subject.case.added):
        subject.lay(subject.case.start, part)
        subject.apply()
    subject.workspace.ok("backup", "all.jsonl.gz")
    for type_ in subject.case.kind.types:
        assert execute(reader, f'SELECT count(*) FROM "{type_.table}"')
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            execute(reader, f'DELETE FROM "{type_.table}"')
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            execute(applier, f'TRUNCATE "{type_.table}" CASCADE')
        # It would leave no record.
        with pytest.raises(psycopg2.errors.RestrictViolation):
            execute(admin, f'TRUNCATE "{type_.table}" CASCADE')


def login(url: str, role: str) -> str:
    """The URL of the same database for a new login that is a member of a role."""
    execute(url, f"CREATE ROLE {role}_login LOGIN PASSWORD 'x' IN ROLE {role}")
    parts = urlsplit(url)
    where = f"{role}_login:x@{parts.netloc.rpartition('@')[2]}"
    return urlunsplit((parts.scheme, where, *parts[2:]))


def drop_role(url: str, role: str) -> None:
    execute(url, f"DROP ROLE IF EXISTS {role}_login, {role}")
