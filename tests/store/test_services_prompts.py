"""`PromptService`: versions are published, activated and rendered, and never change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from configsync.services import Invalid, NotFound, PromptService
from tests.conftest import Workspace
from tests.faults.model import check
from tests.store.test_services_writes import together
from tests.watched import Watched


@pytest.fixture
def prompts(workspace: Workspace) -> PromptService:
    """A service over a database that holds nothing yet."""
    return PromptService(workspace.database)


def document(name: str, **spec: Any) -> str:
    head = {"apiVersion": "configsync/v1", "kind": "Prompt", "metadata": {"name": name}}
    return json.dumps({**head, "spec": spec})


def numbers(prompts: PromptService, name: str) -> list[tuple[int, bool]]:
    return [(v.version, v.is_active) for v in prompts.version_history(name)]


def revision(prompts: PromptService) -> int:
    return check(prompts.database, drift=True)[0]


def test_versions_follow_each_other(prompts: PromptService) -> None:
    first = prompts.create_version(
        "verify", "Check {claim}.", variables=["claim"], agent="critic", type="user", user="alice"
    )
    assert (first.version, first.variables, first.agent, first.type) == (
        *(1, ("claim",), "critic", "user"),
    )
    assert (first.is_active, first.created_by, first.deactivated_at) == (True, "alice", None)
    second = prompts.create_version("verify", "Do check $claim!", user="bob")
    assert second == prompts.get_active("verify")
    assert (second.version, second.variables, second.agent) == (2, ("claim",), "critic")
    newest, oldest = prompts.version_history("verify")
    assert newest == second
    assert (oldest.content, oldest.created_by) == ("Check {claim}.", "alice")
    assert oldest.is_active is False
    assert oldest.deactivated_at is not None
    assert [(e.revision, e.changed_by, e.source) for e in prompts.changelog("verify")] == [
        (2, "bob", "service"),
        (1, "alice", "service"),
    ]
    assert prompts.changelog("verify", limit=1)[0].changes["version"] == {"old": 1, "new": 2}
    assert prompts.create_version("other", "Hello.", user="alice").version == 1
    assert [p.name for p in prompts.list()] == ["other", "verify"]


def test_the_same_text_is_no_version(prompts: PromptService) -> None:
    first = prompts.create_version("verify", "Check.", user="alice")
    assert prompts.create_version("verify", "Check.", user="bob") == first
    assert revision(prompts) == 1
    changed = prompts.create_version("verify", "Check.", agent="critic", user="bob")
    assert (changed.version, changed.agent) == (1, "critic")
    assert revision(prompts) == 2


def test_an_earlier_version_comes_back_as_it_was(prompts: PromptService) -> None:
    for text in ("One.", "Two.", "Three."):
        prompts.create_version("verify", text, user="alice")
    back = prompts.rollback_to_version("verify", 1, user="bob")
    assert (back.version, back.content, back.created_by) == (1, "One.", "alice")
    assert numbers(prompts, "verify") == [(3, False), (2, False), (1, True)]
    assert prompts.rollback_to_version("verify", 1, user="bob") == back
    assert revision(prompts) == 4
    assert prompts.changelog("verify")[0].changes["prompt_content"] == {
        "old": "Three.",
        "new": "One.",
    }
    assert prompts.create_version("verify", "Four.", user="bob").version == 4


def test_what_was_never_published_is_not_found(prompts: PromptService) -> None:
    prompts.create_version("verify", "One.", user="alice")
    with pytest.raises(NotFound, match="prompt/verify has no version 2"):
        prompts.rollback_to_version("verify", 2, user="bob")
    with pytest.raises(NotFound, match="prompt/other has no version 1"):
        prompts.rollback_to_version("other", 1, user="bob")
    with pytest.raises(Invalid):
        prompts.rollback_to_version("verify", 0, user="bob")
    for name in ("other", "a\0", "\ud800"):
        for call in (prompts.get_active, prompts.version_history, prompts.render):
            with pytest.raises(NotFound, match="There is no prompt"):
                call(name)
    assert prompts.changelog("other") == []


@pytest.mark.parametrize(
    ("content", "variables", "code"),
    [
        ("Check {claim}.", None, "CS21"),
        ("Check.", ["claim"], "CS21"),
        ("", None, "CS16"),
        ("Check.", ["2"], "CS16"),
        ("a\0b", None, "CS116"),
    ],
)
def test_what_git_may_not_say_is_refused(
    prompts: PromptService, content: str, variables: list[str] | None, code: str
) -> None:
    prompts.create_version("verify", "Check $one.", variables=["one"], user="alice")
    with pytest.raises(Invalid, match=code):
        prompts.create_version("verify", content, variables=variables, user="bob")
    assert numbers(prompts, "verify") == [(1, True)]
    assert revision(prompts) == 1


def test_the_active_text_is_rendered(prompts: PromptService) -> None:
    prompts.create_version("a", "{x} costs $5 {{y}}\n", variables=["x"], user="alice")
    assert prompts.render("a", x="It") == "It costs $5 {y}\n"
    assert prompts.render("a", {"x": "{x}"}) == "{x} costs $5 {y}\n"
    prompts.create_version("a", "$name: ${x} {x}", variables=["name", "x"], user="alice")
    assert prompts.render("a", name="Ann", x=1) == "Ann: 1 {x}"
    prompts.rollback_to_version("a", 1, user="alice")
    assert prompts.render("a", x="It").startswith("It costs")
    with pytest.raises(Invalid, match="The variable x has no value"):
        prompts.render("a")
    with pytest.raises(Invalid, match="There is no variable y"):
        prompts.render("a", x=1, y=2)
    prompts.create_version("a", "[[x]]", variables=["x"], syntax="none", user="alice")
    with pytest.raises(Invalid, match="neither as"):
        prompts.render("a", x=1)
    assert prompts.create_version("a", "<<x>>", user="alice").variables == ("x",)


def test_two_at_once_publish_two(prompts: PromptService) -> None:
    prompts.create_version("verify", "One.", user="alice")
    raised = together(
        lambda: prompts.create_version("verify", "Two.", user="bob"),
        lambda: prompts.create_version("verify", "Three.", user="carol"),
    )
    assert raised == [None, None]
    assert numbers(prompts, "verify") == [(3, True), (2, False), (1, False)]
    check(prompts.database, drift=True)


def test_the_number_of_queries_is_that_of_one_prompt(prompts: PromptService) -> None:
    watched = Watched(prompts.database)
    for number in range(5):
        prompts.create_version(f"p{number}", "Text.", user="alice")
    assert len(PromptService(watched).list()) == 5
    assert len(watched.statements) == 1


def test_git_takes_it_for_drift_and_may_adopt_it(workspace: Workspace) -> None:
    workspace.write("profiles/verify.yaml", document("verify", content="One."))
    workspace.ok("apply", "--auto-approve")
    prompts = PromptService(workspace.database)
    prompts.create_version("verify", "Two.", user="bob")
    (found,) = workspace.ok("drift", "-o", "json").json["drift"]
    assert (found["address"], found["by"]["user"], found["by"]["source"]) == (
        *("prompt/verify", "bob", "service"),
    )
    workspace.ok("apply", "--auto-approve")
    assert numbers(prompts, "verify") == [(2, False), (1, True)]
    prompts.create_version("verify", "Three.", user="bob")
    workspace.ok("adopt", "--all")
    assert workspace.ok("plan", "-o", "json").json["changes"] == []
    workspace.ok("apply", "--auto-approve")
    check(workspace.database)
    assert prompts.get_active("verify").content == "Three."


def test_what_git_deactivated_goes_on_with_its_numbers(workspace: Workspace) -> None:
    workspace.write("profiles/keep.yaml", document("keep", content="Keep."))
    file = workspace.write("profiles/verify.yaml", document("verify", content="One."))
    workspace.ok("apply", "--auto-approve")
    file.unlink()
    workspace.ok("apply", "--auto-approve")
    prompts = PromptService(workspace.database)
    with pytest.raises(NotFound, match="No version of the prompt 'verify' is active"):
        prompts.get_active("verify")
    assert prompts.rollback_to_version("verify", 1, user="bob").content == "One."
    assert prompts.create_version("verify", "Two.", user="bob").version == 2
