"""What can be done after a change: run a command, or send a signal to a process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from configsync.render.escape import one_line
from configsync.runtime import Change

ANY = "*"
"""Stands for addresses that aren't known, or are too many to name."""

LONGEST = 64 * 1024
"""Bytes of addresses at most: Linux starts no program with a variable above 128 KiB."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it, in words, and as an exit code: 0 if all is well."""

    code: int
    text: str


class Reaction(Protocol):
    """Something that is done after each change, one after the other."""

    def react(self, change: Change, wait: Callable[[], Iterable[int]]) -> Done:
        """Do it, and see it end. What goes wrong is told, not raised.

        ``wait`` sleeps until a child may have ended, or signals came, which it
        returns: they are passed on.
        """


class RunCommand:
    """Runs a program, without a shell, in a process group of its own and with nothing to read.

    So a signal that is passed on reaches whatever the program has started, and
    one from the terminal comes once.
    """

    def __init__(self, words: Sequence[str], folder: Path) -> None:
        self._words = list(words)
        self._folder = folder

    def react(self, change: Change, wait: Callable[[], Iterable[int]]) -> Done:
        name = one_line(self._words[0])
        began = time.monotonic()
        try:
            process = subprocess.Popen(
                self._words,
                cwd=self._folder,
                env=os.environ | environment(change),
                stdin=subprocess.DEVNULL,
                process_group=0,
            )
        except (OSError, ValueError) as error:
            # 127 and 126 are what a shell says of a program that isn't there, or is none.
            shell = 127 if isinstance(error, FileNotFoundError) else 126
            return Done(shell, f"{name} can't be run: {getattr(error, 'strerror', error)}")
        while process.poll() is None:
            for number in wait():
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, number)
        code = process.returncode
        took = f"{time.monotonic() - began:.1f} s"
        if code < 0:
            return Done(128 - code, f"{name} was ended by {_signal_name(-code)} after {took}")
        if code > 0:
            return Done(code, f"{name} failed with exit code {code} after {took}")
        return Done(0, f"ran {name} in {took}")


class SendSignal:
    """Sends a signal to one process, by its id or by a file that has it, read anew each time."""

    def __init__(self, number: signal.Signals, process: int | Path) -> None:
        self._number = number
        self._process = process

    def react(self, change: Change, wait: Callable[[], Iterable[int]]) -> Done:
        try:
            pid = self._process if isinstance(self._process, int) else read_pid(self._process)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            file = one_line(str(self._process))
            return Done(1, f"{self._number.name} was not sent: {file}: {why}")
        try:
            os.kill(pid, self._number)
        except (OSError, OverflowError) as error:
            gone = isinstance(error, ProcessLookupError | OverflowError)
            why = "there is no such process" if gone else "it may not be signalled from here"
            return Done(1, f"{self._number.name} was not sent to {pid}: {why}")
        return Done(0, f"sent {self._number.name} to {pid}")


def read_pid(file: Path) -> int:
    """The process id in the first line of a file. Raises OSError and ValueError."""
    with open(file, "rb") as opened:
        line = opened.readline(64).strip()
    # Never 0 or below, which would mean whole groups of processes.
    if not re.fullmatch(rb"0*[1-9][0-9]{0,18}", line):
        raise ValueError("its first line is no process id")
    return int(line)


def environment(change: Change) -> dict[str, str]:
    """The environment variables that tell a command of a change."""
    return {
        "CONFIGSYNC_REVISION": str(change.revision),
        "CONFIGSYNC_PREVIOUS_REVISION": "" if change.previous is None else str(change.previous),
        "CONFIGSYNC_ADDRESSES": _listed(change.addresses),
    }


def _listed(addresses: Sequence[str]) -> str:
    """A line an address. A name that somebody wrote past configsync can't begin another line."""
    lines = (_CONTROL.sub(lambda c: f"%{ord(c[0]):02X}", at) for at in addresses)
    text = "\n".join(lines)
    return text if 0 < len(text.encode()) <= LONGEST else ANY


def _signal_name(number: int) -> str:
    with suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"
