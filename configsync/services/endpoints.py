"""The serving endpoints that a Databricks workspace has."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from configsync.databricks import endpoints
from configsync.databricks.errors import Unreachable, WorkspaceFailure
from configsync.databricks.workspace import Workspace, require_library
from configsync.services.errors import WorkspaceError

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

_log = logging.getLogger(__name__)


def list_endpoints(workspace: WorkspaceClient | None = None) -> list[str]:
    """Their names, Databricks' own first; empty if the workspace can't be reached.

    ``workspace`` asks by its own timeouts, but for half a minute at most. Raises
    WorkspaceError if the library isn't installed, isn't told of a workspace,
    or the workspace refuses.
    """
    try:
        require_library()
        asked = Workspace(workspace) if workspace else Workspace.connect()
        return endpoints.list_endpoints(asked)
    except Unreachable as error:
        _log.warning("the Databricks workspace can't be reached: %s", error)
        return []
    except WorkspaceFailure as error:
        reason = str(error).rstrip(".")
        raise WorkspaceError(f"The serving endpoints can't be listed: {reason}.") from error
