"""Databases that are faster to copy than to make."""

from __future__ import annotations

import os
import shutil
from itertools import count
from pathlib import Path

from configsync.store.migrate import upgrade
from configsync.store.url import parse_url
from tests.conftest import execute, with_database

DIALECTS = ("sqlite", "postgresql")


class Databases:
    """Makes databases and copies of them, by their URLs; `close` drops what is left."""

    def __init__(self, server: str, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self._numbers = count(1)
        self._names: dict[str, str] = {}
        self._empty: dict[str, str] = {}

    def empty(self, dialect: str) -> str:
        """A database with configsync's tables, and nothing in them."""
        if dialect not in self._empty:
            url = self._new(dialect)
            if dialect == "postgresql":
                execute(self.server, f"CREATE DATABASE {self._names[url]}")
            upgrade(parse_url(url, self.folder))
            self._empty[dialect] = url
        return self.copy(self._empty[dialect])

    def copy(self, url: str) -> str:
        """A copy of a database that nobody is connected to."""
        if url not in self._names:
            copied = self._new("sqlite")
            shutil.copy(_file(url), _file(copied))
            return copied
        copied = self._new("postgresql")
        statement = f"CREATE DATABASE {self._names[copied]} TEMPLATE {self._names[url]}"
        execute(self.server, statement)
        return copied

    def drop(self, url: str) -> None:
        """Drop one that isn't needed any more."""
        if url in self._names:
            execute(self.server, f"DROP DATABASE {self._names.pop(url)} WITH (FORCE)")
        else:
            _file(url).unlink()

    def close(self) -> None:
        for url in list(self._names):
            self.drop(url)

    def _new(self, dialect: str) -> str:
        name = f"configsync_conformance_{os.getpid()}_{next(self._numbers)}"
        if dialect == "sqlite":
            return f"sqlite:///{self.folder}/{name}.db"
        url = with_database(self.server, name)
        self._names[url] = name
        return url


def _file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))
