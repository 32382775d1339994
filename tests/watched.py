"""A real database that tells when it is used, so that a test can come in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from configsync.store.database import Database, Transaction


class Watched:
    """A database of either sort; what a statement does is what the real one does.

    ``statements`` are those that were run. ``on_write`` is called before each
    write transaction begins, ``on_statement`` with the number of each statement
    within one, from 1.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.url = database.url
        self.statements: list[str] = []
        self.on_write: Callable[[], None] = lambda: None
        self.on_statement: Callable[[int], None] = lambda number: None

    @contextmanager
    def reading(self, *, migrated: bool = True) -> Iterator[Any]:
        with self.database.reading(migrated=migrated) as transaction:
            yield _Watching(transaction, self.statements.append)

    @contextmanager
    def writing(
        self, lock_timeout: float, name: str = "configsync", *, keep: bool = True
    ) -> Iterator[Any]:
        self.on_write()
        number = 0

        def count(statement: str) -> None:
            nonlocal number
            number += 1
            self.on_statement(number)

        with self.database.writing(lock_timeout, name, keep=keep) as transaction:
            yield _Watching(transaction, count)


class _Watching:
    """A transaction that tells of each statement before it runs it."""

    def __init__(self, transaction: Transaction, tell: Callable[[str], None]) -> None:
        self._transaction = transaction
        self._tell = tell

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        self._tell(statement)
        return self._transaction.rows(statement, *parameters)

    def run(self, statement: str, *parameters: Any) -> int:
        self._tell(statement)
        return self._transaction.run(statement, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transaction, name)
