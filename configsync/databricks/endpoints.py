"""The serving endpoints of a workspace."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from configsync.databricks.answers import Answers, Fault, ask_listed
from configsync.databricks.errors import Missing
from configsync.databricks.workspace import Workspace

OWN = "databricks-"
"""How the names of endpoints begin that Databricks manages."""


def list_endpoints(workspace: Workspace) -> list[str]:
    """Their names, Databricks' own first. One request. Raises Unreachable or Unanswered."""
    found = workspace.ask(lambda client: [e.name for e in client.serving_endpoints.list()])
    names = {name for name in found if isinstance(name, str) and name}
    return sorted(names, key=lambda name: (not name.startswith(OWN), name))


def check_endpoints(workspace: Workspace, names: Iterable[str]) -> Answers:
    """Which endpoints there are not: one listing, and one request for each that isn't listed."""
    listed: list[str] = []

    def listing() -> list[str]:
        listed.extend(list_endpoints(workspace))
        return listed

    def check(name: str) -> Fault | None:
        try:
            workspace.ask(lambda client: client.serving_endpoints.get(name))
        except Missing:
            near = get_close_matches(name, listed, 1)
            help = f"Did you mean {near[0]}?" if near else "List them with: configsync endpoints"
            return Fault(f"the workspace has no serving endpoint {name}", help)
        return None

    return ask_listed(names, listing, check)
