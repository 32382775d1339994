"""History read by filters, in pages; revisions by number and time; who set what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from configsync.core.errors import UsageError
from configsync.core.moment import parse_moment
from configsync.core.resource import ResourceType
from configsync.kinds import resource_types
from configsync.store import history
from configsync.store import read as module
from configsync.store.database import Transaction
from configsync.store.history import Selection, read_history, revision_at
from configsync.store.read import LiveRow
from tests.conftest import Workspace
from tests.profiles import profile

OLD = "1999-05-04 10:00:00"


def record(workspace: Workspace, revision: int, **columns: Any) -> None:
    """Add a revision of the past with one entry."""
    given = {
        "source": "apply",
        "commit_id": None,
        "actor": "alice",
        "address": "profile/a/ai_infra",
        "domain": "ai_infra",
        "at": OLD,
        **columns,
    }
    if workspace.url is None:
        assert workspace.database  # That creates it.
    else:
        given["at"] += "+00"
    commit = "NULL" if given["commit_id"] is None else f"'{given['commit_id']}'"
    workspace.sql(
        "INSERT INTO config_revisions (revision, source, commit_id, actor, created_at) VALUES "
        f"({revision}, '{given['source']}', {commit}, '{given['actor']}', '{given['at']}')"
    )
    workspace.sql(
        "INSERT INTO config_history (revision, address, domain, action, changed_by, changes, "
        f"snapshot, timestamp) VALUES ({revision}, '{given['address']}', '{given['domain']}', "
        f"'update', '{given['actor']}', '{{}}', '{{}}', '{given['at']}')"
    )


def found(workspace: Workspace, limit: int | None = None, **given: Any) -> list[int]:
    """The revisions of the entries that a selection gives."""
    with workspace.database.reading() as transaction:
        entries = read_history(transaction, resource_types(), Selection(**given), limit)
        return [e.revision for e in entries]


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    record(workspace, 1, actor="alice", at="1999-01-01 00:00:00", commit_id="abcd" + "0" * 36)
    record(workspace, 2, actor="bob", at="1999-01-02 00:00:00", commit_id="abcd" + "1" * 36)
    record(workspace, 3, actor="a_b", at="1999-01-03 00:00:00", commit_id="abcd" + "1" * 36)
    record(workspace, 4, actor="axb", at="1999-01-04 00:00:00", address="profile/a%25", domain="x")
    record(workspace, 5, actor="Bob", at="1999-01-04 12:00:00", address="profile/a_/ai_infra")
    record(workspace, 6, actor="bob", at="1999-01-03 12:00:00", address="profile/ab")
    return workspace


DAY = datetime(1999, 1, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [6, 5, 4, 3, 2, 1]),
        ({"limit": 2}, [6, 5]),
        ({"actor": "bob"}, [6, 2]),
        ({"actor": "a_b"}, [3]),
        ({"actor": "a*b"}, [4, 3]),
        ({"actor": "a?b"}, [4, 3]),
        ({"actor": "?ob", "limit": 2}, [6, 5]),
        ({"domain": "x"}, [4]),
        ({"commit": "abcd1"}, [3, 2]),
        ({"commit": "ABCD1"}, [3, 2]),
        ({"commit": "abcd" + "0" * 36}, [1]),
        # The clock once went back: times decide, not the order.
        ({"since": DAY}, [6, 5, 4, 3]),
        ({"until": DAY}, [2, 1]),
        ({"since": DAY + timedelta(hours=12)}, [6, 5, 4]),
        ({"since": DAY, "until": DAY + timedelta(hours=12)}, [3]),
        ({"since": DAY + timedelta(days=9)}, []),
        ({"until": DAY - timedelta(days=9)}, []),
        ({"pattern": "profile/a"}, [3, 2, 1]),
        ({"pattern": "profile/a_"}, [5]),
        ({"pattern": "profile/a%25"}, [4]),
        ({"pattern": "profile/a?"}, [6, 5]),
        ({"pattern": "profile/a*"}, [6, 5, 4, 3, 2, 1]),
        ({"pattern": "*/ai_infra", "actor": "alice"}, [1]),
        ({"pattern": "profile/A"}, []),
        ({"pattern": "*", "since": DAY, "actor": "bob"}, [6]),
    ],
)
def test_a_selection_gives_what_meets_all_of_it(
    filled: Workspace, given: dict[str, Any], expected: list[int]
) -> None:
    assert found(filled, **given) == expected


@pytest.mark.parametrize("commit", ["abc", "abcd", "ffff", "xyzxyz", ""])
def test_a_commit_that_is_none_or_several_is_refused(filled: Workspace, commit: str) -> None:
    with pytest.raises(UsageError):
        found(filled, commit=commit)


def test_pages_leave_no_entry_out(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 12):
        record(workspace, number)
    monkeypatch.setattr(history, "PAGE", 3)
    everything = list(range(11, 0, -1))
    assert found(workspace) == everything
    assert found(workspace, pattern="profile/a") == everything
    for limit in (1, 3, 4, 9, 11, 12):
        assert found(workspace, limit) == everything[:limit]


def test_what_is_streamed_is_one_json_document(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True, metadata__description="\u2028"))
    workspace.ok("apply", "--auto-approve")
    workspace.write("profiles/a.yaml", profile("a", default=True, metadata__description="\x85\n"))
    workspace.ok("apply", "--auto-approve")
    entries = workspace.ok("history", "-o", "json").json["entries"]
    assert len(entries) == 6
    assert entries[0]["changes"] == {"description": {"old": "\u2028", "new": "\x85\n"}}


def test_a_revision_is_named_by_number_or_time(filled: Workspace) -> None:
    def at(text: str) -> int:
        with filled.database.reading() as transaction:
            return revision_at(transaction, text)

    assert [at("0"), at("1"), at("0000000000000006")] == [0, 1, 6]
    assert at("1999-01-02") == 2
    assert at("1999-01-02T23:59:59") == 2
    assert at("1999-01-03T02:00:00+02:00") == 3
    assert at("1999-01-02T23:00:00-01:00") == 3
    # The clock once went back: the newest is that of the highest number.
    assert at("1999-01-04T12:00:00") == at("2h") == at("9999-12-31T23:59:59.999999") == 6
    for wrong in ("7", "1998-12-31", "-1", "99999999999999999999", "soon", "", "٣"):
        with pytest.raises(UsageError):
            at(wrong)


def test_how_long_ago_is_counted_from_now() -> None:
    now = datetime(2026, 1, 15, 12, tzinfo=UTC)
    assert parse_moment("30m", now) == now - timedelta(minutes=30)
    assert parse_moment("7d", now) == now - timedelta(days=7)
    assert parse_moment("2026-01-15", now) == datetime(2026, 1, 15, tzinfo=UTC)
    for wrong in ("999999999w", "1y", "h", "2 h", "²h"):
        with pytest.raises(UsageError):
            parse_moment(wrong, now)


def test_names_are_followed_past_configsync_too(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("apply", "--auto-approve")
    workspace.sql("UPDATE config_ai_infra SET llm_max_tokens = 1")
    workspace.sql("UPDATE config_profiles SET name = 'b'")
    workspace.sql("UPDATE config_ai_infra SET llm_max_tokens = 2")
    workspace.sql("INSERT INTO config_profiles (name, is_default) VALUES ('a', false)")
    entries = workspace.ok("history", "profile/b/ai_infra", "-o", "json").json["entries"]
    assert [(e["address"], e["action"]) for e in entries] == [
        ("profile/b/ai_infra", "update"),
        ("profile/a/ai_infra", "update"),
        ("profile/a/ai_infra", "create"),
    ]
    blamed = workspace.ok("blame", "profile/b/ai_infra", "-o", "json").json["resources"][0]
    fields = blamed["fields"]
    assert fields["llm_max_tokens"]["source"] == "external"
    assert fields["llm_max_tokens"]["location"] is None
    assert fields["llm_endpoint"]["revision"] == 1
    assert workspace.run("blame", "profile/a/ai_infra").code == 1
    fresh = workspace.ok("blame", "profile/a", "-o", "json").json["resources"]
    assert [f["source"] for f in fresh[0]["fields"].values()] == ["external"] * 3


def test_blame_names_who_wrote_past_configsync(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    project.write("profiles/a.yaml", profile("a", default=True))
    project.ok("apply", "--auto-approve")
    project.sql(
        "SET application_name = 'psql by\x1b hand'; UPDATE config_mlflow SET"
        " experiment_name = '/past'"
    )
    field = project.ok("blame", "profile/a/mlflow", "-o", "json").json["resources"][0]["fields"]
    assert field["experiment_name"]["user"] == "postgres"
    assert field["experiment_name"]["application"].startswith("psql by")
    assert "user postgres, application psql by" in project.ok("blame", "profile/a/mlflow").out


def test_a_value_that_was_deleted_and_came_back_unseen_is_not_explained(
    workspace: Workspace,
) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("apply", "--auto-approve")
    workspace.sql("UPDATE config_profiles SET description = 'x'")
    workspace.sql("DELETE FROM config_mlflow")
    insert = (
        "INSERT INTO config_mlflow (profile_id, experiment_name) SELECT id, '/Shared/slides' "
        "FROM config_profiles"
    )
    if workspace.url is None:
        workspace.sql("DROP TRIGGER config_mlflow_record_insert")
        workspace.sql(insert)
    else:
        workspace.sql(f"SET session_replication_role = replica; {insert}")
    field = workspace.ok("blame", "profile/a/mlflow", "-o", "json").json["resources"][0]["fields"]
    assert field["experiment_name"] == {"value": "/Shared/slides", "explained": False}
    assert "no history explains" in workspace.ok("blame", "profile/a/mlflow").out


def test_show_and_explain_read_what_is_asked_for_only(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c/d"):
        workspace.write(f"profiles/{name[0]}.yaml", profile(name, default=name == "a"))
    workspace.ok("apply", "--auto-approve")
    read: list[str] = []
    whole = module._live_rows

    def noting(
        transaction: Transaction, type_: ResourceType, rows: Iterable[tuple[Any, ...]]
    ) -> Iterator[LiveRow]:
        for row in whole(transaction, type_, rows):
            read.append(row.resource.address)
            yield row

    monkeypatch.setattr(module, "_live_rows", noting)
    shown = workspace.ok("show", "profile/c%2Fd", "-o", "json").json["resources"]
    assert len(shown) == 5
    assert sorted(read) == sorted(r["address"] for r in shown)
    read.clear()
    assert len(workspace.ok("show", "profile/c%2Fd/*", "-o", "json").json["resources"]) == 4
    assert len(workspace.ok("show", "*/mlflow", "-o", "json").json["resources"]) == 3
    read.clear()
    workspace.ok("explain", "profile/b/ai_infra", "llm_temperature")
    assert read
    assert all(a.startswith("profile/b") for a in read)
