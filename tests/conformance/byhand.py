"""Someone who writes to the tables past configsync, with SQL made of resource types alone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg2

from configsync.core.resource import Resource, ResourceType, State
from configsync.core.values import Row
from configsync.store.read import canonical
from configsync.store.url import DatabaseUrl

Types = Mapping[str, ResourceType]


@dataclass(frozen=True)
class Found:
    """A row: its id, and what it says. ``active`` is False where it, or its parent's, isn't."""

    row_id: int
    domain: str
    address: str
    parent: str | None
    values: Row
    active: bool


class ByHand:
    """A connection of one's own; each statement is committed by itself."""

    def __init__(self, url: DatabaseUrl, types: Types) -> None:
        self.types = types
        self.mark = "?" if url.dialect == "sqlite" else "%s"
        self.connection: Any
        if url.dialect == "sqlite":
            self.connection = sqlite3.connect(url.connect, isolation_level=None)
            self.connection.execute("PRAGMA foreign_keys = ON")
        else:
            self.connection = psycopg2.connect(url.connect)
            self.connection.autocommit = True

    def close(self) -> None:
        self.connection.close()

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement with ``?`` for a value."""
        cursor = self.connection.cursor()
        cursor.execute(statement.replace("?", self.mark), [_stored(v) for v in values])
        return list(cursor.fetchall()) if cursor.description else []

    def rows(self, domain: str) -> list[Found]:
        """All rows of a type, those that aren't active too."""
        type_ = self.types[domain]
        taken = ["t.id", f"t.{type_.active}" if type_.active else "1"]
        source = f'"{type_.table}" t'
        parent = type_.parent
        keys = parent.key if parent else ()
        if parent is not None:
            source += f' JOIN "{parent.table}" p ON p.id = t.{type_.parent_column}'
            taken += [f"p.{parent.active}" if parent.active else "1", *(f'p."{k}"' for k in keys)]
        taken += [f't."{name}"' for name in type_.names]
        found = []
        for row_id, active, *cells in self.run(f"SELECT {', '.join(taken)} FROM {source}"):
            of = None
            if parent is not None:
                active = active and cells[0]
                of = parent.address(dict(zip(keys, cells[1:], strict=False)), None)
                cells = cells[1 + len(keys) :]
            values = {c.name: canonical(c, v) for c, v in zip(type_.columns, cells, strict=True)}
            values = type_.settle(values) if type_.settle else values
            at = type_.address(values, of)
            found.append(Found(row_id, domain, at, of, values, bool(active)))
        return found

    def every_row(self) -> list[Found]:
        """All rows of all types, those of a type in the order of their ids."""
        return [
            row
            for domain in self.types
            for row in sorted(self.rows(domain), key=lambda row: row.row_id)
        ]

    def live(self) -> State:
        """What the tables hold, of all types."""
        return live(self.every_row())

    def row(self, resource: Resource) -> Found:
        """The live row of a resource."""
        return next(
            r for r in self.rows(resource.domain) if r.active and r.address == resource.address
        )

    def update(self, resource: Resource, values: Row) -> None:
        """Set columns; where a published version can't be altered, publish the next one."""
        type_ = self.types[resource.domain]
        row = self.row(resource)
        if type_.versions is not None and not values.keys().isdisjoint(type_.versions.content):
            whole = {**row.values, **values}
            self.delete(resource)
            self.insert(Resource(row.address, resource.domain, whole, row.parent))
        elif values:
            given = ", ".join(f'"{name}" = ?' for name in values)
            statement = f'UPDATE "{type_.table}" SET {given} WHERE id = ?'
            self.run(statement, *values.values(), row.row_id)

    def insert(self, resource: Resource) -> None:
        """Insert a row; one that is there, but it or its parent not active, is used again."""
        type_ = self.types[resource.domain]
        values = dict(resource.values)
        if type_.versions is not None:
            numbers = [
                int(str(r.values[type_.versions.number]))
                for r in self.rows(resource.domain)
                if r.address == resource.address
            ]
            values[type_.versions.number] = max(numbers, default=0) + 1
        for row in self.rows(resource.domain):
            if row.address == resource.address and type_.versions is None:
                if type_.active:
                    activate = f'UPDATE "{type_.table}" SET {type_.active} = true WHERE id = ?'
                    self.run(activate, row.row_id)
                self.update(resource, values)
                return
        if type_.active:
            values[type_.active] = True
        if type_.parent is not None:
            parents = self.rows(type_.parent.domain)
            values[type_.parent_column] = next(
                r.row_id for r in parents if r.active and r.address == resource.parent
            )
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" for _ in values)
        self.run(f'INSERT INTO "{type_.table}" ({names}) VALUES ({marks})', *values.values())

    def delete(self, resource: Resource, *, hard: bool = False) -> None:
        """Delete a row; where rows can be not active, that is all that happens unless ``hard``."""
        type_ = self.types[resource.domain]
        if type_.active and not hard:
            since = ", deactivated_at = CURRENT_TIMESTAMP" if type_.versions else ""
            statement = f'UPDATE "{type_.table}" SET {type_.active} = false{since} WHERE id = ?'
        else:
            statement = f'DELETE FROM "{type_.table}" WHERE id = ?'
        rows = [r for r in self.rows(resource.domain) if r.address == resource.address]
        for row in rows:
            if row.active or hard:
                self.run(statement, row.row_id)

    def become(self, wanted: State) -> None:
        """Have the tables hold another state, whatever they hold."""
        live = self.live()
        self._clear_defaults(live, wanted)
        gone = [r for at, r in live.items() if at not in wanted]
        for resource in self._parents_first(gone)[::-1]:
            self.delete(resource)
        for resource in self._parents_first(wanted.values()):
            there = live.get(resource.address)
            if there is None:
                self.insert(resource)
            else:
                versions = self.types[resource.domain].versions
                names = set(resource.differing(there)) - {versions and versions.number}
                self.update(resource, {n: resource.values[n] for n in sorted(names)})

    def _clear_defaults(self, live: State, wanted: State) -> None:
        for at, resource in live.items():
            default = self.types[resource.domain].default
            if default and resource.values[default] is True:
                stays = at in wanted and wanted[at].values[default] is True
                if not stays:
                    self.update(resource, {default: False})

    def _parents_first(self, resources: Iterable[Resource]) -> list[Resource]:
        rank = {domain: number for number, domain in enumerate(self.types)}
        return sorted(resources, key=lambda r: (rank[r.domain], r.address))


def live(rows: Iterable[Found]) -> State:
    """The state that rows make."""
    return State(Resource(r.address, r.domain, r.values, r.parent) for r in rows if r.active)


def _stored(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict) else value
