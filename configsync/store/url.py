"""Database URLs: which dialect, how to connect, and how to name it without its password."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from configsync.core.errors import UsageError

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
        parts = urlsplit(f"postgresql://{rest}")
        where = parts.hostname or ""
        if parts.port:
            where += f":{parts.port}"
        user = f"{quote(unquote(parts.username))}@" if parts.username else ""
        return f"{user}{where}{parts.path}"
    except ValueError:
        return "…"
