"""The parts of a profile that it has once, what a workspace offers, and history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from configsync.core import address
from configsync.core.resource import ResourceType
from configsync.core.revision import HistoryEntry
from configsync.kinds.profile import AI_INFRA, KIND, MLFLOW, PROFILE, PROMPTS
from configsync.services.endpoints import list_endpoints
from configsync.services.errors import Invalid, NotFound
from configsync.services.model import AiInfra, Mlflow, Prompts
from configsync.services.profiles import read_profile
from configsync.services.service import Service
from configsync.services.write import Draft

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient


class ConfigService(Service):
    """Reads and changes the parts of a profile, as `ProfileService` does profiles.

    In an update, what isn't given stays. Every call that names a profile but
    `history` raises NotFound if there is none of that name.
    """

    def get_ai_infra(self, profile: str) -> AiInfra:
        """The model that answers, and its limits."""
        with self.database.reading() as transaction:
            found = read_profile(transaction, profile).ai_infra
        return found or _no(AI_INFRA, profile)

    def update_ai_infra(
        self,
        profile: str,
        *,
        user: str,
        llm_endpoint: str | None = None,
        llm_temperature: float | None = None,
        llm_max_tokens: int | None = None,
    ) -> AiInfra:
        """Change the model that answers, or its limits. Raises Invalid."""
        given = {
            "llm_endpoint": llm_endpoint,
            "llm_temperature": llm_temperature,
            "llm_max_tokens": llm_max_tokens,
        }
        return AiInfra(**self._update(AI_INFRA, profile, user, given))

    def get_mlflow(self, profile: str) -> Mlflow:
        """Where runs are traced."""
        with self.database.reading() as transaction:
            found = read_profile(transaction, profile).mlflow
        return found or _no(MLFLOW, profile)

    def update_mlflow(self, profile: str, experiment_name: str, *, user: str) -> Mlflow:
        """Change where runs are traced. Raises Invalid."""
        given = {"experiment_name": experiment_name}
        return Mlflow(**self._update(MLFLOW, profile, user, given))

    def get_prompts(self, profile: str) -> Prompts:
        """What the model is told."""
        with self.database.reading() as transaction:
            found = read_profile(transaction, profile).prompts
        return found or _no(PROMPTS, profile)

    def update_prompts(
        self,
        profile: str,
        *,
        user: str,
        system_prompt: str | None = None,
        slide_editing_instructions: str | None = None,
        user_prompt_template: str | None = None,
    ) -> Prompts:
        """Change what the model is told. Raises Invalid."""
        given = {
            "system_prompt": system_prompt,
            "slide_editing_instructions": slide_editing_instructions,
            "user_prompt_template": user_prompt_template,
        }
        return Prompts(**self._update(PROMPTS, profile, user, given))

    def available_endpoints(self, workspace: WorkspaceClient | None = None) -> list[str]:
        """The serving endpoints of a Databricks workspace, Databricks' own first, each by name.

        Empty, with a warning in the log, if the workspace can't be reached
        within seconds. ``workspace`` is by default what the environment says
        (``DATABRICKS_HOST`` and so on). Raises WorkspaceError if the extra
        ``configsync[databricks]`` isn't installed, or the workspace refuses.
        """
        return list_endpoints(workspace)

    def history(
        self,
        profile: str | None = None,
        *,
        domain: str | None = None,
        user: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = 100,
    ) -> list[HistoryEntry]:
        """What was changed in profiles, newest first, at most ``limit`` entries.

        Of one profile, its history under former names included, and after it
        was deleted; of one ``domain`` (``profile``, ``ai_infra``,
        ``genie_space``, ``mlflow``, ``prompts``); by one user; from ``since``
        on, before ``until``. Raises Invalid for a domain that isn't one of these.
        """
        domains = [t.domain for t in KIND.types]
        if domain not in (None, *domains):
            raise Invalid(f"There is no domain {domain}. The domains are: {', '.join(domains)}.")
        pattern = address.join(PROFILE.domain, "*" if profile is None else profile)
        return self._history(
            pattern, domain=domain, user=user, since=since, until=until, limit=limit
        )

    def _update(
        self, type_: ResourceType, profile: str, user: str, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Lay what isn't None over a part; returns the part's values then."""
        given = {k: v for k, v in given.items() if v is not None}

        def edit(draft: Draft) -> None:
            draft.take(profile)["spec"].setdefault(type_.domain, {}).update(given)

        state = self._write(KIND, user, edit)
        root = address.join(PROFILE.domain, profile)
        return state[type_.address({}, root)].values


def _no(type_: ResourceType, profile: str) -> Any:
    raise NotFound(f"The profile {profile} has no {type_.domain} any more.")
