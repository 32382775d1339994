"""Lakebase, the PostgreSQL of a workspace: where it is, and the token that opens it.

``lakebase://INSTANCE/DATABASE`` names a database instance,
``lakebase://projects/P/branches/B/endpoints/E/DATABASE`` an endpoint of a
project. Neither has a password: the workspace makes a token that opens
connections for an hour, to whoever the environment says that we are. An open
connection outlives its token.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import parse_qsl, quote, unquote

from configsync.core.errors import UsageError
from configsync.databricks.errors import Unanswered
from configsync.databricks.workspace import Workspace, username

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

LIFETIME = 3600.0
"""Seconds that a token opens connections."""

RENEW_BEFORE = 300.0
"""Seconds before its end at which a token is replaced."""

MINT_TIMEOUT = 20.0
"""Seconds that all requests for a token may take together."""

_FORM = (
    "Write lakebase://INSTANCE/DATABASE or "
    "lakebase://projects/PROJECT/branches/BRANCH/endpoints/ENDPOINT/DATABASE."
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_PROJECT = ("projects", "branches", "endpoints")


def _number(most: int) -> Callable[[str], bool]:
    return lambda text: text.isascii() and text.isdecimal() and 0 < int(text[:9]) <= most


_PARAMETERS: dict[str, Callable[[str], bool]] = {
    "application_name": bool,
    "connect_timeout": _number(3600),
    "options": bool,
    "port": _number(65_535),
    "sslmode": lambda text: text in ("require", "verify-ca", "verify-full"),
    "sslrootcert": bool,
    "user": bool,
}
"""What may stand behind a URL's ``?``, and what is a value of it; the rest is for us to say."""


@dataclass(frozen=True, slots=True)
class Lakebase:
    """A database of Lakebase, as a URL names it.

    ``instance`` is an instance's name, or ``projects/P/branches/B/endpoints/E``.
    ``parameters`` are libpq's; without ``user`` among them it is who asks.
    """

    instance: str
    database: str
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def dsn(self) -> str:
        """What libpq is told but for host, user and password. TLS is never left out."""
        given = {"sslmode": "require", **dict(self.parameters)}
        given.pop("user", None)
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items())
        return f"postgresql:///{quote(self.database, safe='')}?{query}"

    @property
    def shown(self) -> str:
        """The URL without parameters."""
        return f"lakebase://{self.instance}/{quote(self.database, safe='')}"


@dataclass(frozen=True, slots=True)
class Login:
    """How to open a connection now. ``until`` is by `time.time`; the token is never shown."""

    host: str
    user: str
    token: str = field(repr=False)
    until: float


def parse_lakebase(rest: str) -> Lakebase:
    """Parse what stands behind ``lakebase://``. Raises UsageError, naming nothing secret."""
    place, _, query = rest.partition("?")
    if "@" in place:
        raise UsageError(
            f"A Lakebase URL has neither user nor password before its instance. {_FORM} "
            "Another user than who asks the workspace is named with ?user=NAME."
        )
    *steps, last = place.split("/")
    database = unquote(last)
    project = len(steps) == 6 and tuple(steps[::2]) == _PROJECT
    names = steps[1::2] if project else steps
    if not (project or len(steps) == 1) or not all(_NAME.fullmatch(name) for name in names):
        raise UsageError(f"The Lakebase URL is not understood. {_FORM}")
    if not database.isprintable() or not 0 < len(database.encode()) <= 63:
        raise UsageError(f"The database's name in the Lakebase URL is not one. {_FORM}")
    return Lakebase("/".join(steps), database, _parameters(query))


def _parameters(query: str) -> tuple[tuple[str, str], ...]:
    try:
        given = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise UsageError("The parameters of the Lakebase URL are not NAME=VALUE.") from None
    for name, value in given:
        if name not in _PARAMETERS:
            known = ", ".join(_PARAMETERS)
            # Not by its name: it may be a password that somebody put there.
            raise UsageError(f"A Lakebase URL has no such parameter. Known are: {known}.")
        if not value.isprintable() or not _PARAMETERS[name](value):
            more = " It must be require, verify-ca or verify-full." if name == "sslmode" else ""
            raise UsageError(f"The parameter {name} of the Lakebase URL has no valid value.{more}")
    if len(dict(given)) < len(given):
        raise UsageError("A parameter stands twice in the Lakebase URL.")
    return tuple(given)


_logins: dict[Lakebase, Login] = {}
_lock = threading.Lock()


def login(database: Lakebase, refused: Login | None = None) -> Login:
    """How to open a connection: with the token at hand, or a new one if that ends soon.

    ``refused`` is a login that the server has just refused: another one is
    given then. Raises a `configsync.databricks.errors.WorkspaceFailure`.
    """
    with _lock:
        known = _logins.get(database)
        if known is None or known is refused or known.until - time.time() < RENEW_BEFORE:
            _logins.pop(database, None)
            known = _logins[database] = _new_login(database)
        return known


def _forked() -> None:
    """In a forked child: another thread of the parent may have held the lock."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def _new_login(database: Lakebase) -> Login:
    workspace = Workspace.connect(MINT_TIMEOUT)
    user = dict(database.parameters).get("user") or username(workspace)
    ask = _endpoint if "/" in database.instance else _instance
    host, token, until = workspace.ask(lambda client: ask(client, database.instance))
    if not isinstance(host, str) or not host:
        raise Unanswered(f"Lakebase has no host for {database.instance} yet: is it started?")
    if not isinstance(token, str) or not token:
        raise Unanswered(f"the workspace gives no token for {database.instance}")
    now = time.time()
    # By the workspace's clock: ours may be behind, and then the token would never seem to end.
    return Login(host, user, token, min(until or now + LIFETIME, now + LIFETIME))


Found: TypeAlias = "tuple[str | None, str | None, float | None]"
"""Host, token, and when that ends, in seconds since 1970."""


def _instance(client: WorkspaceClient, name: str) -> Found:
    host = client.database.get_database_instance(name).read_write_dns
    made = client.database.generate_database_credential(instance_names=[name])
    until = None
    with suppress(ValueError):
        end = datetime.fromisoformat(made.expiration_time or "")
        until = (end if end.tzinfo else end.replace(tzinfo=UTC)).timestamp()
    return host, made.token, until


def _endpoint(client: WorkspaceClient, name: str) -> Found:
    status = client.postgres.get_endpoint(name).status
    host = status.hosts.host if status is not None and status.hosts is not None else None
    made = client.postgres.generate_database_credential(name)
    return host, made.token, made.expire_time.seconds if made.expire_time is not None else None
