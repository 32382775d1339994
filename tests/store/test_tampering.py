"""Whatever is done to history behind its triggers, its digests tell (1,000 ways at random)."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from random import Random
from typing import Any

import pytest

from configsync.store import chain
from configsync.store.chain import REVISION_COLUMNS, Verification
from configsync.store.database import Transaction
from configsync.store.models import ConfigHistory, ConfigRevision
from tests.conftest import Workspace
from tests.profiles import profile

WAYS = 500
"""On each of the two databases."""

COLUMNS = {
    "config_history": [c.name for c in ConfigHistory.__table__.columns],
    "config_revisions": [c.name for c in ConfigRevision.__table__.columns],
}
KEYS = {"config_history": "id", "config_revisions": "revision"}

Tampering = Callable[[Random, "Tamperer"], str]


class Tamperer:
    """Alters history within a transaction in which nothing prevents it."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction

    def keys(self, table: str) -> list[int]:
        key = KEYS[table]
        return [k for (k,) in self.transaction.rows(f"SELECT {key} FROM {table} ORDER BY {key}")]

    def content(self) -> list[list[tuple[object, ...]]]:
        return [self.transaction.rows(f"SELECT * FROM {t} ORDER BY {k}") for t, k in KEYS.items()]

    def value(self, random: Random, table: str, column: str, key: int) -> object:
        """Another value than the one that is there, such as the column can hold."""
        text = f"SELECT CAST({column} AS text) FROM {table} WHERE {KEYS[table]} = ?"
        ((now,),) = self.transaction.rows(text, key)
        while True:
            value = self._value(random, column, now)
            if value != now and str(value) != str(now):
                return value

    def _value(self, random: Random, column: str, now: str | None) -> object:
        match column:
            case "id" | "revision" | "root_id" | "profile_id" | "transaction_id" | "to_revision":
                return random.randint(1, 60)
            case "dirty":
                return now in ("0", "false")
            case "source":
                return random.choice(["apply", "rollback", "import", "service", "external"])
            case "timestamp" | "created_at":
                return f"2026-01-{random.randint(10, 28)} 10:00:00.{random.randint(100, 999)}"
            case "changes" | "snapshot":
                return _other_json(random, now or "{}")
            case "digest" | "previous_digest":
                return random.choice([None, f"{random.getrandbits(256):064x}"])
            case "domain" | "action":
                return random.choice(["profile", "ai_infra", "create", "update", "delete", "x"])
        return random.choice([f"{now or ''}x", "ü", "nobody", (now or "12")[:-1]])


def _other_json(random: Random, now: str) -> str:
    """The same JSON with one of its characters within a text or number another, or one more."""
    places = [i for i, c in enumerate(now) if c.isalnum() and now[i - 1 : i + 2].isalnum()]
    digits = [i for i, c in enumerate(now) if c in "123456789"]
    way = random.randrange(3)
    if way == 0 and digits:
        i = random.choice(digits)
        return f"{now[:i]}{int(now[i]) % 9 + 1}{now[i + 1 :]}"
    if way == 1:
        return now[:-1] + (", " if len(now) > 2 else "") + '"more": null}'
    quoted = [i for i in places if now[:i].count('"') % 2]
    if not quoted:
        return now[:-1] + (", " if len(now) > 2 else "") + '"other": 0.1}'
    i = random.choice(quoted)
    return f"{now[:i]}{'z' if now[i] != 'z' else 'y'}{now[i + 1 :]}"


def alter(random: Random, of: Tamperer) -> str:
    table = random.choice(list(COLUMNS))
    column = random.choice(COLUMNS[table])
    key = random.choice(of.keys(table))
    value = of.value(random, table, column, key)
    if column == KEYS[table] and value in of.keys(table):
        return swap(random, of)
    of.transaction.run(f"UPDATE {table} SET {column} = ? WHERE {KEYS[table]} = ?", value, key)
    return f"{table}.{column} of {key} = {value}"


def remove(random: Random, of: Tamperer) -> str:
    table = random.choice(list(COLUMNS))
    # The newest revision can be missed only by one who has kept the head: see `cut`.
    key = random.choice(of.keys(table)[:-1])
    of.transaction.run(f"DELETE FROM {table} WHERE {KEYS[table]} = ?", key)
    return f"{table} without {key}"


def swap(random: Random, of: Tamperer) -> str:
    table = random.choice(list(COLUMNS))
    one, two = random.sample(of.keys(table), 2)
    key = KEYS[table]
    for old, new in ((one, -1), (two, one), (-1, two)):
        of.transaction.run(f"UPDATE {table} SET {key} = ? WHERE {key} = ?", new, old)
    return f"{table}: {one} and {two} swapped"


