"""Whether an application can trace its runs to MLflow experiments of a workspace."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from configsync.databricks.answers import Answers, Fault, ask_each
from configsync.databricks.errors import Missing, Unanswered
from configsync.databricks.workspace import Workspace, username

USERNAME = "{username}"
"""Stands in a path for whoever the application runs as."""

_ROOTS = ("", "/Workspace")
"""Folders that every workspace has."""


def check_experiments(workspace: Workspace, paths: Iterable[str]) -> Answers:
    """Which paths no experiment can have, or has no more.

    One request for each path: listing would go through all experiments of the
    workspace, mostly other people's. One more for each folder of an
    experiment that isn't there yet, which MLflow creates, but not its folder;
    and one, if any path has `USERNAME`, for who asks.
    """
    parents = cache(lambda folder: _folder_fault(workspace, folder))
    who = cache(lambda: username(workspace))

    def check(path: str) -> Fault | None:
        name = path.replace(USERNAME, who()) if USERNAME in path else path
        if any(step in ("", ".", "..") for step in name.removeprefix("/").split("/")):
            return Fault(
                f"no experiment can have the path {path}",
                "Write folders and a name with one / between them, and none at the end.",
            )
        try:
            found = workspace.ask(lambda client: client.experiments.get_by_name(name).experiment)
        except Missing:
            return parents(name.rpartition("/")[0])
        if found is None:
            raise Unanswered("what the workspace answered can't be understood")
        if found.lifecycle_stage == "deleted":
            return Fault(
                f"the experiment {name} is deleted",
                "Restore it in the workspace, or name another one.",
            )
        return None

    return ask_each(paths, check)


def _folder_fault(workspace: Workspace, folder: str) -> Fault | None:
    """Why no experiment can be created in a folder."""
    if folder in _ROOTS:
        return None
    try:
        kind = workspace.ask(lambda client: client.workspace.get_status(folder).object_type)
    except Missing:
        return Fault(
            f"the experiment's folder {folder} is not in the workspace",
            "Create the folder, or name one that is there.",
        )
    if kind is None:
        raise Unanswered("what the workspace answered can't be understood")
    if kind.value not in ("DIRECTORY", "REPO"):
        return Fault(
            f"the experiment's folder {folder} is no folder, but a {kind.value.lower()}",
            "Name a folder.",
        )
    return None
