"""Times: the database's, kept in UTC; people read their own, machines always UTC."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from configsync.runtime import ConfigClient
from configsync.store.url import parse_url
from tests.conftest import Workspace, execute
from tests.profiles import profile

UTC_TIME = r"\d{4}-\d\d-\d\dT[\d:]+(?:\.\d+)?Z"
BERLIN_TIME = r"\d{4}-\d\d-\d\dT[\d:]+(?:\.\d+)?\+0[12]:00"


@pytest.fixture
def drifted(workspace: Workspace) -> Workspace:
    """One revision from git and then one past it."""
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("apply", "--auto-approve", "--actor", "alice")
    workspace.sql("UPDATE config_ai_infra SET llm_max_tokens = 7")
    return workspace


def told(workspace: Workspace) -> list[str]:
    """All that machines and readers of reports are told of the database."""
    commands = (
        *(("history",), ("blame", "profile/a"), ("drift",), ("plan",), ("status",)),
        *(("diff", "1", "2"), ("explain", "profile/a/ai_infra"), ("history", "verify")),
    )
    reports = (("drift", "-o", "markdown"), ("plan", "-o", "html"), ("drift", "-o", "junit"))
    return [workspace.ok(*c).out for c in (*((*c, "-o", "json") for c in commands), *reports)]


def test_people_read_local_time_or_utc_and_machines_utc(
    drifted: Workspace, move_to: Callable[[str], None]
) -> None:
    move_to("UTC")
    machines = told(drifted)
    texts = [["history"], ["blame", "profile/a"], ["drift"], ["plan"], ["status"]]
    texts += [["explain", "profile/a/ai_infra"]]
    in_utc = {" ".join(c): drifted.ok(*c).out for c in texts}
    move_to("Europe/Berlin")
    assert told(drifted) == machines
    for command in texts:
        utc = in_utc[" ".join(command)]
        assert drifted.ok(*command, "--utc").out == utc
        local = drifted.ok(*command).out
        assert not re.search(UTC_TIME, local)
        before = re.findall(UTC_TIME, utc)
        after = re.findall(BERLIN_TIME, local)
        assert before
        assert list(map(datetime.fromisoformat, before)) == list(map(datetime.fromisoformat, after))


def test_a_time_that_was_read_names_its_revision(
    drifted: Workspace, move_to: Callable[[str], None]
) -> None:
    move_to("Europe/Berlin")
    newer, older = re.findall(BERLIN_TIME, drifted.ok("history").out)
    value = "llm_max_tokens"
    was = drifted.ok("show", "profile/a/ai_infra", "--at", older, "-o", "json").json
    now = drifted.ok("show", "profile/a/ai_infra", "--at", newer, "-o", "json").json
    assert was["resources"][0]["values"][value] != now["resources"][0]["values"][value] == 7
    assert drifted.ok("diff", older, newer, "-o", "json").json["to"] == 2
    # Without an offset it is Berlin's, or UTC if that is asked for.
    bare = newer[:-6]
    assert len(drifted.ok("history", "--since", bare, "-o", "json").json["entries"]) == 1
    assert drifted.ok("history", "--since", bare, "--utc", "-o", "json").json["entries"] == []
    assert drifted.ok("rollback", "--to", older[:-6], "--out", "the.plan")
    assert drifted.run("rollback", "--to", "2h", "--utc", "--out", "other.plan").code == 1


def test_a_database_of_another_zone_tells_the_same(project: Workspace, pg_url: str) -> None:
    project.url = pg_url
    project.write("profiles/a.yaml", profile("a", default=True))
    project.ok("apply", "--auto-approve")
    project.sql("UPDATE config_ai_infra SET llm_max_tokens = 7")
    machines, texts = told(project), project.ok("history").out

    def content() -> str:
        done = project.ok("backup", "copy", "--force", "-o", "json").json
        return str(done["content_digest"])

    copied = content()
    database = pg_url.partition("?")[0].rpartition("/")[2]
    for setting in ("timezone TO 'Asia/Kolkata'", "datestyle TO 'SQL, DMY'"):
        execute(pg_url, f"ALTER DATABASE {database} SET {setting}")
    assert execute(pg_url, "SHOW timezone") == [("Asia/Kolkata",)]
    assert told(project) == machines
    assert project.ok("history").out == texts
    assert content() == copied
    # What is written then is at the same moment too, and in the chain.
    project.ok("apply", "--auto-approve", "--accept-conflicts")
    project.sql("UPDATE config_ai_infra SET llm_max_tokens = 8")
    project.ok("apply", "--auto-approve", "--accept-conflicts")
    entries = project.ok("history", "--since", "10m", "-o", "json").json["entries"]
    assert entries[0]["revision"] == 5
    times = [datetime.fromisoformat(e["timestamp"]) for e in entries]
    assert times == sorted(times, reverse=True)
    assert abs(times[0] - datetime.now(UTC)) < timedelta(minutes=5)
    with ConfigClient.connect(pg_url) as client:
        assert client.revision == 5
    project.ok("history", "verify")
    execute(pg_url, f"ALTER DATABASE {database} RESET ALL")
    project.ok("history", "verify")


def test_a_clock_that_goes_back_changes_no_order(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("apply", "--auto-approve")
    # What someone wrote while the database's clock stood an hour ahead.
    ahead = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S.000")
    zone = "" if workspace.url is None else "+00"
    workspace.sql(
        "INSERT INTO config_revisions (revision, source, actor, created_at) "
        f"VALUES (2, 'external', 'ahead', '{ahead}{zone}')"
    )
    workspace.sql(
        "INSERT INTO config_history (revision, address, root_id, profile_id, domain, action, "
        "changed_by, changes, snapshot, timestamp) SELECT 2, address, root_id, profile_id, domain, "
        f"'update', 'ahead', changes, snapshot, '{ahead}{zone}' FROM config_history "
        "WHERE domain = 'mlflow'"
    )
    text = parse_url(workspace.url or "sqlite:///configsync.db", workspace.root).connect
    url = workspace.url or f"sqlite:///{text}"
    with ConfigClient.connect(url, poll=0.05) as client:
        assert client.revision == 2
        workspace.write(
            "profiles/a.yaml", profile("a", default=True, spec__mlflow__experiment_name="/b")
        )
        workspace.ok("apply", "--auto-approve", "--actor", "behind")
        deadline = time.monotonic() + 20
        while client.revision != 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert client.revision == 3
        assert client.profile("a").mlflow.experiment_name == "/b"

    def revisions(*more: str) -> list[int]:
        command = ("history", "profile/a/mlflow", "-o", "json", *more)
        return [e["revision"] for e in workspace.ok(*command).json["entries"]]

    assert revisions() == [3, 2, 1]
    # A time is asked of each entry by itself.
    assert revisions("--since", ahead[:19] + "Z") == [2]
    assert revisions("--until", ahead[:19] + "Z") == [3, 1]
    blamed = workspace.ok("blame", "profile/a/mlflow", "-o", "json").json["resources"][0]["fields"]
    assert blamed["experiment_name"]["changed_by"] == "behind"
    # At any time from its own on, the database held what it holds now.
    for at in ("0s", ahead[:19] + "Z", "2999-01-01"):
        shown = workspace.ok("show", "profile/a/mlflow", "--at", at, "-o", "json").json
        assert shown["resources"][0]["values"] == {"experiment_name": "/b"}
    assert workspace.ok("drift", "-o", "json").json["drift"] == []
    workspace.ok("history", "verify")
    assert workspace.ok("status", "-o", "json").json["revision"] == 3
