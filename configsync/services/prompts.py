"""Prompts, of which the database keeps every version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from configsync.core import address, template
from configsync.core.revision import HistoryEntry
from configsync.core.template import RenderError, Syntax
from configsync.kinds.prompt import KIND, PROMPT
from configsync.services.errors import Invalid, NotFound
from configsync.services.model import PromptVersion
from configsync.services.service import Service
from configsync.services.write import Draft, is_storable
from configsync.store.roots import Version, read_versions

Versions: TypeAlias = list[PromptVersion]
Entries: TypeAlias = list[HistoryEntry]
"""By these names, since within the service ``list`` is a method."""


class PromptService(Service):
    """Reads prompts, renders them, and publishes and activates versions.

    One version of a prompt is active. Writes are as those of `ProfileService`.
    """

    def list(self) -> Versions:
        """The active version of each prompt, by name."""
        with self.database.reading() as transaction:
            return [_version(row) for row in read_versions(transaction, PROMPT)]

    def get_active(self, name: str) -> PromptVersion:
        """The active version of a prompt. Raises NotFound if none is."""
        for version in self.version_history(name):
            if version.is_active:
                return version
        raise NotFound(f"No version of the prompt {name!r} is active.")

    def version_history(self, name: str) -> Versions:
        """Every version of a prompt, the newest first. Raises NotFound if there is none."""
        found: list[Version] = []
        if is_storable(name):
            with self.database.reading() as transaction:
                found = read_versions(transaction, PROMPT, name)
        if not found:
            raise NotFound(f"There is no prompt {name!r}.")
        return [_version(row) for row in found]

    def changelog(self, name: str, *, limit: int | None = None) -> Entries:
        """What was changed of a prompt, by whom and when, newest first.

        Under former names too, and after it was deleted.
        """
        return self._history(address.join(PROMPT.domain, name), limit=limit)

    def render(
        self, name: str, values: Mapping[str, object] | None = None, /, **more: object
    ) -> str:
        """The active version's text with values in the place of its variables.

        ``render("verify", {"question": …})`` or ``render("verify", question=…)``.
        All else arrives to the byte. Raises NotFound; Invalid for a variable
        without a value, a value without a variable, and a text that its
        application fills in by means of its own.
        """
        active = self.get_active(name)
        try:
            return template.render(active.content, active.variables, {**(values or {}), **more})
        except RenderError as error:
            raise Invalid(str(error)) from error

    def create_version(
        self,
        name: str,
        content: str,
        *,
        user: str,
        variables: Iterable[str] | None = None,
        agent: str | None = None,
        type: str | None = None,
        syntax: str | None = None,
    ) -> PromptVersion:
        """Publish a text as the next version and activate it; of a new prompt, as the first one.

        What isn't given is as in the active version; with the same text and
        variables as that, it stays. ``syntax`` is what a document may say:
        ``template`` for ``$name``, ``format`` for ``{name}``, ``none`` for a
        text that isn't looked at; by default whichever uses the variables.
        Raises Invalid.
        """
        given: dict[str, Any] = {"content": content, "agent": agent, "type": type, "syntax": syntax}
        if variables is not None:
            given["variables"] = [*variables]

        def edit(draft: Draft) -> None:
            if not draft.has(name):
                draft.add(name, {"metadata": {}, "spec": _given(given)})
                return
            spec = draft.take(name)["spec"]
            if spec.get("syntax") != Syntax.NONE:
                # Another text may be written in the other one.
                spec.pop("syntax", None)
            spec |= _given(given)

        self._write(KIND, user, edit)
        return self.get_active(name)

    def rollback_to_version(self, name: str, version: int, *, user: str) -> PromptVersion:
        """Activate a version that was published, as it was. Raises NotFound."""

        def edit(draft: Draft) -> None:
            spec = {"version": version}
            if draft.has(name):
                draft.take(name)["spec"] = spec
            else:
                draft.add(name, {"metadata": {}, "spec": spec})

        self._write(KIND, user, edit)
        return self.get_active(name)


def _given(given: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in given.items() if v is not None}


def _version(row: Version) -> PromptVersion:
    values: dict[str, Any] = row.values
    return PromptVersion(
        name=values["prompt_name"],
        version=values["version"],
        content=values["prompt_content"],
        variables=tuple(values["variables"]),
        agent=values["agent_name"],
        type=values["prompt_type"],
        is_active=row.is_active,
        created_at=row.created_at,
        created_by=row.created_by,
        deactivated_at=row.deactivated_at,
    )
