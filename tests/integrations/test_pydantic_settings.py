"""pydantic-settings: which values a settings class gets, and from where."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import AliasChoices, BaseModel, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from configsync.integrations.pydantic_settings import CategorySource, ProfileSource, Reader
from configsync.runtime import ConfigClient, Incomplete, NotFound
from tests.conftest import Workspace
from tests.integrations.conftest import set_value

Sources = tuple[PydanticBaseSettingsSource, ...]


class FromDatabase(BaseSettings):
    """Settings whose classes name a source after the environment."""

    model_config = SettingsConfigDict(env_nested_delimiter="__")

    @classmethod
    def source(cls) -> PydanticBaseSettingsSource:
        raise NotImplementedError

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> Sources:
        return init_settings, env_settings, cls.source()


def filled(cls: type[BaseSettings], source: PydanticBaseSettingsSource, **given: Any) -> Any:
    """An instance of a class whose source after the environment is this one."""

    class Filled(cls, FromDatabase):  # type: ignore[misc, valid-type]
        @classmethod
        def source(cls) -> PydanticBaseSettingsSource:
            return source

    return Filled(**given)


class Ollama(BaseSettings):
    timeout: int = 10
    temperature: float = 0.0
    model: str = "none"
    stream: bool = False
    stop: list[str] = []
    options: dict[str, int] = {}
    proxy: str | None = "unset"
    absent: str = "of the class"


def category(cls: type[BaseSettings], reader: Reader, name: str = "ollama") -> Any:
    return filled(cls, CategorySource(cls, reader, name))


def test_fields_have_the_typed_values_of_a_category(client: ConfigClient) -> None:
    assert category(Ollama, client).model_dump() == {
        "timeout": 30,
        "temperature": 0.5,
        "model": "llama3",
        "stream": True,
        "stop": ["###"],
        "options": {"num_ctx": 4096},
        "proxy": None,
        "absent": "of the class",
    }


def test_what_is_not_in_the_database_is_not_supplied(client: ConfigClient) -> None:
    class Required(BaseSettings):
        timeout: int
        absent: str

    assert category(Ollama, client, "elsewhere").timeout == 10
    with pytest.raises(ValidationError, match=r"(?s)1 validation error.*absent.*Field required"):
        category(Required, client)


def test_earlier_sources_win(client: ConfigClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMEOUT", "5")
    monkeypatch.setenv("OPTIONS__SEED", "7")
    found = filled(Ollama, CategorySource(Ollama, client, "ollama"), model="given")
    assert (found.timeout, found.model, found.temperature) == (5, "given", 0.5)
    assert found.options == {"num_ctx": 4096, "seed": 7}


@pytest.mark.parametrize("alias", ["timeout", AliasChoices("other", "timeout")])
def test_an_alias_is_the_key(
    client: ConfigClient, alias: str | AliasChoices, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Aliased(BaseSettings):
        seconds: int = Field(1, validation_alias=alias)

    assert category(Aliased, client).seconds == 30
    monkeypatch.setenv("TIMEOUT", "5")
    assert category(Aliased, client).seconds == 5


def test_a_field_with_an_alias_is_found_by_name_where_the_class_says_so(
    client: ConfigClient,
) -> None:
    class Strict(BaseSettings):
        timeout: int = Field(1, validation_alias="seconds")

    class ByName(Strict):
        model_config = SettingsConfigDict(populate_by_name=True)

    assert category(Strict, client).timeout == 1
    assert category(ByName, client).timeout == 30


def test_a_value_of_another_type_is_an_error_that_names_the_field(client: ConfigClient) -> None:
    class Wrong(BaseSettings):
        model: int

    with pytest.raises(ValidationError, match=r"(?s)model.*valid integer.*'llama3'"):
        category(Wrong, client)


def test_a_client_gives_the_newest_values_and_a_snapshot_its_own(
    applied: Workspace, client: ConfigClient
) -> None:
    snapshot = client.pin()
    set_value(applied, "ollama", "timeout", 31)
    client.refresh()
    assert category(Ollama, client).timeout == 31
    assert category(Ollama, snapshot).timeout == 30


def test_values_are_nobody_elses(client: ConfigClient) -> None:
    CategorySource(Ollama, client, "ollama")()["stop"].append("x")
    assert category(Ollama, client).stop == ["###"]


def test_a_value_that_was_spoilt_past_configsync_is_an_error_only_where_it_is_a_field(
    applied: Workspace, client: ConfigClient
) -> None:
    class Other(BaseSettings):
        model: str

    applied.sql("UPDATE app_settings SET setting_value = 'x' WHERE setting_key = 'timeout'")
    client.refresh()
    assert category(Other, client).model == "llama3"
    with pytest.raises(Incomplete, match="timeout of setting/ollama/timeout is kept as int"):
        category(Ollama, client)


class AiInfra(BaseModel):
    llm_endpoint: str
    llm_temperature: float


class Space(BaseModel):
    space_id: str
    description: str = "of the class"


class Slides(BaseSettings):
    name: str
    description: str = "of the class"
    ai_infra: AiInfra
    genie_spaces: list[Space]


def test_nested_models_have_the_values_of_a_profile(client: ConfigClient) -> None:
    default = filled(Slides, ProfileSource(Slides, client)).model_dump()
    named = filled(Slides, ProfileSource(Slides, client.pin(), "production")).model_dump()
    assert default == named
    assert default == {
        "name": "production",
        "description": "of the class",
        "ai_infra": {"llm_endpoint": "databricks-claude", "llm_temperature": 0.7},
        "genie_spaces": [{"space_id": "01effebcc2781b6b", "description": "of the class"}],
    }


def test_one_nested_field_may_come_from_an_earlier_source(
    client: ConfigClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AI_INFRA__LLM_TEMPERATURE", "0.1")
    found = filled(Slides, ProfileSource(Slides, client))
    assert found.ai_infra == AiInfra(llm_endpoint="databricks-claude", llm_temperature=0.1)


def test_a_profile_that_is_not_there_is_an_error(client: ConfigClient) -> None:
    with pytest.raises(NotFound, match="There is no profile 'producton'"):
        filled(Slides, ProfileSource(Slides, client, "producton"))


def test_a_part_that_was_deleted_past_configsync_is_an_error_where_it_is_a_field(
    applied: Workspace, client: ConfigClient
) -> None:
    class Name(BaseSettings):
        name: str

    applied.sql("DELETE FROM config_ai_infra")
    client.refresh()
    assert filled(Name, ProfileSource(Name, client)).name == "production"
    with pytest.raises(Incomplete, match="profile/production/ai_infra is gone"):
        filled(Slides, ProfileSource(Slides, client))


def test_two_sources_of_a_snapshot_fill_one_class(client: ConfigClient) -> None:
    class Both(BaseSettings):
        timeout: int
        ai_infra: AiInfra

        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *sources: Any, **named: Any
        ) -> Sources:
            snapshot = client.pin()
            return (
                CategorySource(settings_cls, snapshot, "ollama"),
                ProfileSource(settings_cls, snapshot),
            )

    both = Both()  # type: ignore[call-arg]
    assert (both.timeout, both.ai_infra.llm_endpoint) == (30, "databricks-claude")
    source = CategorySource(Both, client, "ollama")
    assert source.get_field_value(Both.model_fields["timeout"], "timeout") == (30, "timeout", False)
