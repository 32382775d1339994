"""Lakebase: a real server behind TLS, which takes the tokens of a workspace on this machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from configsync.core.errors import DatabaseError, UsageError
from configsync.databricks import lakebase
from configsync.runtime import ConfigClient, Unavailable
from configsync.services import ProfileService
from configsync.store.connect import connect
from configsync.store.url import parse_url
from tests import databricks
from tests.conftest import Workspace, execute
from tests.databricks import error
from tests.lakebase import Gateway, Lakebase, running
from tests.lakebase import gateway as gateway_of
from tests.profiles import profile
from tests.runtime import marked, writer
from tests.runtime.waiting import until

INSTANCE = "lakebase://main"
PROJECT = "lakebase://projects/p/branches/b/endpoints/e"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A server that all tests share."""
    with gateway_of(tmp_path_factory.mktemp("tls")) as found:
        yield found


@pytest.fixture
def there(gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lakebase]:
    """Lakebase, as a process that has just begun meets it."""
    with running(gateway, tmp_path, monkeypatch) as found:
        yield found


@pytest.mark.parametrize("place", [INSTANCE, PROJECT])
def test_every_way_in(
    project: Workspace,
    there: Lakebase,
    place: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    url = there.url(place, empty=True)
    shown = url.partition("?")[0]
    project.write("profiles/a.yaml", profile("a", default=True))
    told = ""
    project.url = url
    for command in (
        *(["db", "upgrade"], ["db", "status"], ["apply", "--auto-approve"], ["plan"], ["status"]),
        *(["drift"], ["history"], ["db", "roles", "--prefix", "lb"], ["backup", "b.jsonl"]),
    ):
        result = project.ok(*command)
        told += result.out + result.err
    assert f"Database  {shown}\n" in told
    ProfileService(url).update("a", user="alice", description="new")
    with ConfigClient.connect(url, report=True) as client:
        assert client.profile("a").description == "new"
        assert not client.status().listening
        told += str(client.status())
        until(lambda: len(project.ok("status", "-o", "json").json["readers"]), 5, "it reports")
    named = place.removeprefix("lakebase://")
    assert there.workspace.minted == [[named] if place == INSTANCE else named]
    assert "canary" not in told + caplog.text + repr(lakebase._logins)
    (login,) = lakebase._logins.values()
    assert login.token.startswith("canary-")
    assert 3590 < login.until - time.time() <= 3600


def test_passwords_rotate_under_a_running_reader_and_applier(
    there: Lakebase, tmp_path: Path
) -> None:
    url = there.url(INSTANCE)
    (tmp_path / "configsync.toml").write_text('source = "stress"\n')
    marked.write(tmp_path, 1)
    assert writer.apply(tmp_path, url)
    with ConfigClient.connect(url, poll=0.05) as client:

        def arrived(number: int) -> None:
            if number % 4 == 0:
                there.rotate()  # Who is just connecting is refused, and has to ask again.

        there.front.arrived = arrived
        first = len(there.workspace.minted)
        for number in range(2, 8):
            marked.write(tmp_path, number)
            assert writer.apply(tmp_path, url)
            if number % 2:
                there.cut()
            until(lambda: marked.read(client.pin()) == number, 10, f"{number} is read")  # noqa: B023
        rotations = there.front.connections // 4
        assert rotations >= 4
        assert len(there.workspace.minted) - first >= rotations - 1
    assert there.workspace.requests[databricks.INSTANCE_TOKEN] == len(there.workspace.minted)


def test_a_token_is_renewed_before_it_ends(there: Lakebase) -> None:
    url = parse_url(there.url(INSTANCE), Path())
    there.workspace.lifetime = lakebase.RENEW_BEFORE - 1
    for _ in range(2):
        connect(url).close()
    assert len(there.workspace.minted) == 2
    there.workspace.lifetime = None  # Then it lasts for as long as Databricks says of all.
    for _ in range(3):
        connect(url).close()
    assert len(there.workspace.minted) == 3


def test_a_token_that_is_always_refused_is_asked_for_twice(there: Lakebase) -> None:
    there.workspace.mint = lambda: "canary-wrong"
    url = parse_url(there.url(INSTANCE), Path())
    with pytest.raises(DatabaseError, match="password authentication failed") as raised:
        connect(url)
    assert "canary" not in str(raised.value)
    assert len(there.workspace.minted) == 2


def test_another_user_and_another_schema(there: Lakebase) -> None:
    execute(there.at("postgres"), "DROP ROLE IF EXISTS team")
    execute(there.at("postgres"), "CREATE ROLE team LOGIN PASSWORD 'canary-team'")
    there.workspace.mint = lambda: "canary-team"
    connection = connect(
        parse_url(there.url(PROJECT, more="&user=team&options=-csearch_path%3Dconfig"), Path())
    )
    assert connection.info.user == "team"
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        assert cursor.fetchall() == [("config",)]
    connection.close()
    assert databricks.ME not in there.workspace.requests


def test_nothing_is_told_to_a_server_without_tls(there: Lakebase) -> None:
    url = there.url(INSTANCE)
    there.front.offered = False
    with pytest.raises(DatabaseError, match="SSL was required"):
        connect(parse_url(url, Path()))


def test_the_certificate_may_be_verified(there: Lakebase) -> None:
    url = there.url(INSTANCE, more=f"&sslmode=verify-full&sslrootcert={there.certificate}")
    connect(parse_url(url, Path())).close()
    there.workspace.database_host = "127.0.0.1"
    lakebase._logins.clear()
    with pytest.raises(DatabaseError, match="certificate"):
        connect(parse_url(url, Path()))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (error(403, "PERMISSION_DENIED", "not yours"), "the workspace forbids it: not yours"),
        (error(404, "RESOURCE_DOES_NOT_EXIST", "no main"), "the workspace has none: no main"),
        (error(500, "INTERNAL_ERROR", "oh dear"), "the workspace fails: oh dear"),
        (databricks.Reply(content={"name": "main"}), "Lakebase has no host for main yet"),
        (None, "the workspace gives no token for main"),
    ],
)
def test_a_workspace_that_opens_nothing_is_a_database_that_is_away(
    project: Workspace, there: Lakebase, fault: databricks.Reply | None, reason: str
) -> None:
    if fault is None:
        there.workspace.mint = lambda: ""
    else:
        there.workspace.faults[databricks.INSTANCE] = fault
    project.url = f"{INSTANCE}/app"
    result = project.run("db", "status")
    assert result.code == 1
    assert result.err.startswith(f"Error: {INSTANCE}/app can't be reached: {reason}")
    with pytest.raises(Unavailable, match="can't be reached"):
        ConfigClient.connect(project.url)


