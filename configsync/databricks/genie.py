"""The Genie spaces of a workspace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from configsync.databricks.answers import Answers, Fault, ask_listed
from configsync.databricks.errors import Missing, Unanswered
from configsync.databricks.workspace import Workspace

PAGE = 100
"""Spaces that one request lists, the most that it may."""

MAX_PAGES = 100
"""Requests after which a listing has no end."""


@dataclass(frozen=True, slots=True)
class Space:
    """A Genie space: what configurations name it by, and what people do."""

    space_id: str
    title: str


def list_spaces(workspace: Workspace) -> list[Space]:
    """The spaces that the one who asks may see, by title; one request for each 100 of them.

    Raises Unreachable or Unanswered.
    """
    found: dict[str, Space] = {}
    tokens: set[str] = set()
    token: str | None = None
    for _ in range(MAX_PAGES):
        page = workspace.ask(
            lambda client, at=token: client.genie.list_spaces(  # type: ignore[misc]
                page_size=PAGE, page_token=at
            )
        )
        for space in page.spaces or ():
            if not isinstance(space.space_id, str):
                raise Unanswered("what the workspace answered can't be understood")
            found[space.space_id] = Space(space.space_id, str(space.title or ""))
        token = page.next_page_token
        if not token:
            return sorted(found.values(), key=lambda s: (s.title, s.space_id))
        if token in tokens:
            break
        tokens.add(token)
    raise Unanswered("the workspace's list of Genie spaces has no end")


def check_spaces(workspace: Workspace, ids: Iterable[str]) -> Answers:
    """Which spaces there are not: one listing, and one request for each that isn't listed."""

    def check(space_id: str) -> Fault | None:
        try:
            workspace.ask(lambda client: client.genie.get_space(space_id))
        except Missing:
            return Fault(
                f"the workspace has no Genie space {space_id}",
                "List them with: configsync genie-spaces",
            )
        return None

    return ask_listed(ids, lambda: [s.space_id for s in list_spaces(workspace)], check)
