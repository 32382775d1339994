"""`SettingsService`: values come back as they were given, with their types."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from configsync.services import Invalid, NotFound, Protected, Setting, SettingsService
from tests.conftest import Workspace
from tests.faults.model import check


@pytest.fixture
def settings(workspace: Workspace) -> SettingsService:
    """A service over a database that holds nothing yet."""
    return SettingsService(workspace.database)


def document(category: str, spec: dict[str, Any], **metadata: Any) -> str:
    head = {"apiVersion": "configsync/v1", "kind": "Settings"}
    return json.dumps({**head, "metadata": {"name": category, **metadata}, "spec": spec})


def revision(settings: SettingsService) -> int:
    return check(settings.database, drift=True)[0]


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ("", "string"),
        ("007 ≤ \n", "string"),
        ("null", "string"),
        (0, "int"),
        (-(10**30), "int"),
        (0.1, "float"),
        (1e300, "float"),
        (True, "bool"),
        (None, "json"),
        ([], "json"),
        ([1, 1.5, "a", None, {"b": [True]}], "json"),
        ({"$file": "x", "": {}}, "json"),
    ],
)
def test_a_value_comes_back_as_it_was_given(
    settings: SettingsService, value: Any, type_: str
) -> None:
    made = settings.set("ollama", "key", value, user="alice")
    assert made == Setting("ollama", "key", value, type_, None)
    found = settings.get("ollama", "key")
    assert (found, type(found)) == (value, type(value))
    assert settings.list() == [made]
    settings.set("ollama", "key", value, user="bob")
    assert revision(settings) == 1


def test_a_setting_keeps_its_type_unless_another_is_given(settings: SettingsService) -> None:
    settings.set("ollama", "timeout", 30.5, user="alice", description="Seconds")
    widened = settings.set("ollama", "timeout", 30, user="alice")
    assert (widened.value, type(widened.value), widened.type) == (30.0, float, "float")
    assert widened.description == "Seconds"
    with pytest.raises(Invalid, match="CS221"):
        settings.set("ollama", "timeout", "30", user="alice")
    text = settings.set("ollama", "timeout", "30", type="string", user="alice", description=None)
    assert text == Setting("ollama", "timeout", "30", "string", None)
    null = settings.set("ollama", "timeout", None, user="alice")
    assert (null.value, null.type) == (None, "string")
    assert settings.get("ollama", "timeout", 5) is None
    assert revision(settings) == 4


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        (float("nan"), None),
        ("abc", "int"),
        (1.5, "int"),
        (2**53 + 1, "float"),
        (1, "decimal"),
        pytest.param(10**5000, None, id="huge"),
        ([10**5000], None),
        ({1: "a"}, None),
        ({"$file": "x"}, None),
        ([{"$var": "x"}], None),
        ({"$unset": True}, None),
        ([b"bytes"], None),
        ("\ud800", None),
        (["\0"], None),
        (Decimal("0.1000000000000000055"), None),
    ],
)
def test_what_git_may_not_say_is_refused(
    settings: SettingsService, value: Any, type_: str | None
) -> None:
    with pytest.raises(Invalid) as caught:
        settings.set("ollama", "key", value, type=type_, user="alice")
    assert all(d.path.startswith("spec.key") for d in caught.value.diagnostics)
    assert settings.list() == []
    with pytest.raises(Invalid):
        settings.set("ollama", "$key", 1, user="alice")


def test_what_isnt_there_is_not_found(settings: SettingsService) -> None:
    settings.set("ollama", "a", 1, user="alice")
    for category, key in (("ollama", "b"), ("other", "a"), ("a\0", "a"), ("ollama", "\ud800")):
        with pytest.raises(NotFound):
            settings.get(category, key)
        assert settings.get(category, key, 5) == 5
        with pytest.raises(NotFound):
            settings.delete(category, key, user="alice")
    with pytest.raises(NotFound, match="no setting in the category 'other'"):
        settings.get_category("other")


def test_categories_are_read_by_themselves(settings: SettingsService) -> None:
    for category, key in (("b", "x"), ("a", "z"), ("a", "y"), ("a/b", "w")):
        settings.set(category, key, f"{category} {key}", user="alice")
    assert [(s.category, s.key) for s in settings.list()] == [
        *(("a", "y"), ("a", "z"), ("a/b", "w"), ("b", "x"))
    ]
    assert [s.key for s in settings.list("a")] == ["y", "z"]
    assert settings.get_category("a") == {"y": "a y", "z": "a z"}


def test_deletion_leaves_history(settings: SettingsService) -> None:
    for key in ("x", "y"):
        settings.set("a", key, 1, user="alice")
    settings.delete("a", "x", user="bob")
    assert settings.get_category("a") == {"y": 1}
    settings.delete("a", "y", user="bob")
    assert settings.list() == []
    found = [(e.address, e.action, e.changed_by) for e in settings.history("a", user="bob")]
    assert found == [("setting/a/y", "delete", "bob"), ("setting/a/x", "delete", "bob")]
    settings.set("a", "x", 2, user="carol")
    assert settings.get("a", "x") == 2
    assert [e.revision for e in settings.history("a", "x")] == [5, 3, 1]
    assert len(settings.history()) == 5
    assert revision(settings) == 5


def test_git_takes_it_for_drift_and_may_adopt_it(workspace: Workspace) -> None:
    workspace.write("profiles/s.yaml", document("ollama", {"timeout": 30, "model": "x"}))
    workspace.ok("apply", "--auto-approve")
    settings = SettingsService(workspace.database)
    settings.set("ollama", "timeout", 60, user="bob")
    (found,) = workspace.ok("drift", "-o", "json").json["drift"]
    assert (found["address"], found["by"]["user"]) == ("setting/ollama/timeout", "bob")
    workspace.ok("adopt", "--all")
    assert workspace.ok("plan", "-o", "json").json["changes"] == []
    workspace.ok("apply", "--auto-approve")
    check(workspace.database)


def test_what_git_protects_is_not_deleted(workspace: Workspace) -> None:
    text = document("ollama", {"timeout": 30, "model": "x"}, prevent_destroy=True)
    workspace.write("profiles/s.yaml", text)
    workspace.ok("apply", "--auto-approve")
    settings = SettingsService(workspace.database)
    for key in ("timeout", "model"):
        with pytest.raises(Protected, match="prevent_destroy"):
            settings.delete("ollama", key, user="bob")
    assert len(settings.list()) == 2


def test_what_is_no_value_of_its_type_is_an_error(workspace: Workspace) -> None:
    settings = SettingsService(workspace.database)
    settings.set("a", "x", 1, user="alice")
    workspace.sql("UPDATE app_settings SET setting_value = 'many'")
    with pytest.raises(Invalid, match="setting/a/x is kept as int, and must be a whole number"):
        settings.get("a", "x")
    assert settings.set("a", "x", 2, user="alice").value == 2
