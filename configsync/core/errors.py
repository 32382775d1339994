"""Exceptions: the environment failed, or the user must decide. Never a mistake in YAML.

::

    ConfigsyncError            exit 1
    ├── UsageError             the command's words or the settings are wrong
    ├── PluginError            an installed package adds what can't be used
    ├── CannotEdit             an edit of YAML is not certain to be right (`configsync.edit.splice`)
    ├── DatabaseError          the database is away, not migrated, not writable
    │   ├── Contended          the database gave the transaction up for another's
    │   └── OutcomeUnknown     the reply to COMMIT was lost
    ├── StalePlan              exit 3: a row that the plan touches has moved
    ├── Refused                exit 4: a policy stands against it
    └── LockTimeout            exit 5: another writer holds the lock

Mistakes in what people wrote are `configsync.core.diagnostic.Diagnostic`,
collected and shown together.
"""

from __future__ import annotations


class ConfigsyncError(Exception):
    """The base of all; its text is one or two sentences that say what to do."""

    exit_code = 1


class UsageError(ConfigsyncError):
    """The command line or the settings ask for something that can't be."""


class PluginError(ConfigsyncError):
    """An installed package adds a kind or a rule that can't be loaded, or collides with another."""


class DatabaseError(ConfigsyncError):
    """The database can't be used as it is, or refused a statement."""


class Contended(DatabaseError):
    """A deadlock or a serialisation failure: the whole transaction may be run again."""


class OutcomeUnknown(DatabaseError):
    """COMMIT was sent and no reply came, and the database can't be asked."""


class StalePlan(ConfigsyncError):
    """The plan was made for a database that has since changed under it."""

    exit_code = 3


class Refused(ConfigsyncError):
    """A policy stands against the plan."""

    exit_code = 4


class LockTimeout(ConfigsyncError):
    """Another writer held the lock for longer than the caller would wait."""

    exit_code = 5
