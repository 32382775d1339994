"""Brings a database's schema up to date, with Alembic; imported only for that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from configsync.core.errors import DatabaseError
from configsync.kinds import plugin_types
from configsync.store.database import VERSION_TABLE
from configsync.store.derive import create
from configsync.store.models import Base
from configsync.store.roles import VIEWS
from configsync.store.url import DatabaseUrl


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What an upgrade did.

    ``before`` is the schema version that the database was at, None where it had
    none; ``created`` are the tables of kinds that other packages add.
    """

    before: str | None
    created: list[str]


def upgrade(url: DatabaseUrl) -> Upgrade:
    """Run the migrations that the database lacks, and create other kinds' tables, all or none.

    Takes the lock that appliers take. Raises DatabaseError if it can't be done.
    """
    with _connection(url) as connection:
        _refuse_taken(connection, url)
        options = {"version_table": VERSION_TABLE}
        before = MigrationContext.configure(connection, opts=options).get_current_revision()
        command.upgrade(_config(connection), "head")
        return Upgrade(before, create(connection, url, plugin_types()))


def _refuse_taken(connection: Connection, url: DatabaseUrl) -> None:
    """Raise DatabaseError for tables of configsync's names that no migration made.

    They may lack the constraints and triggers that all else relies on.
    """
    there = inspect(connection)
    found = {*there.get_table_names(), *there.get_view_names()}
    taken = sorted(found & {*Base.metadata.tables, *VIEWS})
    if taken and VERSION_TABLE not in found:
        raise DatabaseError(
            f"{url} has tables of configsync's names that nothing says configsync made: "
            f"{', '.join(taken)}. Nothing was changed. How to take over what they hold: "
            "configsync docs migrating"
        )


def head() -> str:
    """The newest migration's identifier."""
    found = ScriptDirectory.from_config(_config(None)).get_current_head()
    assert found is not None
    return found


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _connection(url: DatabaseUrl) -> Iterator[Connection]:
    """One transaction that holds the lock; SQLite's is BEGIN IMMEDIATE."""
    if url.dialect == "postgresql":
        from configsync.store.connect import connect

        # libpq reads the URI, as it does for all else: SQLAlchemy has rules of its own.
        engine = create_engine(
            "postgresql+psycopg2://",
            creator=lambda: connect(url),
            poolclass=NullPool,
            hide_parameters=True,
        )
    else:
        engine = create_engine(url.sqlalchemy, poolclass=NullPool)

        @event.listens_for(engine, "connect")
        def _autocommit(connection: object, _: object) -> None:
            connection.isolation_level = None  # type: ignore[attr-defined]

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        with engine.begin() as connection:
            if url.dialect == "postgresql":
                connection.execute(
                    text(
                        "SELECT pg_advisory_xact_lock("
                        "hashtextextended('configsync:' || current_schema(), 0))"
                    )
                )
            yield connection
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise DatabaseError(f"{url} can't be migrated: {url.conceal(cause)}") from error
    finally:
        engine.dispose()
