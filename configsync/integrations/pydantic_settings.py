"""pydantic-settings: values of a settings class from the database.

::

    class Ollama(BaseSettings):
        timeout: int = 10

        @classmethod
        def settings_customise_sources(
            cls, settings_cls, init_settings, env_settings, dotenv_settings, file_secret_settings
        ):
            return init_settings, env_settings, CategorySource(settings_cls, client, "ollama")

Earlier sources win: here a variable of the environment does, then the
database, then the default of the class. Fields are found by their validation
aliases, or else by their names, to the letter. What the database hasn't isn't
supplied; what it has beside the fields is left alone.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import fields
from typing import Any

from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from configsync.runtime import (
    AiInfra,
    ConfigClient,
    GenieSpace,
    Mlflow,
    NotFound,
    Prompts,
    Snapshot,
)

Reader = ConfigClient | Snapshot

_PARTS = {"ai_infra": AiInfra, "mlflow": Mlflow, "prompts": Prompts}


class _Source(PydanticBaseSettingsSource):
    """What both sources share: which names a field may have, and one revision a call."""

    def __init__(self, settings_cls: type[BaseSettings], reader: Reader) -> None:
        super().__init__(settings_cls)
        self._reader = reader

    @abstractmethod
    def _values(self, snapshot: Snapshot, names: set[str]) -> dict[str, Any]:
        """The values of those names that have one."""

    def __call__(self) -> dict[str, Any]:
        return self._of(self.settings_cls.model_fields)

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """A field's value, None if it has none; the name that it is passed by; and False."""
        found = self._of({field_name: field})
        key = self._names(field_name, field)[0]
        return found.get(key), key, False

    def _of(self, wanted: dict[str, FieldInfo]) -> dict[str, Any]:
        reader = self._reader
        snapshot = reader.pin() if isinstance(reader, ConfigClient) else reader
        names = {name: self._names(name, field) for name, field in wanted.items()}
        values = self._values(snapshot, {n for known in names.values() for n in known})
        return {
            known[0]: next(values[n] for n in known if n in values)
            for known in names.values()
            if any(n in values for n in known)
        }

    def _names(self, field_name: str, field: FieldInfo) -> list[str]:
        """By which names a field is looked for; the first is the one that pydantic gets."""
        match field.validation_alias:
            case str(alias):
                names = [alias]
            case AliasChoices(choices=choices):
                names = [c for c in choices if isinstance(c, str)]
            case _:
                names = []
        if not names or self.config.get("populate_by_name") or self.config.get("validate_by_name"):
            names.append(field_name)
        return names


class CategorySource(_Source):
    """The settings of a category, of the types that they have in the database; null is None.

    ``reader`` is a client, of which each instance of the class gets the newest
    revision, or a snapshot: several sources of one snapshot agree. Raises
    Incomplete for a value that somebody wrote past configsync and that isn't
    of its type.
    """

    def __init__(self, settings_cls: type[BaseSettings], reader: Reader, category: str) -> None:
        super().__init__(settings_cls, reader)
        self._category = category

    def _values(self, snapshot: Snapshot, names: set[str]) -> dict[str, Any]:
        found = {}
        for name in names:
            try:
                found[name] = snapshot.setting(self._category, name)
            except NotFound:
                continue
        return found

    def __repr__(self) -> str:
        return f"CategorySource(category={self._category!r})"


class ProfileSource(_Source):
    """A profile: ``ai_infra``, ``mlflow`` and ``prompts`` for nested models, ``genie_spaces`` for
    a list of them, ``name`` and ``description``.

    ``profile`` is a name, or None for the default profile. Where there is no
    such profile, NotFound is raised: a misspelt name must not mean the
    defaults. Raises Incomplete if somebody deleted a part past configsync.
    ``reader`` is as `CategorySource` has it.
    """

    def __init__(
        self, settings_cls: type[BaseSettings], reader: Reader, profile: str | None = None
    ) -> None:
        super().__init__(settings_cls, reader)
        self._profile = profile

    def _values(self, snapshot: Snapshot, names: set[str]) -> dict[str, Any]:
        name = self._profile
        profile = snapshot.default_profile() if name is None else snapshot.profile(name)
        found: dict[str, Any] = {"name": profile.name, "description": profile.description}
        found["genie_spaces"] = [_filled(space, GenieSpace) for space in profile.genie_spaces]
        # Only of the parts that are asked for, reading may raise.
        parts = _PARTS.keys() & names
        found |= {part: _filled(getattr(profile, part), _PARTS[part]) for part in parts}
        return {n: found[n] for n in names & found.keys() if found[n] is not None}

    def __repr__(self) -> str:
        return f"ProfileSource(profile={self._profile!r})"


def _filled(part: object, type_: type[AiInfra | GenieSpace | Mlflow | Prompts]) -> dict[str, Any]:
    """The values of a part that are given, by the fields of its type: it may be a `Missing`."""
    values = {field.name: getattr(part, field.name) for field in fields(type_)}
    return {name: value for name, value in values.items() if value is not None}
