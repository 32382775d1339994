"""configsync: application configuration from git to a database, in one transaction.

The parts are described in the README's architecture section; applications
that only read their configuration need `configsync.runtime`.
"""

__version__ = "0.1.0"
