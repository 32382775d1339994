"""Applies one number after the other, whatever happens to the server: a process of its own."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from configsync.cli.main import run
from tests.runtime import marked

PAUSE = 0.05


def apply(root: Path, url: str) -> bool:
    """Apply what is written; tells whether the database has it now."""
    with open(os.devnull, "w") as null, redirect_stdout(null), redirect_stderr(null):
        return run(["apply", "-C", str(root), "--auto-approve", "--force", "--database", url]) == 0


def main(folder: str, url: str, first: str) -> None:
    """Apply numbers until standard input ends; print each that was applied."""
    ending = threading.Event()

    def await_the_end() -> None:
        sys.stdin.read()
        ending.set()

    threading.Thread(target=await_the_end, daemon=True).start()
    number = int(first)
    while not ending.is_set():
        marked.write(Path(folder), number)
        while not apply(Path(folder), url):
            if ending.wait(PAUSE):
                return
        print(number, flush=True)
        number += 1
        time.sleep(PAUSE)


if __name__ == "__main__":
    main(*sys.argv[1:])