def insert(random: Random, of: Tamperer) -> str:
    table = random.choice(list(COLUMNS))
    keys = of.keys(table)
    key = KEYS[table]
    names = [n for n in COLUMNS[table] if n not in (key, "plan_digest")]
    # A revision past the newest is what a write past configsync makes: it shows as unsealed.
    new = 0 if table == "config_revisions" else max(keys) + random.randint(1, 5)
    of.transaction.run(
        f"INSERT INTO {table} ({key}, {', '.join(names)}) "
        f"SELECT {new}, {', '.join(names)} FROM {table} WHERE {key} = ?",
        random.choice(keys),
    )
    return f"{table} with {new}"


def cut(random: Random, of: Tamperer) -> str:
    """Cut the newest revisions off, in both tables."""
    first = random.choice(of.keys("config_revisions")[1:])
    of.transaction.run("DELETE FROM config_history WHERE revision >= ?", first)
    of.transaction.run("DELETE FROM config_revisions WHERE revision >= ?", first)
    return f"cut from {first}"


def unseal(random: Random, of: Tamperer) -> str:
    """Take all digests away, or those from some revision on."""
    first = random.choice(of.keys("config_revisions"))
    of.transaction.run(
        "UPDATE config_revisions SET digest = NULL, previous_digest = NULL WHERE revision >= ?",
        first,
    )
    return f"no digests from {first}"


TAMPERINGS: list[Tampering] = [alter, alter, alter, remove, swap, insert, cut, unseal]
NEEDS_HEAD = {cut, unseal}


@pytest.fixture
def recorded(workspace: Workspace) -> Workspace:
    """A history of a few revisions, external ones among them, the newest sealed."""
    text = 'ü „quoted“ \u2028 \\ "x" 🎉\n'
    for number in range(4):
        prompt = f"{text}{number}"
        workspace.write(
            "profiles/a.yaml",
            profile(
                "a",
                default=True,
                metadata__description=f"number {number}",
                spec__prompts__system_prompt=prompt,
                spec__ai_infra__llm_temperature=number / 10,
            ),
        )
        workspace.write("profiles/b.yaml", profile("b", spec__ai_infra__llm_temperature=-0.0))
        workspace.ok("apply", "--auto-approve", "--force", "--accept-conflicts", "--actor", "alice")
        if number < 3:
            workspace.sql("UPDATE config_ai_infra SET llm_temperature = 0.90")
            workspace.sql("UPDATE config_profiles SET description = 'past' WHERE name = 'b'")
    return workspace


