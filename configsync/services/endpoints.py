"""The serving endpoints that a Databricks workspace has."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from configsync.services.errors import WorkspaceError

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

OWN = "databricks-"
"""How the names of endpoints begin that Databricks manages."""

REQUEST_TIMEOUT = 3
RETRY_TIMEOUT = 1
"""Seconds for a request, and in which one that fails is repeated; the library has 60 and 300."""

_log = logging.getLogger(__name__)


def list_endpoints(workspace: WorkspaceClient | None = None) -> list[str]:
    """Their names, Databricks' own first; empty if the workspace can't be reached.

    Raises WorkspaceError if the library isn't installed, isn't told of a
    workspace, or the workspace refuses.
    """
    try:
        # Loading it takes seconds.
        from databricks.sdk.errors.base import DatabricksError
    except ImportError as error:
        raise WorkspaceError(
            "Databricks can't be asked: its library isn't installed. "
            "Run: pip install 'configsync[databricks]'"
        ) from error
    try:
        found = [e.name for e in (workspace or _connect()).serving_endpoints.list() if e.name]
    except DatabricksError as error:
        raise WorkspaceError(f"The Databricks workspace refused: {error}") from error
    except (OSError, TimeoutError) as error:
        _log.warning("the Databricks workspace can't be reached: %s", error)
        return []
    except ValueError as error:
        raise WorkspaceError(f"It isn't said which Databricks workspace to ask: {error}") from error
    return sorted(found, key=lambda name: (not name.startswith(OWN), name))


def _connect() -> WorkspaceClient:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.core import Config

    return WorkspaceClient(
        config=Config(http_timeout_seconds=REQUEST_TIMEOUT, retry_timeout_seconds=RETRY_TIMEOUT)
    )
