"""`ProfileService`: what it gives, what it changes, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from configsync.services import (
    AiInfra,
    ConfigService,
    DuplicateName,
    GenieSpace,
    Invalid,
    Mlflow,
    NotFound,
    Profile,
    ProfileService,
    Prompts,
    Protected,
)
from tests.conftest import Workspace
from tests.faults.model import check
from tests.profiles import profile
from tests.watched import Watched


@pytest.fixture
def profiles(workspace: Workspace) -> ProfileService:
    """A service over a database that holds nothing yet."""
    return ProfileService(workspace.database)


def revision(service: ProfileService) -> int:
    return check(service.database, drift=True)[0]


def entries(service: ProfileService, number: int) -> list[tuple[str, str, str, str]]:
    """The history of a revision: address, action, user and source, in order."""
    history = ConfigService(service.database).history(limit=None)
    found = [(e.address, e.action, e.changed_by, e.source) for e in history if e.revision == number]
    return sorted(found)


def test_a_profile_is_created_with_defaults(profiles: ProfileService) -> None:
    made = profiles.create("production", user="alice", description="For all")
    assert made == profiles.get("production")
    assert made == Profile(
        name="production",
        description="For all",
        is_default=True,  # As the first one.
        ai_infra=AiInfra("databricks-claude-sonnet-4-5", 0.7, 60000),
        genie_spaces=(
            GenieSpace(
                "01ef0000000000000000000000000000",
                "Replace by a Genie space of yours",
                is_default=True,
            ),
        ),
        mlflow=Mlflow("/Shared/production"),
        prompts=made.prompts,
        created_at=made.created_at,
        created_by="alice",
        updated_at=made.created_at,
        updated_by="alice",
        id=made.id,
    )
    assert made.prompts is not None
    assert "{max_slides}" in made.prompts.system_prompt
    assert entries(profiles, 1) == [
        (f"profile/production{part}", "create", "alice", "service")
        for part in (
            "",
            "/ai_infra",
            "/genie_space/01ef0000000000000000000000000000",
            "/mlflow",
            "/prompts",
        )
    ]
    assert profiles.create("staging", user="bob").is_default is False


def test_what_is_given_is_laid_over_the_defaults(profiles: ProfileService) -> None:
    made = profiles.create(
        "production",
        user="alice",
        ai_infra={"llm_temperature": 0.2},
        genie_spaces=[GenieSpace("b"), {"space_id": "a", "space_name": "A", "is_default": True}],
        mlflow=Mlflow("/Shared/other"),
        prompts={"user_prompt_template": "Answer {question}"},
    )
    assert made.ai_infra == AiInfra("databricks-claude-sonnet-4-5", 0.2, 60000)
    assert made.genie_spaces == (GenieSpace("a", "A", is_default=True), GenieSpace("b"))
    assert made.mlflow == Mlflow("/Shared/other")
    assert made.prompts is not None
    assert made.prompts.user_prompt_template == "Answer {question}"
    assert revision(profiles) == 1


def test_a_copy_has_everything_but_name_and_default(profiles: ProfileService) -> None:
    spaces = [GenieSpace("b", "B", "b's", is_default=True), GenieSpace("a")]
    first = profiles.create("a", user="alice", description="first", genie_spaces=spaces)
    copies = [
        profiles.create("b", user="bob", copy_from="a"),
        profiles.duplicate("a", "c", user="bob"),
    ]
    for copy in copies:
        assert (copy.is_default, copy.description, copy.created_by) == (False, "first", "bob")
        parts = ("ai_infra", "genie_spaces", "mlflow", "prompts")
        assert all(getattr(copy, part) == getattr(first, part) for part in parts)
    assert profiles.duplicate("a", "d", user="bob", description="mine").description == "mine"
    assert profiles.duplicate("a", "e", user="bob", description=None).description is None
    with pytest.raises(NotFound, match="no profile 'x'"):
        profiles.create("y", user="bob", copy_from="x")
    with pytest.raises(DuplicateName):
        profiles.duplicate("a", "b", user="bob")


def test_the_list_is_sorted_by_name_and_whole(profiles: ProfileService) -> None:
    assert profiles.list() == []
    for name in ("b", "c", "a"):
        profiles.create(name, user="alice")
    found = profiles.list()
    assert [p.name for p in found] == ["a", "b", "c"]
    assert found == [profiles.get(name) for name in "abc"]


def test_reading_takes_as_many_queries_for_many_profiles_as_for_one(workspace: Workspace) -> None:
    watched = Watched(workspace.database)
    profiles = ProfileService(watched)

    def queries() -> list[int]:
        counts = []
        for read in (profiles.list, lambda: profiles.get("p0"), profiles.get_default):
            watched.statements.clear()
            read()
            counts.append(len(watched.statements))
        return counts

    profiles.create("p0", user="alice")
    one = queries()
    for number in range(1, 8):
        spaces = [GenieSpace(str(n), is_default=n == 0) for n in range(number)]
        profiles.create(f"p{number}", user="alice", genie_spaces=spaces)
    assert queries() == one == [6, 6, 7]


def test_there_is_a_default_and_only_one(profiles: ProfileService) -> None:
    with pytest.raises(NotFound, match="No profile is the default"):
        profiles.get_default()
    for name in ("a", "b"):
        profiles.create(name, user="alice")
    assert profiles.get_default().name == "a"
    assert profiles.set_default("b", user="bob").is_default is True
    assert [p.name for p in profiles.list() if p.is_default] == ["b"]
    assert profiles.get_default() == profiles.get("b")
    assert entries(profiles, 3) == [
        ("profile/a", "update", "bob", "service"),
        ("profile/b", "set_default", "bob", "service"),
    ]
    with pytest.raises(NotFound):
        profiles.set_default("x", user="bob")


def test_an_update_changes_what_is_given(profiles: ProfileService) -> None:
    before = profiles.create("a", user="alice", description="old")
    after = profiles.update(
        "a",
        user="bob",
        description="new",
        ai_infra={"llm_max_tokens": 5},
        genie_spaces=[{"space_id": "s"}],
    )
    assert after.ai_infra == AiInfra("databricks-claude-sonnet-4-5", 0.7, 5)
    assert after.genie_spaces == (GenieSpace("s", is_default=True),)
    assert (after.description, after.mlflow, after.prompts) == (
        *("new", before.mlflow, before.prompts),
    )
    assert (after.id, after.created_by, after.updated_by) == (before.id, "alice", "bob")
    assert after.updated_at >= before.updated_at
    assert profiles.update("a", user="bob").description == "new"
    assert profiles.update("a", user="bob", description=None).description is None
    assert revision(profiles) == 3


def test_a_rename_keeps_identity_and_history(profiles: ProfileService) -> None:
    before = profiles.create("a", user="alice")
    after = profiles.update("a", user="bob", new_name="b", mlflow={"experiment_name": "/b"})
    assert (after.name, after.id, after.created_by) == ("b", before.id, "alice")
    assert after.mlflow == Mlflow("/b")
    assert after.is_default is True
    with pytest.raises(NotFound):
        profiles.get("a")
    assert entries(profiles, 2) == [
        ("profile/b", "update", "bob", "service"),
        ("profile/b/mlflow", "update", "bob", "service"),
    ]
    history = ConfigService(profiles.database).history("b", domain="mlflow")
    assert [(e.revision, e.address) for e in history] == [
        (2, "profile/b/mlflow"),
        (1, "profile/a/mlflow"),
    ]


def test_a_name_that_is_taken_is_refused(profiles: ProfileService) -> None:
    for name in ("a", "b"):
        profiles.create(name, user="alice")
    with pytest.raises(DuplicateName, match="a profile a already"):
        profiles.create("a", user="alice")
    with pytest.raises(DuplicateName, match="a profile b already"):
        profiles.update("a", user="alice", new_name="b")
    with pytest.raises(Invalid, match="CS210: the name A differs from a only in case"):
        profiles.create("A", user="alice")
    with pytest.raises(Invalid, match="CS210: the name B differs from b"):
        profiles.update("a", user="alice", new_name="B")
    assert profiles.update("a", user="alice", new_name="A").name == "A"
    assert revision(profiles) == 3


def test_deletion_takes_the_parts_and_leaves_the_history(profiles: ProfileService) -> None:
    for name in ("a", "b"):
        profiles.create(name, user="alice")
    profiles.delete("b", user="bob")
    assert [p.name for p in profiles.list()] == ["a"]
    found = entries(profiles, 3)
    assert len(found) == 5
    assert {(action, user, source) for _, action, user, source in found} == {
        ("delete", "bob", "service")
    }
    with pytest.raises(NotFound):
        profiles.delete("b", user="bob")
    with pytest.raises(Protected, match="profile/a is the default"):
        profiles.delete("a", user="bob")
    profiles.create("b", user="bob")
    profiles.set_default("b", user="bob")
    profiles.delete("a", user="bob")
    assert [p.name for p in profiles.list()] == ["b"]
    assert revision(profiles) == 6


@pytest.mark.parametrize("renamed", [False, True])
def test_what_git_protects_is_not_deleted(workspace: Workspace, renamed: bool) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True))
    workspace.write("profiles/b.yaml", profile("b", metadata__prevent_destroy=True))
    workspace.ok("apply", "--auto-approve")
    profiles = ProfileService(workspace.database)
    name = "b"
    if renamed:
        name = profiles.update("b", user="alice", new_name="c").name
    with pytest.raises(Protected, match="prevent_destroy"):
        profiles.delete(name, user="alice")
    assert profiles.get(name).name == name


def test_what_another_document_uses_keeps_its_name(workspace: Workspace) -> None:
    workspace.write("profiles/a.yaml", profile("a", default=True, metadata__uses=["profile/b"]))
    workspace.write("profiles/b.yaml", profile("b"))
    workspace.ok("apply", "--auto-approve")
    profiles = ProfileService(workspace.database)
    with pytest.raises(Protected, match="profile/b is used by profile/a and would be deleted"):
        profiles.delete("b", user="alice")
    with pytest.raises(Protected, match="would be renamed to profile/c"):
        profiles.update("b", user="alice", new_name="c")


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"ai_infra": {"llm_temperature": 1.5}}, "spec.ai_infra.llm_temperature"),
        ({"ai_infra": {"llm_temperature": 0.755}}, "spec.ai_infra.llm_temperature"),
        ({"ai_infra": {"llm_temperature": float("nan")}}, "spec.ai_infra.llm_temperature"),
        ({"ai_infra": {"llm_temperature": "0.7"}}, "spec.ai_infra.llm_temperature"),
        ({"ai_infra": {"llm_max_tokens": 0}}, "spec.ai_infra.llm_max_tokens"),
        ({"ai_infra": {"llm_max_tokens": True}}, "spec.ai_infra.llm_max_tokens"),
        ({"ai_infra": {"llm_max_tokens": 10**5000}}, "spec.ai_infra.llm_max_tokens"),
        ({"ai_infra": {"llm_endpoint": " "}}, "spec.ai_infra.llm_endpoint"),
        ({"ai_infra": {"llm_endpoint": None}}, "spec.ai_infra.llm_endpoint"),
        ({"ai_infra": {"llm_endpoint": {"$var": "x"}}}, "spec.ai_infra.llm_endpoint"),
        ({"ai_infra": {"endpoint": "x"}}, "spec.ai_infra.endpoint"),
        ({"genie_spaces": []}, "spec.genie_spaces"),
        ({"genie_spaces": [{"space_id": "a"}, {"space_id": "b"}]}, "spec.genie_spaces"),
        ({"genie_spaces": [{"space_name": "a"}]}, "spec.genie_spaces[0].space_id"),
        ({"mlflow": {"experiment_name": "x" * 256}}, "spec.mlflow.experiment_name"),
        ({"prompts": {"user_prompt_template": "{user_message}"}}, "spec.prompts.user_prompt_"),
        ({"prompts": {"system_prompt": "\ud800"}}, "spec.prompts.system_prompt"),
        ({"prompts": {"system_prompt": "a\0b"}}, "spec.prompts.system_prompt"),
        ({"prompts": {"system_prompt": "é" * 2**17 + "!"}}, "spec.prompts.system_prompt"),
        ({"prompts": {"system_prompt": b"bytes"}}, "spec.prompts.system_prompt"),
        ({"description": 5}, "metadata.description"),
        ({"new_name": ""}, "metadata.name"),
        ({"new_name": " a"}, "metadata.name"),
        ({"new_name": "a" * 101}, "metadata.name"),
        ({"new_name": "a\0"}, "metadata.name"),
    ],
)
def test_what_git_may_not_say_is_refused(project: Workspace, given: Any, path: str) -> None:
    profiles = ProfileService(project.database)
    before = profiles.create("production", user="alice")
    with pytest.raises(Invalid) as caught:
        profiles.update("production", user="alice", **given)
    assert any(d.path.startswith(path) for d in caught.value.diagnostics)
    assert all(d.code in str(caught.value) for d in caught.value.diagnostics)
    assert profiles.list() == [before]
    assert revision(profiles) == 1


@pytest.mark.parametrize("user", ["", " ", "a" * 256, "a\0", "\ud800"])
def test_who_it_is_has_to_be_said(profiles: ProfileService, user: str) -> None:
    with pytest.raises(Invalid, match="user names who makes the change"):
        profiles.create("production", user=user)
    assert profiles.list() == []


@pytest.mark.parametrize("name", ["x", "", "a/b", "%", "*", "a\0", "\ud800", "é" * 200])
def test_a_name_that_nothing_has_is_not_found(profiles: ProfileService, name: str) -> None:
    profiles.create("production", user="alice")
    with pytest.raises(NotFound):
        profiles.get(name)
    with pytest.raises(NotFound):
        profiles.update(name, user="alice")
    with pytest.raises(NotFound):
        profiles.delete(name, user="alice")


@pytest.mark.parametrize("name", ["a/b", "100%", "*", "é 😀", 'a"b', "-"])
def test_any_name_that_git_may_give_will_do(profiles: ProfileService, name: str) -> None:
    profiles.create(name, user="alice")
    assert profiles.update(name, user="alice", description="x").description == "x"
    assert profiles.update(name, user="alice", new_name="b").name == "b"


def test_a_profile_that_somebody_broke_is_read_as_it_is(workspace: Workspace) -> None:
    profiles = ProfileService(workspace.database)
    profiles.create("a", user="alice")
    workspace.sql("DELETE FROM config_mlflow")
    assert profiles.get("a").mlflow is None
    config = ConfigService(workspace.database)
    with pytest.raises(NotFound, match="has no mlflow any more"):
        config.get_mlflow("a")
    with pytest.raises(Invalid, match=r"spec\.mlflow is missing"):
        profiles.update("a", user="alice", description="x")
    assert config.update_mlflow("a", "/mended", user="alice") == Mlflow("/mended")
    workspace.sql("UPDATE config_profiles SET is_default = '0'")
    with pytest.raises(NotFound):
        profiles.get_default()
    with pytest.raises(Invalid, match="CS403"):
        profiles.create("b", user="alice")
    assert profiles.set_default("a", user="alice").is_default is True


def test_a_database_is_given_by_its_url_too(workspace: Workspace) -> None:
    url = workspace.url or f"sqlite:///{workspace.root / 'configsync.db'}"
    made = ProfileService(url).create("production", user="alice")
    assert ProfileService(workspace.database).get("production") == made


def test_prompts_arrive_to_the_byte(profiles: ProfileService) -> None:
    text = "≤ `{{x}}` ${y} {max_slides}\r\n\ttrailing \n\n\u2028é😀"
    prompts = Prompts(text, text, "{question}" + text)
    made = profiles.create("production", user="alice", prompts=prompts)
    assert made.prompts == prompts
