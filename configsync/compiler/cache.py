"""The cache of compiled files: content-addressed, shared by runs at once, safe to delete.

It lies in ``.configsync/cache.db`` in the project's folder. Keys are digests
made with a secret that lies outside of the repository, and the file holds one plain
table, so that a pull request can't bring a cache that speaks for its files. What
can't be read counts as absent: no fault of the cache is ever an error.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

RECORD, RESOURCES, OUTCOME = 0, 1, 2
"""The parts of an entry: a file's record, its resources, and what a whole run found."""

FOLDER = ".configsync"
TABLE = (
    "CREATE TABLE entry (key BLOB, part INTEGER, value BLOB, PRIMARY KEY (key, part)) WITHOUT ROWID"
)
BATCH = 500
KEEP_FACTOR = 4
"""When there are so many times the entries of one run, the cache starts anew."""


class Cache:
    """Entries by key and part."""

    def __init__(self, connection: sqlite3.Connection, secret: bytes, folder: Path) -> None:
        self._connection = connection
        self._secret = secret
        self._folder = folder

    @classmethod
    def open(cls, root: Path) -> Cache | None:
        """The cache of a project; None where it can't be kept."""
        secret = _secret()
        if secret is None:
            return None
        folder = root / FOLDER
        try:
            if folder.is_symlink():
                return None
            folder.mkdir(exist_ok=True)
            ignore = folder / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
            file = folder / "cache.db"
            if file.is_symlink():
                return None
            connection = sqlite3.connect(file, timeout=2, isolation_level=None)
            # Losing the cache costs a parse: no need to wait for the disk.
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(TABLE.replace("TABLE", "TABLE IF NOT EXISTS", 1))
            if connection.execute("SELECT sql FROM sqlite_master").fetchall() != [(TABLE,)]:
                # A trigger that a pull request brought would change what is kept.
                connection.close()
                return None
        except (OSError, sqlite3.Error):
            return None
        return cls(connection, secret, folder)

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def now(self) -> int | None:
        """The time in nanoseconds by the clock of the file system; None if it can't be told.

        Long ago where files have no ctime of their own, but one that follows mtime.
        """
        file = self._folder / "clock"
        try:
            file.touch()
            os.utime(file, ns=(0, 0))
            return file.lstat().st_ctime_ns
        except OSError:
            return None

    def is_empty(self) -> bool:
        """Tell whether there are no entries."""
        with suppress(sqlite3.Error):
            return not self._connection.execute("SELECT 1 FROM entry LIMIT 1").fetchall()
        return True

    def key(self, *parts: bytes | str) -> bytes:
        """The key for some content; nobody without the secret can make it."""
        whole = blake2b(key=self._secret, digest_size=16)
        for part in parts:
            data = part.encode(errors="surrogatepass") if isinstance(part, str) else part
            whole.update(len(data).to_bytes(8, "big") + data)
        return whole.digest()

    def get(self, keys: Iterable[bytes], part: int) -> dict[bytes, bytes]:
        """The values that are there."""
        found: dict[bytes, bytes] = {}
        wanted = list(keys)
        with suppress(sqlite3.Error):
            for start in range(0, len(wanted), BATCH):
                batch = wanted[start : start + BATCH]
                marks = ",".join("?" * len(batch))
                query = f"SELECT key, value FROM entry WHERE part = ? AND key IN ({marks})"  # noqa: S608
                found |= dict(self._connection.execute(query, (part, *batch)).fetchall())
        return found

    def put(self, entries: Mapping[tuple[bytes, int], bytes], run: int) -> None:
        """Keep values; ``run`` is how many entries one run of this size needs."""
        with suppress(sqlite3.Error):
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT OR REPLACE INTO entry (key, part, value) VALUES (?, ?, ?)",
                ((key, part, value) for (key, part), value in entries.items()),
            )
            ((count,),) = self._connection.execute("SELECT count(*) FROM entry").fetchall()
            if count > KEEP_FACTOR * max(run, 1000):
                self._connection.execute("DELETE FROM entry")
            self._connection.execute("COMMIT")


def _secret() -> bytes | None:
    """This account's secret, made on first use; None where none can be kept."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    file = Path(base) / "configsync" / "secret"
    try:
        with suppress(FileNotFoundError):
            data = file.read_bytes()
            if len(data) == 32:
                return data
        import secrets

        file.parent.mkdir(parents=True, exist_ok=True)
        # Written aside and linked into place: two first runs at once agree on one secret.
        aside = file.with_name(f"secret.{os.getpid()}.{secrets.token_hex(4)}")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "wb") as out:
            out.write(secrets.token_bytes(32))
        try:
            with suppress(FileExistsError):
                os.link(aside, file)
        finally:
            aside.unlink()
        data = file.read_bytes()
    except OSError:
        return None
    return data if len(data) == 32 else None
