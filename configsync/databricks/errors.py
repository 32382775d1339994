"""Why a workspace doesn't answer, as a clause that follows on "can't be reached:" and the like.

Only NotConfigured is a sentence, which says what to do.

::

    configsync.core.errors.ConfigsyncError
    └── WorkspaceFailure
        ├── NotConfigured      the library is missing here, or which workspace to ask
        ├── Unreachable        no answer in time: refused, silent, too busy (429) or broken (5xx)
        └── Unanswered         an answer, but not to the question: forbidden, not understood
            └── Missing        there is nothing of that name, in the workspace's own words
"""

from __future__ import annotations

from configsync.core.errors import ConfigsyncError


class WorkspaceFailure(ConfigsyncError):
    """The base of all."""


class NotConfigured(WorkspaceFailure):
    """The library isn't installed, or nothing says which workspace to ask and as whom."""


class Unreachable(WorkspaceFailure):
    """The workspace didn't answer in time. Asking again later may help, at once it won't."""


class Unanswered(WorkspaceFailure):
    """The workspace answered, but not what was asked for."""


class Missing(Unanswered):
    """The workspace says that there is nothing of that name."""
