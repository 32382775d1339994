"""Errors of reads. What is away or fails in the background raises nothing: see `Status`.

::

    configsync.core.errors.ConfigsyncError
    ├── RuntimeReadError
    │   ├── NotFound           nothing has this name; a LookupError too
    │   ├── Incomplete         somebody deleted or wrote a row past configsync
    │   └── NotLoaded          a lazy client would have to wait for the database in an event loop
    ├── UsageError             what is asked for can't be, as a URL that is none
    └── DatabaseError          the database is away, not migrated, or another one
        └── Unavailable        nothing to start from: neither database, nor cache, nor fallback

and `configsync.core.template.RenderError`, a ValueError, of prompts whose values
don't fit. All are importable from `configsync.runtime`.
"""

from __future__ import annotations

from configsync.core.errors import ConfigsyncError, DatabaseError


class RuntimeReadError(ConfigsyncError):
    """The base of what reads raise."""


class NotFound(RuntimeReadError, LookupError):
    """Nothing has this name."""


class Incomplete(RuntimeReadError):
    """What somebody wrote past configsync can't be read as what it should be."""


class NotLoaded(RuntimeReadError):
    """A first read would wait for the database, within an event loop that must not wait."""


class Unavailable(DatabaseError):
    """The database is away, and there is neither a good cache file nor a fallback."""
