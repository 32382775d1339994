"""What applications read, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from configsync.core import template
from configsync.core.values import Json
from configsync.runtime.errors import Incomplete, NotFound


class Source(StrEnum):
    """Where a value came from; ``default`` is the code's own, ``environment`` a variable of it."""

    DATABASE = "database"
    CACHE = "cache"
    FALLBACK = "fallback"
    ENVIRONMENT = "environment"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from.

    ``revision`` is the one that it was read at, which may be older than the
    snapshot's: what doesn't change isn't read again. It is 0 for what no
    database had.
    """

    source: Source
    revision: int = 0


@dataclass(frozen=True, slots=True)
class AiInfra:
    """The model that answers, and its limits."""

    llm_endpoint: str
    llm_temperature: float
    llm_max_tokens: int


@dataclass(frozen=True, slots=True)
class GenieSpace:
    """A Genie space that the application may ask; one of a profile's is the default."""

    space_id: str
    space_name: str | None = None
    description: str | None = None
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Mlflow:
    """Where runs are traced."""

    experiment_name: str


@dataclass(frozen=True, slots=True)
class Prompts:
    """What a profile tells the model, to the byte as it was written."""

    system_prompt: str
    slide_editing_instructions: str
    user_prompt_template: str

    def render_system(self, **values: object) -> str:
        """The system prompt with ``{name}`` replaced for each value; see `render_user`."""
        return template.fill(self.system_prompt, values)

    def render_user(self, **values: object) -> str:
        """The user's message: the template with ``{name}`` replaced by each value.

        All else arrives to the byte, other braces included, and values aren't
        looked into again. Raises `configsync.core.template.UnknownVariable` for
        a value that the template has no place for.
        """
        return template.fill(self.user_prompt_template, values)


@dataclass(frozen=True, slots=True)
class Missing:
    """Stands for a part of a profile whose row somebody deleted: each read of it raises."""

    address: str

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        raise Incomplete(
            f"{self.address} is gone: somebody deleted its row past configsync. "
            "configsync drift shows it, configsync apply brings it back."
        )


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile with all of its parts; ``genie_spaces`` has the default first, then by id.

    Where somebody deleted a part's row past configsync, reading a field of
    that part raises Incomplete.
    """

    name: str
    description: str | None
    is_default: bool
    ai_infra: AiInfra
    genie_spaces: tuple[GenieSpace, ...]
    mlflow: Mlflow
    prompts: Prompts
    origin: Origin

    @property
    def genie_space(self) -> GenieSpace:
        """The default Genie space. Raises NotFound if none is."""
        for space in self.genie_spaces:
            if space.is_default:
                return space
        raise NotFound(f"The profile {self.name} has no default Genie space.")


@dataclass(frozen=True, slots=True)
class Prompt:
    """The active version of a prompt."""

    name: str
    version: int
    content: str
    variables: tuple[str, ...]
    agent: str | None
    type: str | None
    origin: Origin

    def render(self, **values: object) -> str:
        """The text with values in the place of its variables; all else to the byte.

        Raises a `configsync.core.template.RenderError`: MissingVariable for a
        variable without a value, UnknownVariable for a value without a
        variable, UnclearSyntax, UnfitValue.
        """
        return template.render(self.content, self.variables, values)


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting. ``value`` is of its ``type``: string, int, float, bool or json; or None."""

    category: str
    key: str
    value: Json
    type: str | None
    description: str | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment of a project, and where its logs are."""

    env_code: str
    env_name: str | None
    loki_namespace: str | None
    log_base_path: str | None


@dataclass(frozen=True, slots=True)
class Project:
    """A project, where its logs come from, and its settings' values by key."""

    code: str
    project_name: str
    log_source_type: str
    description: str | None
    environments: tuple[Environment, ...]
    settings: Mapping[str, Json]
    origin: Origin
    _by_code: Mapping[str, Environment] = field(repr=False, compare=False, default_factory=dict)

    def environment(self, code: str) -> Environment:
        """An environment by its own code, never another's. Raises NotFound."""
        try:
            return self._by_code[code]
        except KeyError:
            known = ", ".join(e.env_code for e in self.environments) or "none"
            raise NotFound(
                f"The project {self.code} has no environment {code!r}. Its environments: {known}."
            ) from None

    @property
    def is_file_based(self) -> bool:
        """Whether the project's logs are files."""
        return self.log_source_type == "file"

    @property
    def is_loki_based(self) -> bool:
        """Whether the project's logs are in Loki."""
        return self.log_source_type == "loki"


@dataclass(frozen=True, slots=True)
class ContextRule:
    """What matters in one context of logs, and what doesn't."""

    context: str
    important: str | None
    ignore: str | None
    description: str | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class NegateRule:
    """Log lines to leave out: those whose label compares so."""

    label: str
    operator: str
    value: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Flag:
    """Whether a feature is on, and what said so."""

    enabled: bool
    origin: Origin

    def __bool__(self) -> bool:
        return self.enabled
