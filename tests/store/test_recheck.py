"""What comes between a plan and the lock: the plan doesn't apply, and takes nothing with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from configsync.core.errors import StalePlan
from configsync.core.plan import Plan, PlanOptions
from configsync.core.revision import Actor
from configsync.source.project import Target, find_project
from configsync.usecases.apply import apply
from configsync.usecases.plan import make_plan
from configsync.usecases.validate import validate
from tests.conftest import Workspace
from tests.profiles import profile

TWO_SPACES = [{"space_id": "s1", "default": True}, {"space_id": "s2"}]


@pytest.fixture
def applied(workspace: Workspace) -> Workspace:
    """Profiles ``a``, the default, and ``b`` with two Genie spaces."""
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.write("profiles/b.yaml", profile("b", spec__genie_spaces=TWO_SPACES))
    workspace.ok("apply", "--auto-approve")
    return workspace


def planned(workspace: Workspace) -> Plan:
    project = find_project(workspace.root)
    validation = validate(project, Target())
    assert validation.ok
    return make_plan(project, Target(), workspace.database, validation, PlanOptions())


def carry_out(workspace: Workspace, plan: Plan) -> None:
    apply(workspace.database, plan, Actor("alice"), 10, root=workspace.root)


def rows(workspace: Workspace) -> list[tuple[object, ...]]:
    return workspace.sql(
        "SELECT p.name, s.space_id FROM config_profiles p "
        "LEFT JOIN config_genie_spaces s ON s.profile_id = p.id ORDER BY 1, 2"
    )


def test_a_part_that_came_in_between_is_not_deleted_with_its_parent(applied: Workspace) -> None:
    (applied.root / "profiles/b.yaml").unlink()
    plan = planned(applied)
    applied.sql(
        "INSERT INTO config_genie_spaces (profile_id, space_id, is_default) "
        "SELECT id, 'by hand', false FROM config_profiles WHERE name = 'b'"
    )
    before = rows(applied)
    with pytest.raises(StalePlan, match="profile/b/genie_space/by hand"):
        carry_out(applied, plan)
    assert rows(applied) == before


def test_a_last_part_is_not_deleted_when_the_other_has_gone(applied: Workspace) -> None:
    applied.write("profiles/b.yaml", profile("b", spec__genie_spaces=TWO_SPACES[:1]))
    plan = planned(applied)
    applied.sql("DELETE FROM config_genie_spaces WHERE space_id = 's1'")
    before = rows(applied)
    with pytest.raises(StalePlan, match="genie_space any more"):
        carry_out(applied, plan)
    assert rows(applied) == before


def test_what_another_source_took_over_is_left_to_it(applied: Workspace) -> None:
    applied.write("profiles/b.yaml", profile("b", spec__mlflow__experiment_name="/new"))
    plan = planned(applied)
    applied.sql("UPDATE config_resources SET owner = 'other' WHERE address LIKE 'profile/b%'")
    with pytest.raises(StalePlan, match="profile/b/mlflow"):
        carry_out(applied, plan)
    carry_out(applied, replace(plan, options=PlanOptions(take_ownership=True)))


def test_what_became_protected_is_not_deleted(applied: Workspace) -> None:
    (applied.root / "profiles/b.yaml").unlink()
    plan = planned(applied)
    applied.sql("UPDATE config_resources SET prevent_destroy = true WHERE address = 'profile/b'")
    with pytest.raises(StalePlan, match="profile/b "):
        carry_out(applied, plan)


def test_what_is_left_to_others_is_not_noted_as_applied(workspace: Workspace) -> None:
    ignored = 'ignore = [{address = "profile/*/ai_infra", fields = ["llm_temperature"]}]\n'
    workspace.write("configsync.toml", 'source = "s"\n' + ignored)
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.ok("apply", "--auto-approve")
    workspace.sql("UPDATE config_ai_infra SET llm_temperature = 0.9, llm_max_tokens = 5")
    workspace.ok("apply", "--auto-approve")
    assert workspace.sql("SELECT llm_max_tokens FROM config_ai_infra") == [(60000,)]
    assert workspace.sql("SELECT round(llm_temperature, 1) = 0.9 FROM config_ai_infra") in (
        [(True,)],
        [(1,)],
    )
    workspace.write("configsync.toml", 'source = "s"\n')
    (drift,) = workspace.ok("drift", "-o", "json").json["drift"]
    assert drift["fields"] == {"llm_temperature": {"applied": 0.7, "live": 0.9}}
    (change,) = workspace.ok("plan", "-o", "json").json["changes"]
    assert change["reason"] == "drift"
