"""The tables of kinds that other packages add, as they follow from their resource types.

A table has an ``id``, the columns of its type, and what the type says of keys,
parents, defaults, versions and rows that aren't active; and it has the triggers
that configsync's own tables have. It is made where there is none. A table that
is there, made by this or by the package itself, is left as it is: to change it
is the package's matter. Its triggers are made anew, so that they record the
columns that it has now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    func,
    inspect,
    text,
    true,
)
from sqlalchemy.types import TypeEngine

from configsync.core import values
from configsync.core.errors import DatabaseError
from configsync.core.resource import ResourceType
from configsync.kinds import plugin_types
from configsync.store.database import lacking
from configsync.store.migrations import triggers
from configsync.store.migrations.triggers import Watched
from configsync.store.models import Base
from configsync.store.models.base import JsonColumn, Timestamp
from configsync.store.url import DatabaseUrl


def all_tables() -> list[Table]:
    """The tables of the models and of other packages' kinds, those first that others refer to."""
    return [*Base.metadata.sorted_tables, *derive(plugin_types()).values()]


def derive(types: Iterable[ResourceType]) -> dict[str, Table]:
    """The tables of resource types, by domain, parents before their parts."""
    metadata = MetaData()
    return {type_.domain: _table(type_, metadata) for type_ in types}


def create(connection: Connection, url: DatabaseUrl, types: Iterable[ResourceType]) -> list[str]:
    """Create the tables that there are not, and the triggers of all; returns the new ones' names.

    Raises DatabaseError where one is there that lacks columns.
    """
    types = list(types)
    created = []
    for type_, table in zip(types, derive(types).values(), strict=True):
        # Asked for each: what it knows, it keeps.
        there = inspect(connection)
        if table.name not in there.get_table_names():
            table.create(connection)
            created.append(table.name)
        elif lost := lacking(type_, [c["name"] for c in there.get_columns(table.name)]):
            raise DatabaseError(f"{url}: {lost}")
    for type_ in types:
        for statement in _watch(watched(type_), connection.dialect.name):
            # The driver of PostgreSQL takes % for a parameter.
            sqlite = connection.dialect.name == "sqlite"
            connection.exec_driver_sql(statement if sqlite else statement.replace("%", "%%"))
    return created


def watched(type_: ResourceType) -> Watched:
    """A type's table, as the triggers know it."""
    kinds = {column.name: type(column.type) for column in type_.columns}
    versions = type_.versions
    return Watched(
        table=type_.table,
        domain=type_.domain,
        columns=type_.names,
        key=type_.key,
        booleans=tuple(n for n, kind in kinds.items() if kind is values.Boolean),
        jsons=tuple(n for n, kind in kinds.items() if kind is values.JsonColumn),
        parent=_parent(type_),
        active=type_.active or "",
        versioned=versions is not None,
        published=(versions.number, *versions.content) if versions else (),
        sensitive=type_.sensitive or "",
        sealed=type_.sealed,
    )


def _parent(type_: ResourceType) -> tuple[str, str, str, str] | None:
    parent = type_.parent
    if parent is None:
        return None
    return parent.table, parent.key[0], parent.domain, type_.parent_column


def _watch(table: Watched, dialect: str) -> Iterator[str]:
    if dialect == "sqlite":
        yield from triggers.sqlite_unwatch(table)
        yield from triggers.sqlite_watch(table)
    else:
        yield from triggers.pg_unwatch(table)
        yield from triggers.pg_watch(table)


def _table(type_: ResourceType, metadata: MetaData) -> Table:
    columns: list[Column[Any]] = [Column("id", Integer, primary_key=True)]
    if type_.parent is not None:
        reference = ForeignKey(f"{type_.parent.table}.id", ondelete="CASCADE")
        columns.append(Column(type_.parent_column, Integer, reference, nullable=False))
    for column in type_.columns:
        default = false() if isinstance(column.type, values.Boolean) else None
        columns.append(
            Column(
                column.name,
                _type(type_, column.name, column.type),
                nullable=column.nullable,
                server_default=default,
            )
        )
    columns += _kept(type_)
    return Table(type_.table, metadata, *columns, *_constraints(type_))


def _kept(type_: ResourceType) -> Iterator[Column[Any]]:
    """The columns that configsync fills."""
    for name in type_.table_columns[len(type_.names) + (2 if type_.parent else 1) :]:
        if name == type_.active:
            yield Column(name, Boolean, server_default=true(), nullable=False)
        elif name == type_.sensitive:
            yield Column(name, Boolean, server_default=false(), nullable=False)
        elif name == "deactivated_at":
            yield Column(name, Timestamp)
        elif name.endswith("_at"):
            yield Column(name, Timestamp, server_default=func.now(), nullable=False)
        else:
            yield Column(name, String(255))


def _constraints(type_: ResourceType) -> Iterator[CheckConstraint | UniqueConstraint | Index]:
    """What the database itself refuses."""
    within = [type_.parent_column] if type_.parent else []
    if type_.versions is not None:
        yield UniqueConstraint(*type_.key, type_.versions.number)
        yield _only_one(type_, "active", list(type_.key), str(type_.active))
    else:
        yield UniqueConstraint(*within, *type_.key)
    if type_.default is not None:
        yield _only_one(type_, "default", within or [type_.default], type_.default)
    for column in type_.columns:
        # SQLite takes a longer text than its column says.
        if isinstance(column.type, values.Text) and column.type.length is not None:
            yield CheckConstraint(f'length("{column.name}") <= {column.type.length}')


def _only_one(type_: ResourceType, what: str, columns: list[str], where: str) -> Index:
    """At most one row of some columns has a boolean column set."""
    condition = text(f'"{where}"')
    return Index(
        f"uq_{type_.table}_{what}",
        *columns,
        unique=True,
        postgresql_where=condition,
        sqlite_where=condition,
    )


def _type(type_: ResourceType, name: str, column: values.ColumnType) -> TypeEngine[Any]:
    match column:
        case values.Text(length=None):
            return Text()
        case values.Text(length=length):
            return String(length)
        case values.Integer():
            return Integer()
        case values.Numeric(precision=precision, scale=scale):
            return Numeric(precision, scale)
        case values.Boolean():
            return Boolean()
        case values.JsonColumn():
            return JsonColumn
    raise DatabaseError(
        f"The column {name} of {type_.domain} has a type that configsync knows no table for. "
        "The types are those of configsync.core.values."
    )
