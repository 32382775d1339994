"""A service's write beside others: all or nothing, one after the other, and drift to git."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from threading import Barrier, Thread
from typing import Any

import pytest

from configsync.services import (
    ConfigService,
    DuplicateName,
    GenieService,
    GenieSpace,
    Invalid,
    ProfileService,
    Protected,
    StalePlan,
)
from configsync.services.write import ATTEMPTS
from tests.conftest import Workspace
from tests.faults.model import check
from tests.profiles import profile
from tests.watched import Watched

LIVE = "profile/production"
MODEL = f"{LIVE}/ai_infra"


@pytest.fixture
def applied(workspace: Workspace) -> Workspace:
    """A project whose profiles ``production``, the default, and ``staging`` are applied."""
    workspace.write("profiles/production.yaml", profile(default=True))
    workspace.write("profiles/staging.yaml", profile("staging"))
    workspace.ok("apply", "--auto-approve", "--actor", "alice")
    return workspace


def drift(workspace: Workspace) -> dict[str, Any]:
    """What drifted, by address."""
    return {d["address"]: d for d in workspace.ok("drift", "-o", "json").json["drift"]}


def records(workspace: Workspace) -> list[tuple[Any, ...]]:
    return workspace.sql("SELECT * FROM config_resources ORDER BY address")


class Cut(Exception):
    """Stands for the end of a process."""


def test_a_write_happens_as_a_whole_or_not_at_all(applied: Workspace) -> None:
    watched = Watched(applied.database)
    profiles = ProfileService(watched)
    before = check(applied.database)

    def cut_at(last: int) -> Callable[[int], None]:
        def cut(number: int) -> None:
            if number == last:
                raise Cut

        return cut

    for last in count(1):
        watched.on_statement = cut_at(last)
        try:
            profiles.create("new", user="bob", copy_from="staging")
        except Cut:
            assert check(applied.database) == before
        else:
            break
    assert last > 10
    assert check(applied.database, drift=True)[0] == before[0] + 1


def test_what_came_in_between_is_kept(applied: Workspace) -> None:
    watched = Watched(applied.database)
    other = ConfigService(applied.database)
    others = iter([0.1, 0.2])

    def write() -> None:
        if (temperature := next(others, None)) is not None:
            other.update_ai_infra("production", user="carol", llm_temperature=temperature)

    watched.on_write = write
    found = ConfigService(watched).update_ai_infra("production", user="bob", llm_max_tokens=5)
    assert (found.llm_temperature, found.llm_max_tokens) == (0.2, 5)
    assert other.get_ai_infra("production") == found
    assert [e.changed_by for e in other.history(domain="ai_infra", limit=3)] == [
        *("bob", "carol", "carol")
    ]


def test_who_is_always_outrun_gives_up(applied: Workspace) -> None:
    watched = Watched(applied.database)
    others = ConfigService(applied.database)
    attempts: list[int] = []

    def write() -> None:
        attempts.append(len(attempts))
        others.update_ai_infra("production", user="carol", llm_max_tokens=100 + len(attempts))

    watched.on_write = write
    with pytest.raises(StalePlan, match=f"{MODEL} .revision {ATTEMPTS + 1}, service, by carol"):
        ConfigService(watched).update_ai_infra("production", user="bob", llm_max_tokens=5)
    assert len(attempts) == ATTEMPTS
    assert others.history(user="bob") == []


def test_a_last_space_that_the_other_was_until_then_stays(applied: Workspace) -> None:
    first = applied.sql("SELECT space_id FROM config_genie_spaces")[0][0]
    watched = Watched(applied.database)
    other = GenieService(applied.database)
    other.add("production", "b", user="carol")
    watched.on_write = lambda: other.delete("production", "b", user="carol")
    with pytest.raises(Protected, match="last Genie space"):
        GenieService(watched).delete("production", first, user="bob")
    assert [s.space_id for s in other.list("production")] == [first]


def together(*calls: Callable[[], object]) -> list[BaseException | None]:
    """Make calls at once; returns what each raised."""
    start = Barrier(len(calls))
    raised: list[BaseException | None] = [None] * len(calls)

    def run(number: int, call: Callable[[], object]) -> None:
        start.wait()
        try:
            call()
        except Exception as error:
            raised[number] = error

    threads = [Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_writers_at_once_come_one_after_the_other(applied: Workspace) -> None:
    config = ConfigService(applied.database)

    def counting(user: str) -> Callable[[], None]:
        def run() -> None:
            for number in range(1, 6):
                config.update_ai_infra("production", user=user, llm_max_tokens=number)

        return run

    users = ("bob", "carol", "dave")
    assert together(*map(counting, users)) == [None, None, None]
    # The history of each value begins where that of the one before ended.
    check(applied.database, drift=True)
    assert config.get_ai_infra("production").llm_max_tokens == 5


def test_of_two_that_take_a_name_one_gets_it(applied: Workspace) -> None:
    profiles = ProfileService(applied.database)
    raised = together(
        lambda: profiles.create("new", user="bob"),
        lambda: profiles.duplicate("staging", "new", user="carol"),
    )
    assert sorted(type(e).__name__ for e in raised) == ["DuplicateName", "NoneType"]
    assert isinstance(next(e for e in raised if e), DuplicateName)
    check(applied.database, drift=True)


def test_of_two_that_become_the_default_one_is_it(applied: Workspace) -> None:
    profiles = ProfileService(applied.database)
    profiles.create("new", user="bob")
    raised = together(
        lambda: profiles.set_default("new", user="bob"),
        lambda: profiles.set_default("staging", user="carol"),
    )
    assert raised == [None, None]
    assert profiles.get_default().name in ("new", "staging")
    check(applied.database, drift=True)


def test_a_write_is_drift_by_the_user(applied: Workspace) -> None:
    before = records(applied)
    config = ConfigService(applied.database)
    config.update_ai_infra("production", user="bob", llm_temperature=0.9)
    config.update_mlflow("production", "/by-hand", user="carol")
    GenieService(applied.database).add("staging", "new", user="dave")
    assert records(applied) == before
    found = drift(applied)
    assert {at: (d["by"]["user"], d["by"]["source"]) for at, d in found.items()} == {
        MODEL: ("bob", "service"),
        f"{LIVE}/mlflow": ("carol", "service"),
    }
    assert found[MODEL]["fields"] == {"llm_temperature": {"applied": 0.7, "live": 0.9}}
    assert applied.run("drift", "--detailed-exitcode").code == 2
    text = applied.ok("drift").out
    assert f"~ {MODEL}  changed by bob (service) at " in text
    assert "profile/staging/genie_space/new" in text
    assert "by `bob`, through `service`" in applied.ok("drift", "-o", "markdown").out.lower()
    through = "by <code>bob</code>, through <code>service</code>"
    assert through in applied.ok("drift", "-o", "html").out
    assert "by bob, through service, at " in applied.ok("drift", "-o", "junit").out
    planned = applied.ok("plan", "-o", "json").json["changes"]
    assert {c["address"]: c["reason"] for c in planned} == dict.fromkeys(found, "drift")
    assert f"{MODEL}  changed by bob (service) at " in applied.ok("plan").out
    assert "service" in applied.ok("blame", MODEL).out
    assert "intact" in applied.ok("history", "verify").out


def test_apply_takes_it_back(applied: Workspace) -> None:
    config = ConfigService(applied.database)
    config.update_ai_infra("production", user="bob", llm_temperature=0.9)
    applied.ok("apply", "--auto-approve")
    assert config.get_ai_infra("production").llm_temperature == 0.7
    assert drift(applied) == {}
    check(applied.database)


def test_git_may_adopt_it(applied: Workspace) -> None:
    config = ConfigService(applied.database)
    config.update_ai_infra("production", user="bob", llm_temperature=0.9)
    config.update_prompts("production", user="bob", system_prompt="New: {max_slides}\n")
    GenieService(applied.database).add("production", "new", user="bob", is_default=True)
    ProfileService(applied.database).update("staging", user="bob", description="By hand")
    applied.ok("adopt", "--all")
    assert applied.ok("plan", "-o", "json").json["changes"] == []
    assert drift(applied) == {}
    applied.ok("apply", "--auto-approve")
    check(applied.database)


def test_what_is_new_is_unmanaged_until_it_is_adopted(applied: Workspace) -> None:
    ProfileService(applied.database).create(
        "new",
        user="bob",
        copy_from="staging",
        genie_spaces=[GenieSpace("a"), GenieSpace("b", is_default=True)],
    )
    assert "profile/new" in applied.ok("drift", "-o", "json").json["unmanaged"]
    assert "profile/new" in applied.ok("plan", "-o", "json").json["unmanaged"]
    applied.ok("adopt", "profile/new")
    assert applied.ok("plan", "-o", "json").json["changes"] == []
    applied.ok("apply", "--auto-approve")
    check(applied.database)


def test_what_is_deleted_comes_back_or_goes(applied: Workspace) -> None:
    ProfileService(applied.database).delete("staging", user="bob")
    found = drift(applied)
    assert {d["action"] for d in found.values()} == {"delete"}
    assert {d["by"]["user"] for d in found.values()} == {"bob"}
    applied.ok("adopt", "profile/staging")
    assert not (applied.root / "profiles/staging.yaml").exists()
    assert applied.ok("plan", "-o", "json").json["changes"] == []


def test_a_rename_is_followed(applied: Workspace) -> None:
    profiles = ProfileService(applied.database)
    profiles.update("staging", user="bob", new_name="other")
    profiles.update("other", user="bob", new_name="test", mlflow={"experiment_name": "/other"})
    found = drift(applied)
    assert {at: d["by"]["user"] for at, d in found.items()} == {
        "profile/staging": "bob",
        "profile/staging/mlflow": "bob",
    }
    adopted = applied.run("adopt", "--all")
    assert "configsync rename profile/staging test" in adopted.out + adopted.err
    before = profiles.get("test").id
    applied.ok("apply", "--auto-approve")
    assert profiles.get("staging").id == before
    check(applied.database)


def test_a_saved_plan_is_stale_after_it(applied: Workspace) -> None:
    text = profile(default=True, spec__ai_infra__llm_max_tokens=5)
    applied.write("profiles/production.yaml", text)
    applied.ok("plan", "--out", "the.plan")
    config = ConfigService(applied.database)
    config.update_mlflow("staging", "/elsewhere", user="bob")
    config.update_ai_infra("production", user="bob", llm_max_tokens=6)
    stale = applied.run("apply", "the.plan")
    assert stale.code == 3
    assert f"{MODEL} (revision 3, service, by bob at " in stale.err
    assert config.get_ai_infra("production").llm_max_tokens == 6
    # Both sides changed it, so somebody decides.
    assert applied.run("apply", "--auto-approve").code == 4
    applied.ok("apply", "--auto-approve", "--accept-conflicts")
    assert config.get_ai_infra("production").llm_max_tokens == 5


def test_a_saved_plan_names_who_it_reverts(applied: Workspace) -> None:
    config = ConfigService(applied.database)
    config.update_ai_infra("production", user="bob", llm_max_tokens=6)
    applied.ok("plan", "--out", "the.plan")
    assert "changed by bob (service) at " in applied.ok("show", "the.plan").out
    applied.ok("apply", "the.plan")
    assert config.get_ai_infra("production").llm_max_tokens == 60000


def test_a_rollback_goes_back_before_it(applied: Workspace) -> None:
    config = ConfigService(applied.database)
    config.update_ai_infra("production", user="bob", llm_max_tokens=6)
    applied.ok("rollback", "--to", "1", "--auto-approve")
    assert config.get_ai_infra("production").llm_max_tokens == 60000
    assert drift(applied) == {}


def test_what_git_has_silenced_stands_against_nothing(workspace: Workspace) -> None:
    workspace.write("configsync.toml", 'severity = {CS206 = "off"}\n')
    workspace.write(
        "profiles/production.yaml", profile(default=True, spec__prompts__user_prompt_template="{q}")
    )
    workspace.ok("apply", "--auto-approve")
    config = ConfigService(workspace.database)
    config.update_ai_infra("production", user="bob", llm_max_tokens=6)
    ProfileService(workspace.database).duplicate("production", "copy", user="bob")
    with pytest.raises(Invalid, match="CS165: user_prompt_template is empty"):
        config.update_prompts("copy", user="bob", user_prompt_template="")
    config.update_prompts("copy", user="bob", user_prompt_template="{question}")
    with pytest.raises(Invalid, match="CS206"):
        config.update_prompts("copy", user="bob", user_prompt_template="{q}")
