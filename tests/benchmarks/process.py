"""Whole processes, measured: wall time, CPU time and peak memory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = str(Path(__file__).with_name("launch.py"))


class Failed(Exception):
    """A command didn't do what it was to be measured at."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command, its children that it waited for included.

    ``seconds`` is wall time, ``cpu`` user and system time, ``peak`` the resident
    memory in MB of the largest single process. ``database`` is how long the
    database worked for it, where that was measured.
    """

    seconds: float
    cpu: float
    peak: float
    database: float = 0.0


def find(program: str) -> str | None:
    """A program, next to this Python or else on PATH; None if it isn't installed."""
    beside = Path(sys.executable).with_name(program)
    return str(beside) if beside.is_file() else shutil.which(program)


def configsync() -> list[str]:
    """The words that start configsync as its users start it."""
    program = find("configsync")
    return [program] if program else [sys.executable, "-m", "configsync"]


def run(
    command: Sequence[str],
    folder: Path,
    *,
    says: str = "",
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Run a command in a folder, and measure it.

    Raises Failed unless it exits with 0 and prints what it ``says`` when it has
    done its work.
    """
    with tempfile.TemporaryDirectory() as scratch:
        numbers, output = Path(scratch, "numbers"), Path(scratch, "output")
        with output.open("wb") as file:
            subprocess.run(
                [sys.executable, "-I", "-S", LAUNCHER, str(numbers), *command],
                cwd=folder,
                env=_environment(folder, environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                check=True,
            )
        text = output.read_text(encoding="utf-8", errors="replace")
        code, *measured = numbers.read_text(encoding="ascii").split()
    if code != "0" or says not in text:
        end = "\n".join(text.splitlines()[-10:])
        raise Failed(f"{Path(command[0]).name} ended with {code}, not with {says!r}:\n{end}")
    return Run(*map(float, measured))


def alternate(
    measure: str, rounds: int, sides: Mapping[str, Callable[[], Run]]
) -> dict[str, tuple[Run, ...]]:
    """Run each side once a round, in turn: what else the machine does meets all of them alike."""
    runs: dict[str, list[Run]] = {name: [] for name in sides}
    for number in range(1, rounds + 1):
        for name, side in sides.items():
            done = side()
            runs[name].append(done)
            progress(f"{measure}, round {number} of {rounds}: {name} {done.seconds:.2f} s")
    return {name: tuple(found) for name, found in runs.items()}


def progress(text: str) -> None:
    """Tell on stderr what is being done."""
    print(text, file=sys.stderr, flush=True)


def _environment(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The environment without settings of the caller's, and with caches kept in the folder."""
    settings = ("CONFIGSYNC_", "DATABASE_URL", "TF_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(settings)}
    return {**kept, "XDG_CACHE_HOME": str(folder / ".cache"), **more}
