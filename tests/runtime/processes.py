"""The readers and the writer of a test, each a process of its own."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.runtime.waiting import until

ROOT = Path(__file__).parents[2]


class Process:
    """A module of this package that runs, and is asked line by line."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"tests.runtime.{module}", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.input, self.output = self._process.stdin, self._process.stdout

    def close(self) -> None:
        """End it, by force if it doesn't by itself."""
        self.input.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self.output.close()


class Reader(Process):
    """A process with one client, which some threads share."""

    def __init__(
        self, urls: Sequence[str], *, threads: int = 1, restart: bool = False, **options: Any
    ) -> None:
        about = {"urls": urls, "threads": threads, "restart": restart, "options": options}
        super().__init__("reader", json.dumps({**about, "seed": random.random()}))

    def ask(self, what: str = "state") -> dict[str, Any]:
        """How it is doing; told to ``end``, what it found."""
        self.input.write(f"{what}\n")
        self.input.flush()
        line = self.output.readline()
        assert line, "the reader has ended"
        found: dict[str, Any] = json.loads(line)
        return found


class Writer(Process):
    """Applies one number after the other to a database, from a project in a folder."""

    def __init__(self, folder: Path, url: str, first: int = 1) -> None:
        super().__init__("writer", str(folder), url, str(first))
        self.last = int(self.output.readline())

    def end(self) -> int:
        """The last number that was applied, or begun to be: that may have been or not."""
        self.input.close()
        for line in self.output:
            self.last = int(line)
        return self.last


def recovery(readers: Sequence[Reader], since: float, seconds: float) -> float:
    """How long it takes until the database has confirmed each reader's revision since then."""

    for reader in readers:

        def recovered(reader: Reader = reader) -> bool:
            asked = time.monotonic()
            state = reader.ask()
            return bool(state["recovered"] and state["age"] < asked - since)

        until(recovered, since + seconds - time.monotonic(), f"a reader recovers: {reader.ask()}")
    return time.monotonic() - since
