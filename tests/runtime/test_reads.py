"""What applications read of each kind, and what they get where there is nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from configsync.core.template import MissingVariable, UnknownVariable
from configsync.runtime import ConfigClient, Incomplete, NotFound, Source
from tests.conftest import Workspace
from tests.runtime.estate import connect, write_estate


@pytest.fixture
def client(workspace: Workspace) -> Iterator[ConfigClient]:
    """A client of an estate with every kind."""
    write_estate(workspace)
    with connect(workspace) as found:
        yield found


def test_profile(client: ConfigClient) -> None:
    profile = client.profile("production")
    assert profile.ai_infra.llm_temperature == 0.7
    assert type(profile.ai_infra.llm_temperature) is float
    assert profile.ai_infra.llm_max_tokens == 60000
    assert profile.is_default is True
    assert [space.space_id for space in profile.genie_spaces] == ["01", "02"]
    assert profile.genie_space.space_name == "Usage"
    assert profile.mlflow.experiment_name == "/Shared/slides"
    assert client.default_profile() is profile
    assert client.profiles() == ["production", "staging"]
    assert client.profile("production") is profile  # Made once.


def test_profile_prompts_render(client: ConfigClient) -> None:
    prompts = client.default_profile().prompts
    assert prompts.render_user(question="Which region {grew}?") == "Which region {grew}?"
    assert prompts.render_system(max_slides=7) == "Make at most 7 slides.\n"
    with pytest.raises(UnknownVariable, match=r"user_message.*are: question"):
        prompts.render_user(user_message="x")


def test_prompt(client: ConfigClient) -> None:
    prompt = client.prompt("verify")
    assert (prompt.version, prompt.variables) == (1, ("trace", "user"))
    assert prompt.render(trace="t", user="u") == "Check t of u.\n"
    with pytest.raises(MissingVariable):
        prompt.render(trace="t")


def test_settings_are_of_their_types(client: ConfigClient) -> None:
    found = client.settings("ollama")
    assert found == {
        "host": "localhost",
        "keys": ["a", {"b": 1}],
        "nothing": None,
        "ratio": 0.5,
        "timeout": 30,
        "verbose": False,
    }
    assert client.setting("ollama", "timeout", type=int) == 30
    assert client.setting("ollama", "timeout", type=float) == 30.0
    assert type(client.setting("ollama", "timeout", type=float)) is float
    with pytest.raises(Incomplete, match="ollama/timeout is int, where str"):
        client.setting("ollama", "timeout", type=str)
    with pytest.raises(Incomplete, match="is bool, where int"):
        client.setting("ollama", "verbose", type=int)
    assert client.settings("nope") == {}


def test_a_default_is_for_what_is_not_there(client: ConfigClient) -> None:
    assert client.setting("ollama", "nope", default=5) == 5
    assert client.setting("ollama", "nothing", default=5) is None  # It is there, and null.
    with pytest.raises(NotFound):
        client.setting("ollama", "nope")
    with pytest.raises(LookupError):
        client.setting("nope", "timeout")


def test_values_handed_out_are_not_the_snapshots_own(client: ConfigClient) -> None:
    client.setting("ollama", "keys").append("mine")
    client.setting("ollama", "keys")[1]["b"] = 2
    assert client.setting("ollama", "keys") == ["a", {"b": 1}]
    with pytest.raises(AttributeError):
        client.default_profile().ai_infra.llm_max_tokens = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        client.resource("setting/ollama/host")["setting_value"] = "x"  # type: ignore[index]


def test_project(client: ConfigClient) -> None:
    project = client.project("MMBL")
    assert project.environment("prod").log_base_path == "/logs/prod"
    assert project.is_file_based
    assert not project.is_loki_based
    assert project.settings == {"retention": 7}
    with pytest.raises(
        NotFound, match=r"has no environment 'uat'\. Its environments: prod, staging"
    ):
        project.environment("uat")


def test_rules(client: ConfigClient) -> None:
    assert [rule.important for rule in client.context_rules()] == ["failed"]
    (rule,) = client.negate_rules()
    assert (rule.label, rule.operator, rule.value) == ("event", "!=", "heartbeat")


def test_any_resource_by_its_address(client: ConfigClient) -> None:
    assert client.resource("profile/production/ai_infra")["llm_max_tokens"] == 60000
    assert client.resource("project/MMBL/environment/prod")["env_code"] == "prod"
    assert client.addresses("profile/*") == ["profile/production", "profile/staging"]
    for nothing in ("profile/nope", "profile", "nope/x", "profile/production/nope", "", "a\0b"):
        with pytest.raises(NotFound):
            client.resource(nothing)


def test_where_a_value_came_from(client: ConfigClient) -> None:
    assert client.origin("profile/production").source is Source.DATABASE
    assert client.profile("staging").origin.revision == 1
    entry = client.setting_entry("ollama", "timeout")
    assert (entry.value, entry.type, entry.origin.source) == (30, "int", Source.DATABASE)
    given = client.setting_entry("ollama", "nope", default=5)
    assert (given.value, given.origin.source) == (5, Source.DEFAULT)


@pytest.mark.parametrize("name", ["nope", "", "pro%", "PRODUCTION", "a\0b", "\ud800", "x" * 5000])
@pytest.mark.parametrize("lazy", [False, True])
def test_unknown_names(workspace: Workspace, name: str, lazy: bool) -> None:
    write_estate(workspace)
    with connect(workspace, lazy=lazy) as client:
        for read in (client.profile, client.prompt, client.project, client.session):
            with pytest.raises(NotFound):
                read(name)


def test_rollout_flags(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"use_db_prompts": True, "use_db_rules": "yes"}
    document = {
        "apiVersion": "configsync/v1",
        "kind": "Settings",
        "metadata": {"name": "features"},
        "spec": settings,
    }
    workspace.write("profiles/features.yaml", json.dumps(document))
    write_estate(workspace)
    with connect(workspace) as client:
        told = client.enabled_for("prompts")
        assert (bool(told), told.origin.source) == (True, Source.DATABASE)
        monkeypatch.setenv("USE_DB_PROMPTS", "off")
        told = client.enabled_for("prompts", default=True)
        assert (bool(told), told.origin.source) == (False, Source.ENVIRONMENT)
        monkeypatch.setenv("USE_DB_PROMPTS", "nonsense")
        assert client.enabled_for("prompts").origin.source is Source.DATABASE
        told = client.enabled_for("rules", default=True)  # A text is no bool.
        assert (bool(told), told.origin.source) == (True, Source.DEFAULT)
        assert not client.enabled_for("nothing")


def test_a_part_deleted_by_hand_fails_where_it_is_read(workspace: Workspace) -> None:
    write_estate(workspace)
    workspace.sql("DELETE FROM config_mlflow")
    with connect(workspace) as client:
        profile = client.profile("production")
        assert profile.ai_infra.llm_max_tokens == 60000
        with pytest.raises(Incomplete, match="profile/production/mlflow is gone"):
            profile.mlflow.experiment_name  # noqa: B018


def test_importing_takes_neither_yaml_nor_schemas_nor_a_driver() -> None:
    heavy = "click yaml jsonschema jsonschema_rs pydantic sqlalchemy alembic rich psycopg2 asyncio"
    script = (
        f"import sys, configsync.runtime\nprint([m for m in '{heavy}'.split() if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
