"""Opens connections to PostgreSQL, and to Lakebase by tokens of its workspace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812

from configsync.core.errors import DatabaseError
from configsync.store.url import DatabaseUrl

if TYPE_CHECKING:
    from configsync.databricks.lakebase import Lakebase

OPTIONS = {
    "application_name": "configsync",
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""libpq's parameters that a URL may set otherwise. By their defaults a dead network is waited for
without end, or for hours; tcp_user_timeout is in milliseconds, the others in seconds."""

_ABOUT_LOGIN = re.compile("password|authenticat|authoriz|token", re.IGNORECASE)
"""What a server says that refuses a login; psycopg2 has no code for it."""


def connect(url: DatabaseUrl, **options: Any) -> Connection:
    """A new connection. Raises DatabaseError, never naming the password.

    ``options`` are libpq's, which the URL may set otherwise.
    """
    given = _options(url.connect, options)
    try:
        if url.lakebase is not None:
            return _connect_by_token(url, url.lakebase, given)
        connection: Connection = psycopg2.connect(url.connect, **given)
    except psycopg2.Error as error:
        conceal(url, error)
        raise DatabaseError(_unreachable(url, error)) from error
    return connection


def _connect_by_token(url: DatabaseUrl, lakebase: Lakebase, options: dict[str, Any]) -> Connection:
    """Open a connection with a token of the workspace.

    A token that is refused may have been replaced since it was made: then
    another one is tried, once.
    """
    from configsync.databricks.errors import WorkspaceFailure
    from configsync.databricks.lakebase import login

    refused = None
    while True:
        try:
            given = login(lakebase, refused)
        except WorkspaceFailure as error:
            reason = str(error).rstrip(".")
            raise DatabaseError(f"{url} can't be reached: {reason}.") from error
        try:
            connection: Connection = psycopg2.connect(
                url.connect, host=given.host, user=given.user, password=given.token, **options
            )
            return connection
        except psycopg2.OperationalError as error:
            if refused is not None or not _ABOUT_LOGIN.search(str(error)):
                raise
            refused = given


def conceal(url: DatabaseUrl, error: psycopg2.Error) -> None:
    """Have a driver's error say less, as it goes on as the cause of one of ours.

    libpq quotes parts of a URI, a password among them; the server's details are
    whole rows.
    """
    lines = [line for line in str(error).splitlines() if not line.startswith("DETAIL:")]
    error.args = (url.conceal("\n".join(lines)),)


def _options(uri: str, more: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**OPTIONS, **more}.items() if name not in uri}


def _unreachable(url: DatabaseUrl, error: psycopg2.Error) -> str:
    if not isinstance(error, psycopg2.OperationalError):
        # libpq quotes parts of a URI that it can't parse, a password among them.
        return f"The database URL {url} is not a valid PostgreSQL URI."
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # Of several hosts the last; libpq's guesses at the cause stand on lines of their own.
    tried = [line for line in lines if line.startswith("connection to server")]
    reason = (tried or lines or ["no answer"])[-1]
    return (
        f"{url} can't be reached: {reason.rstrip('?.')}. "
        "Check that the server runs and that the URL is right."
    )
