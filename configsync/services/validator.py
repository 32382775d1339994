"""The check of values before somebody writes them, as for a form."""

from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType
from typing import Any

from configsync.core.diagnostic import Diagnostic, Severity
from configsync.kinds.defaults import new_profile
from configsync.kinds.profile import KIND
from configsync.services.check import check, telling
from configsync.services.profiles import space_document

_NAME = "checked"


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """What is wrong with values or may be, as `configsync validate` would say it."""

    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether there are no errors."""
        return not self.errors

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """What a write is refused for."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What to look at again."""
        return tuple(d for d in self.diagnostics if d.severity is not Severity.ERROR)


class ConfigValidator:
    """Holds values to the schema, the rules and the columns that documents in git are held to.

    What isn't given isn't checked. Nothing is read or written.
    """

    def validate_ai_infra(
        self,
        llm_endpoint: str | EllipsisType = ...,
        llm_temperature: float | EllipsisType = ...,
        llm_max_tokens: int | EllipsisType = ...,
    ) -> ValidationResult:
        """Check the model that answers, and its limits."""
        return _validate(
            "ai_infra",
            llm_endpoint=llm_endpoint,
            llm_temperature=llm_temperature,
            llm_max_tokens=llm_max_tokens,
        )

    def validate_genie_space(
        self,
        space_id: str,
        space_name: str | None = None,
        description: str | None = None,
    ) -> ValidationResult:
        """Check a Genie space by itself."""
        given = {"space_id": space_id, "space_name": space_name, "description": description}
        document = space_document(given)
        return _checked("genie_spaces", [{"space_id": space_id, **document}])

    def validate_mlflow(self, experiment_name: str) -> ValidationResult:
        """Check where runs are traced."""
        return _validate("mlflow", experiment_name=experiment_name)

    def validate_prompts(
        self,
        system_prompt: str | EllipsisType = ...,
        slide_editing_instructions: str | EllipsisType = ...,
        user_prompt_template: str | EllipsisType = ...,
    ) -> ValidationResult:
        """Check what the model is told."""
        return _validate(
            "prompts",
            system_prompt=system_prompt,
            slide_editing_instructions=slide_editing_instructions,
            user_prompt_template=user_prompt_template,
        )


def _validate(section: str, **fields: Any) -> ValidationResult:
    given = {k: v for k, v in fields.items() if not isinstance(v, EllipsisType)}
    return _checked(section, {**new_profile(_NAME)[section], **given})


def _checked(section: str, value: Any) -> ValidationResult:
    """Check a section within a profile that is valid but for it."""
    body = {"metadata": {"name": _NAME}, "spec": {**new_profile(_NAME), section: value}}
    found = telling(check(KIND, _NAME, body).diagnostics)
    return ValidationResult(tuple(d for d in found if d.path.startswith(f"spec.{section}")))
