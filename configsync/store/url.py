"""Database URLs: which dialect, how to connect, and how to name it without its password."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from configsync.core.errors import UsageError
from configsync.core.secrets import MASK, masked

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from configsync.databricks.lakebase import Lakebase


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A parsed URL. ``str()`` of it never has the password.

    ``connect`` is what the driver takes: the file's path for SQLite, a libpq
    URI for PostgreSQL. ``sqlalchemy`` is SQLAlchemy's spelling of the same.
    A database of ``lakebase`` is PostgreSQL whose host, user and password the
    workspace tells at each connection.
    """

    dialect: str
    connect: str
    shown: str
    lakebase: Lakebase | None = None

    def __str__(self) -> str:
        return self.shown

    def __repr__(self) -> str:
        return f"DatabaseUrl({self.shown!r})"

    def conceal(self, text: str) -> str:
        """A text, such as a driver's error, without anything that may be of the password.

        Drivers quote what they can't parse, which may be half of a password.
        """
        if self.dialect != "sqlite":
            for part in _secret_parts(self.connect):
                text = text.replace(part, MASK)
        return masked(text)

    @property
    def sqlalchemy(self) -> str | URL:
        if self.dialect == "sqlite":
            # Only who migrates asks for it, and then it is loaded anyway.
            from sqlalchemy.engine import URL

            return URL.create("sqlite", database=self.connect)
        return "postgresql+psycopg2://" + self.connect.split("://", 1)[1]


def parse_url(text: str, folder: Path) -> DatabaseUrl:
    """Parse a database URL.

    ``sqlite:///file`` is relative to ``folder``, ``sqlite:////file`` absolute;
    ``postgres://`` and ``postgresql://``, with or without a driver, mean psycopg2;
    for ``lakebase://`` see `configsync.databricks.lakebase`. Raises UsageError for
    anything else, never naming a password.
    """
    scheme, separator, rest = text.partition("://")
    dialect = scheme.partition("+")[0]
    if separator and dialect == "sqlite":
        path = rest.removeprefix("/")
        if not rest.startswith("/") or not path or path == ":memory:":
            raise UsageError("A SQLite URL names a file, as sqlite:///configsync.db.")
        if "?" in path:
            raise UsageError("A SQLite URL has no parameters; write %3F for a ? in a file's name.")
        return DatabaseUrl("sqlite", os.path.join(folder, unquote(path)), f"sqlite:///{path}")
    if separator and dialect in ("postgres", "postgresql"):
        return DatabaseUrl("postgresql", f"postgresql://{rest}", f"postgresql://{_shown(rest)}")
    if separator and scheme == "lakebase":
        from configsync.databricks.lakebase import parse_lakebase

        lakebase = parse_lakebase(rest)
        return DatabaseUrl("postgresql", lakebase.dsn, lakebase.shown, lakebase)
    raise UsageError(
        "The database URL is not understood. Write sqlite:///FILE, "
        "postgresql://USER@HOST/DATABASE or lakebase://INSTANCE/DATABASE."
    )


def _shown(rest: str) -> str:
    """User, host and database of a libpq URI: neither password nor parameters."""
    try:
        rest = _with_colons(rest)
        parts = urlsplit(f"postgresql://{rest}")
        if "@" in rest.partition("?")[0].removeprefix(parts.netloc) or "@" in parts.fragment:
            return MASK  # A password with an unescaped / or # in it: what is what can't be told.
        where = parts.hostname or ""
        if parts.port:
            where += f":{parts.port}"
        user = f"{quote(unquote(parts.username))}@" if parts.username else ""
        return masked(f"{user}{where}{parts.path}")
    except ValueError:
        return MASK


def _with_colons(rest: str) -> str:
    """A URI's rest with a password behind its colon, where ``USER:PASSWORD`` was escaped as one."""
    return re.sub("%3a", ":", rest, flags=re.IGNORECASE)


_TOLD = frozenset(
    [
        "host",
        "hostaddr",
        "port",
        "dbname",
        "user",
        "sslmode",
        "connect_timeout",
        "application_name",
        "options",
        "target_session_attrs",
        "keepalives",
        "client_encoding",
    ]
)
"""Parameters that hold no secret; a misspelt one may."""


def _secret_parts(uri: str) -> list[str]:
    """Whatever in a URI may be a part of a password, also as it is meant, longest first.

    All between its first ``:`` and last ``@``; all behind the ``:`` where what
    stands there is no port; and the values of parameters.
    """
    rest = _with_colons(uri.partition("://")[2])
    secret = rest.rpartition("@")[0].partition(":")[2]
    parts = [secret]
    if "@" not in rest and not re.match(r"[^:]*:\d+(?:[/?]|$)", rest):
        secret = rest.partition(":")[2]
    parts += re.split("[:/@?&=#]", secret)
    for parameter in rest.partition("?")[2].split("&"):
        name, equals, value = parameter.partition("=")
        if name not in _TOLD:
            parts.append(value if equals else name)
            parts += re.split("[@:/?#=]", value)
    return sorted({t for p in parts for t in (p, unquote(p)) if t}, key=len, reverse=True)
