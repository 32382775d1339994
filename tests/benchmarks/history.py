"""``python -m tests.benchmarks.history``: what reading history costs, as history grows.

The same 1,000 profiles with 10,000 rows of history and with 1,000,000, on
SQLite and on PostgreSQL; each command with a warm cache, in one process. The
table has the medians in milliseconds and their ratio: what grows with the
answer should be near 1, whatever the length of history.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from statistics import median

from configsync.cli.main import run
from configsync.store.database import Database, open_database
from configsync.store.migrate import upgrade
from configsync.store.url import parse_url
from tests.benchmarks.postgresql import execute, server
from tests.benchmarks.process import Failed, progress

PROFILES = 1000
ROWS_OF_A_REVISION = 100
SMALL = 10_000

COMMANDS: dict[str, tuple[str, ...]] = {
    "history --limit 100": ("history", "--limit", "100"),
    "history of one resource": ("history", "profile/p7/ai_infra", "--limit", "100"),
    "history of one profile": ("history", "profile/p7", "--limit", "100"),
    "history of the busiest": ("history", "profile/p1", "--limit", "100"),
    "history 'profile/p99*'": ("history", "profile/p99*", "--limit", "100"),
    "history '*/mlflow' (none)": ("history", "*/mlflow"),
    "history --actor": ("history", "--actor", "actor3", "--limit", "100"),
    "history --actor (none)": ("history", "--actor", "nobody"),
    "history --domain profile": ("history", "--domain", "profile", "--limit", "100"),
    "history --commit": ("history", "--commit", "0000000005"),
    "history --since 1h": ("history", "--since", "1h", "--limit", "100"),
    "history --until, the oldest": ("history", "--until", "2000-01-01T00:10", "--limit", "100"),
    "blame of one profile": ("blame", "profile/p7"),
    "blame of the busiest": ("blame", "profile/p1"),
    "show --at": ("show", "profile/p7", "--at", "60"),
    "show --at of the busiest": ("show", "profile/p1", "--at", "60"),
    "diff of 2 revisions": ("diff", "50", "52"),
    "show live": ("show", "profile/p7"),
    "all at a revision": ("show", "profile/*/ai_infra", "--at", "60", "-o", "json"),
}

COUNT = "WITH RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < {last})"
"""SQLite's generate_series."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.history")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the long history")
    parser.add_argument("--runs", type=int, default=5, help="of which medians are taken (5)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="configsync-history-") as name:
        folder = Path(name)
        measure("SQLite", _sqlite(folder), options.rows, options.runs)
        with server(folder / "postgresql") as found:
            if isinstance(found, str):
                raise Failed(found)
            with found.database() as short, found.database() as long:
                measure("PostgreSQL", iter([short, long]), options.rows, options.runs)
    return 0


def _sqlite(folder: Path) -> Iterator[str]:
    for name in ("short", "long"):
        url = f"sqlite:///{folder}/{name}.db"
        upgrade(parse_url(url, folder))
        yield url


def measure(name: str, urls: Iterator[str], rows: int, runs: int) -> None:
    """Fill two databases and print the table of one dialect."""
    found: list[dict[str, float]] = []
    for number, url in zip((SMALL, rows), urls, strict=True):
        progress(f"{name}: writing {number:,} rows of history")
        fill(open_database(parse_url(url, Path())), number)
        with _environment(url):
            found.append({c: _median(words, runs) for c, words in COMMANDS.items()})
            found[-1]["verify, whole"] = _median(("history", "verify"), 1)
    print(f"\n| {name} | {SMALL:,} rows: ms | {rows:,} rows: ms | ratio |\n|---|--:|--:|--:|")
    for command in found[0]:
        short, long = (f[command] * 1000 for f in found)
        print(f"| {command} | {short:.0f} | {long:.0f} | {long / short:.1f} × |", flush=True)


def _median(words: tuple[str, ...], runs: int) -> float:
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        with redirect_stdout(io.StringIO()):
            code = run(words)
        times.append(time.perf_counter() - began)
        if code != 0:
            raise Failed(f"configsync {' '.join(words)} exits with {code}")
    return median(times)


@contextmanager
def _environment(url: str) -> Iterator[None]:
    os.environ["CONFIGSYNC_DATABASE"] = url
    try:
        yield
    finally:
        del os.environ["CONFIGSYNC_DATABASE"]


def fill(database: Database, rows: int) -> None:
    """Write profiles, and a history of theirs, such as applies a minute apart would have made.

    Every 20th row is of the first profile.
    """
    sqlite = database.url.dialect == "sqlite"

    def series(last: int) -> tuple[str, str]:
        if sqlite:
            return COUNT.format(last=last) + " ", "s"
        return "", f"generate_series(0, {last}) AS s(i)"

    def moment(revision: str) -> str:
        # The newest are of this hour, the oldest of long ago.
        ago = f"({revisions} - {revision})"
        if sqlite:
            then = f"strftime('%Y-%m-%d %H:%M:%f', '2000-01-01', '+' || {revision} || ' minutes')"
            recent = f"strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || {ago} || ' minutes')"
        else:
            then = f"timestamptz '2000-01-01Z' + {revision} * interval '1 minute'"
            recent = f"now() - {ago} * interval '1 minute'"
        return f"CASE WHEN {revision} > {revisions // 2} THEN {recent} ELSE {then} END"

    revisions = rows // ROWS_OF_A_REVISION
    json = "" if sqlite else "::jsonb"
    padded = "printf('%010d', i)" if sqlite else "lpad(i::text, 10, '0')"
    created = 2 * PROFILES
    p = f"CASE WHEN i < {created} THEN i / 2 + 1 WHEN i % 20 = 0 THEN 1 ELSE i % {PROFILES} + 1 END"
    revision = f"(i / {ROWS_OF_A_REVISION} + 1)"
    root = f"(i < {created} AND i % 2 = 0)"
    names = {"name": "'\"p' || p || '\"'", "description": "'null'", "is_default": "'false'"}
    model = {
        "llm_endpoint": "'\"databricks-claude\"'",
        "llm_temperature": "'0.' || (i % 9 + 1)",
        "llm_max_tokens": "'60000'",
    }
    changes = (
        f"CASE WHEN {root} THEN {_object({k: _new(v) for k, v in names.items()})} "
        f"WHEN i < {created} THEN {_object({k: _new(v) for k, v in model.items()})} "
        'ELSE \'{"llm_temperature": {"old": 0.05, "new": 0.\' || (i % 9 + 1) || \'}}\' END'
    )
    snapshot = f"CASE WHEN {root} THEN {_object(names)} ELSE {_object(model)} END"
    with database.writing(60) as transaction:
        head, source = series(revisions - 1)
        transaction.run(
            f"{head}INSERT INTO config_revisions (revision, source, commit_id, actor, created_at) "
            f"SELECT i + 1, 'apply', {padded}, 'actor' || (i % 20), {moment('(i + 1)')} "
            f"FROM {source}"
        )
        head, source = series(rows - 1)
        transaction.run(
            f"{head}INSERT INTO config_history (revision, address, profile_id, domain, action, "
            f"changed_by, changes, snapshot, timestamp) SELECT {revision}, "
            f"'profile/p' || p || CASE WHEN {root} THEN '' ELSE '/ai_infra' END, p, "
            f"CASE WHEN {root} THEN 'profile' ELSE 'ai_infra' END, "
            f"CASE WHEN i < {created} THEN 'create' ELSE 'update' END, "
            f"'actor' || (i / {ROWS_OF_A_REVISION} % 20), ({changes}){json}, ({snapshot}){json}, "
            f"{moment(revision)} FROM (SELECT i, {p} AS p FROM {source}) AS numbered ORDER BY i"
        )
        head, source = series(PROFILES - 1)
        transaction.run(
            f"{head}INSERT INTO config_profiles (id, name, is_default) "
            f"SELECT i + 1, 'p' || (i + 1), {'0' if sqlite else 'false'} FROM {source}"
        )
        transaction.run(
            "INSERT INTO config_ai_infra (profile_id, llm_endpoint, llm_temperature, "
            "llm_max_tokens) SELECT id, 'databricks-claude', 0.5, 60000 FROM config_profiles"
        )
    if not sqlite:
        execute(database.url.connect, "VACUUM ANALYZE")


def _object(values: dict[str, str]) -> str:
    """An expression of an object's JSON text, of expressions of its values' texts."""
    members = " || ', ' || ".join(f"'\"{name}\": ' || {text}" for name, text in values.items())
    return f"'{{' || {members} || '}}'"


def _new(text: str) -> str:
    return f"'{{\"old\": null, \"new\": ' || {text} || '}}'"


if __name__ == "__main__":
    sys.exit(main())
