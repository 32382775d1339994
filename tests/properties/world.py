"""Where the state machine lives: a database of its own, two projects, and someone past us."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg2
import yaml

from configsync.core import address
from configsync.store.postgresql import PostgresqlDatabase
from configsync.store.sqlite import SqliteDatabase
from tests.conftest import Result, Workspace
from tests.properties.model import Document, Record, Rows, plain

PARTS = {
    "ai_infra": ("llm_endpoint", "llm_temperature", "llm_max_tokens"),
    "genie_space": ("space_id", "space_name", "description", "is_default"),
    "mlflow": ("experiment_name",),
    "prompts": ("system_prompt", "slide_editing_instructions", "user_prompt_template"),
}
TABLES = {part: f"config_{part}{'s' if part == 'genie_space' else ''}" for part in PARTS}


@dataclass(frozen=True)
class Entry:
    """A row of history."""

    revision: int
    address: str
    action: str
    fields: dict[str, tuple[Any, Any]]
    source: str


@dataclass
class Observed:
    """What a database holds, and the history and the revisions since it was last looked at."""

    live: Rows = field(default_factory=dict)
    applied: dict[str, Record] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    revisions: list[int] = field(default_factory=list)


class Killed(BaseException):
    """The process was killed here."""


class World:
    """Two projects on one database; ``connection`` is that of someone who goes past configsync."""

    def __init__(self, sources: tuple[str, ...], one: Workspace, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite:")
        self.connection: Any
        if self.is_sqlite:
            path = url.removeprefix("sqlite:///")
            self.connection = sqlite3.connect(path, isolation_level=None)
            self.connection.execute("PRAGMA foreign_keys = ON")
        else:
            self.connection = psycopg2.connect(url)
            self.connection.autocommit = True
        self.seen = (0, 0)
        self.projects: dict[str, Workspace] = {}
        for source in sources:
            root = one.root / source
            shutil.rmtree(root, ignore_errors=True)
            project = Workspace(root, one.capsys, one.monkeypatch, url)
            project.write("configsync.toml", f'source = "{source}"\n')
            (root / "profiles").mkdir()
            self.projects[source] = project

    def close(self) -> None:
        self.connection.close()

    def run(self, source: str, *arguments: str) -> Result:
        result = self.projects[source].run(*arguments)
        assert "Traceback" not in result.err, result
        return result

    def write(self, source: str, documents: dict[str, Document]) -> None:
        """Have the files of a source hold some documents, one each."""
        project = self.projects[source]
        shutil.rmtree(project.root / "profiles")
        (project.root / "profiles").mkdir()
        for name, document in documents.items():
            file = f"profiles/{name.replace('/', '-')}.yaml"
            project.write(file, json.dumps(document, indent=2) + "\n")

    def read(self, source: str) -> dict[str, Document]:
        """The documents that the files of a source hold."""
        found = {}
        for file in sorted(self._files(source)):
            for document in yaml.safe_load_all(file.read_text()):
                if document is not None:
                    found[document["metadata"]["name"]] = document
        return found

    def texts(self, source: str) -> dict[str, str]:
        return {f.name: f.read_text() for f in self._files(source)}

    def _files(self, source: str) -> Iterator[Path]:
        return (self.projects[source].root / "profiles").glob("*.yaml")

    def sql(self, *statements: str) -> bool:
        """Run statements as someone who goes past configsync; tells whether none was refused."""
        try:
            for statement in statements:
                self._rows(statement)
        except (sqlite3.IntegrityError, psycopg2.IntegrityError):
            return False
        return True

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        cursor = self.connection.cursor()
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []

    def observe(self) -> Observed:
        """Look at all of it, with SQL of our own."""
        found = Observed(live=self._live())
        for at, owner, applied, former in self._rows(
            "SELECT address, owner, applied, renamed_from FROM config_resources"
        ):
            found.applied[at] = Record(owner, plain(_json(applied)), former)
        entry, revision = self.seen
        for number, at_revision, at, action, changes, source in self._rows(
            "SELECT h.id, h.revision, h.address, h.action, h.changes, r.source "
            "FROM config_history h JOIN config_revisions r ON r.revision = h.revision "
            f"WHERE h.id > {entry} ORDER BY h.id"
        ):
            sides = [{k: pair[side] for k, pair in _json(changes).items()} for side in _SIDES]
            old, new = (plain(values) for values in sides)
            fields = {k: (old[k], new[k]) for k in old}
            found.entries.append(Entry(at_revision, at, action, fields, source))
            entry = number
        found.revisions = [
            row[0]
            for row in self._rows(
                f"SELECT revision FROM config_revisions WHERE revision > {revision} "
                "ORDER BY revision"
            )
        ]
        self.seen = (entry, max(found.revisions, default=revision))
        return found

    def _live(self) -> Rows:
        rows: Rows = {}
        roots = {}
        for row_id, name, description, is_default in self._rows(
            "SELECT id, name, description, is_default FROM config_profiles"
        ):
            roots[row_id] = address.join("profile", name)
            rows[roots[row_id]] = {
                "name": name,
                "description": description,
                "is_default": bool(is_default),
            }
        for part, columns in PARTS.items():
            query = f"SELECT profile_id, {', '.join(columns)} FROM {TABLES[part]}"
            for row_id, *cells in self._rows(query):
                values = plain(dict(zip(columns, cells, strict=True)))
                key = [part]
                if part == "genie_space":
                    values["is_default"] = bool(values["is_default"])
                    key.append(values["space_id"])
                rows[f"{roots[row_id]}/{address.join(*key)}"] = values
        return rows

    @contextmanager
    def killed_at(self, statement: int) -> Iterator[_Kill]:
        """Have the writer die before its n-th statement, or after its commit if it has fewer."""
        database = SqliteDatabase if self.is_sqlite else PostgresqlDatabase
        original = database.writing
        kill = _Kill(statement)

        @contextmanager
        def writing(self: Any, *arguments: Any) -> Iterator[Any]:
            with original(self, *arguments) as transaction:
                yield _Dying(transaction, kill)
            kill.committed = True
            raise Killed

        with patch.object(database, "writing", writing):
            yield kill


_SIDES = ("old", "new")


@dataclass
class _Kill:
    """When a writer dies, and whether it had committed."""

    left: int
    committed: bool = False


class _Dying:
    """A transaction whose process is killed after some statements."""

    def __init__(self, transaction: Any, kill: _Kill) -> None:
        self._transaction, self._kill = transaction, kill

    def __getattr__(self, name: str) -> Any:
        if name in ("rows", "run", "now", "notify"):
            self._kill.left -= 1
            if self._kill.left < 0:
                raise Killed
        return getattr(self._transaction, name)


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