def test_a_parsed_url_holds_what_was_written() -> None:
    found = parse_url(f"{PROJECT}/my%20app?sslmode=verify-full&user=a%40b&port=1", Path())
    assert found.connect == "postgresql:///my%20app?sslmode=verify-full&port=1"
    assert str(found) == f"{PROJECT}/my%20app"
    assert parse_url("lakebase://projects/app", Path()).connect.endswith("/app?sslmode=require")


@pytest.mark.parametrize(
    "rest",
    [
        *(
            "",
            "main",
            "main/",
            "/app",
            "main/app/more",
            "ma in/app",
            "main/a%00b",
            "main/" + "x" * 64,
        ),
        *("projects/p/branches/b/app", "projects/p/branches/b/endpoints/e", "a/p/b/b/c/e/app"),
        *("projects/../branches/b/endpoints/e/app", "canary:canary@main/app", "canary@main/app"),
        *("main/app?canary=1", "main/app?canary", "main/app?port=0", "main/app?port=99999"),
        *("main/app?sslmode=disable", "main/app?sslmode=prefer", "main/app?user="),
        *("main/app?password=canary", "main/app?host=canary", "main/app?port=1&port=2"),
        *("main/app?options=a%0Ab", "main/app?port=١"),
    ],
)
def test_other_urls_are_refused(rest: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_url(f"lakebase://{rest}", Path())
    assert "canary" not in str(raised.value)