@contextmanager
def unguarded(workspace: Workspace) -> Iterator[Tamperer]:
    """A transaction without triggers and foreign keys, which is rolled back."""
    with suppress(_Done), workspace.database.writing(10) as transaction:
        if workspace.url is None:
            named = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            for (name,) in transaction.rows(named):
                # Foreign keys are deferred there, and nothing is committed.
                transaction.run(f"DROP TRIGGER {name}")
        else:
            for table in COLUMNS:
                transaction.run(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        yield Tamperer(transaction)
        raise _Done


class _Done(Exception):
    """Rolls back what `writing` would commit."""


def test_every_tampering_is_found(recorded: Workspace) -> None:
    with recorded.database.reading() as transaction:
        head = chain.read_head(transaction)
        assert chain.verify(transaction, head).intact
    random = Random(4711)
    missed: list[tuple[str, Verification]] = []
    done: Counter[Tampering] = Counter()
    with unguarded(recorded) as tamperer:
        transaction = tamperer.transaction
        untouched = tamperer.content()
        while sum(done.values()) < WAYS:
            transaction.run("SAVEPOINT one")
            way = random.choice(TAMPERINGS)
            what = way(random, tamperer)
            if tamperer.content() == untouched:
                continue  # Two rows that are the same but for their numbers were swapped.
            found = chain.verify(transaction, head if way in NEEDS_HEAD else None)
            done[way] += 1
            if found.intact:
                missed.append((what, found))
            transaction.run("ROLLBACK TO one")
        assert chain.verify(transaction, head).intact
    assert missed == []
    assert done.keys() == set(TAMPERINGS)


def test_a_digest_covers_all_columns() -> None:
    assert {*REVISION_COLUMNS, "digest"} == set(COLUMNS["config_revisions"])


def _tamper(workspace: Workspace, *statements: str) -> None:
    """Tamper for good."""
    if workspace.url is None:
        for (name,) in workspace.sql("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            workspace.sql(f"DROP TRIGGER {name}")
    else:
        for table in COLUMNS:
            workspace.sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    for statement in statements:
        workspace.sql(statement)


def test_verify_names_what_is_broken(recorded: Workspace) -> None:
    intact = recorded.ok("history", "verify", "-o", "json").json
    assert intact["broken"] == []
    assert intact["unsealed"] is None
    _tamper(
        recorded,
        "UPDATE config_history SET changed_by = 'nobody' WHERE revision = 1",
    )
    found = recorded.run("history", "verify", "-o", "json")
    assert found.code == 1
    assert [(b["first"], b["last"]) for b in found.json["broken"]] == [(1, 1)]
    text = recorded.run("history", "verify")
    assert text.code == 1
    assert "revision 1 is altered" in text.out


def test_a_kept_head_tells_that_the_end_is_gone(recorded: Workspace) -> None:
    kept = recorded.ok("history", "verify", "-o", "json").json
    recorded.ok("history", "verify", "--head", kept["head"])
    newest = kept["revisions"]
    _tamper(
        recorded,
        f"DELETE FROM config_history WHERE revision = {newest}",
        f"DELETE FROM config_revisions WHERE revision = {newest}",
    )
    recorded.ok("history", "verify")
    found = recorded.run("history", "verify", "--head", kept["head"], "-o", "json")
    assert found.code == 1
    assert found.json["head_found"] is False


def test_a_kept_head_may_be_followed_by_later_revisions(recorded: Workspace) -> None:
    kept = recorded.ok(
        "apply", "--auto-approve", "--force", "--accept-conflicts", "-o", "json"
    ).json["head"]
    recorded.sql("UPDATE config_ai_infra SET llm_temperature = 0.11")
    found = recorded.ok("history", "verify", "--head", kept, "-o", "json").json
    assert found["unsealed"]["first"] == found["unsealed"]["last"] - (recorded.url is None)
    assert found["head"] == kept
    later = recorded.ok(
        "apply", "--auto-approve", "--force", "--accept-conflicts", "-o", "json"
    ).json["head"]
    assert later != kept
    sealed = recorded.ok("history", "verify", "--head", kept, "-o", "json").json
    assert sealed["unsealed"] is None
    assert sealed["head"] == later


def test_history_from_before_digests_is_sealed_by_the_next_apply(recorded: Workspace) -> None:
    _tamper(recorded, "UPDATE config_revisions SET digest = NULL, previous_digest = NULL")
    found: dict[str, Any] = recorded.ok("history", "verify", "-o", "json").json
    assert found["sealed"] == 0
    assert found["unsealed"] == {"first": 1, "last": found["revisions"]}
    recorded.write("profiles/b.yaml", profile("b", spec__ai_infra__llm_max_tokens=5))
    recorded.ok("apply", "--auto-approve", "--force", "--accept-conflicts")
    after = recorded.ok("history", "verify", "-o", "json").json
    assert after["sealed"] == 1
    assert after["unsealed"] is None
    _tamper(recorded, "UPDATE config_history SET changed_by = 'nobody' WHERE revision = 2")
    assert recorded.run("history", "verify").code == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE config_history SET revision = 'none' WHERE revision = 1",
        'UPDATE config_history SET snapshot = \'{"a": 1, "a": 2}\' WHERE revision = 1',
        "UPDATE config_history SET snapshot = '[' WHERE revision = 1",
        "UPDATE config_history SET changes = X'7b7d' WHERE id = 1",
        "UPDATE config_history SET profile_id = 9e999 WHERE revision = 1",
        "UPDATE config_history SET timestamp = 'once' WHERE revision = 1",
        "UPDATE config_revisions SET dirty = 2 WHERE revision = 1",
        "UPDATE config_revisions SET digest = char(27) || '[31m' WHERE revision = 1",
    ],
)
def test_sqlite_may_hold_anything(project: Workspace, statement: str) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    project.ok("apply", "--auto-approve", "--accept-conflicts")
    for name in project.sql("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        project.sql(f"DROP TRIGGER {name[0]}")
    # Foreign keys are kept only for those who ask for it.
    with closing(sqlite3.connect(project.root / "configsync.db", isolation_level=None)) as other:
        other.execute(statement)
    found = project.run("history", "verify")
    assert found.code == 1
    assert "Broken: revision" in found.out
    assert "\x1b" not in found.out
    assert "should not" not in found.err
