"""Runs the command line in processes that can be killed, forked from one that has it loaded.

``Launcher`` is the tests' side. ``python -m tests.faults.launcher`` is the
other: it reads a request a line, forks, and answers with the process's id, then
with how it ended. Faults are put into drivers and calls of the operating system
from here; configsync itself has no hook for them.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

PIPE_SIZE = 1024 * 1024


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, or minus the signal, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL


@dataclass
class Child:
    """A process that a launcher started."""

    launcher: Launcher
    number: int
    pid: int

    def signal(self, number: int) -> None:
        """Send a signal, unless the process has ended already."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait_until_stopped(self) -> None:
        """Wait until the process stands still."""
        while Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            time.sleep(0.01)

    def wait(self) -> Ended:
        """Wait for the end of the process."""
        reply = self.launcher.reply(self.number, "code")
        return Ended(reply["code"], reply["out"], reply["err"])


class Launcher:
    """Starts processes; each is a fork of one that has everything imported."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.launcher"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._replies: dict[tuple[int, str], dict[str, Any]] = {}
        self._started = 0

    def start(
        self,
        folder: Path,
        *arguments: str,
        database: str | None = None,
        fault: dict[str, Any] | None = None,
        settings: dict[str, float] | None = None,
        script: str = "tests.faults.launcher:command_line",
    ) -> Child:
        """Run ``configsync`` with arguments in a folder, or another function of this package.

        ``fault`` is one of `tests.faults.failpoints`; ``settings`` are constants
        as ``configsync.store.apply:RETRIES`` with the values to use.
        """
        assert self._process.stdin is not None
        self._started += 1
        request = {
            "number": self._started,
            "folder": str(folder),
            "arguments": arguments,
            "environment": dict(os.environ),
            "database": database,
            "fault": fault,
            "settings": settings or {},
            "script": script,
        }
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return Child(self, self._started, self.reply(self._started, "pid")["pid"])

    def run(self, folder: Path, *arguments: str, **more: Any) -> Ended:
        """Start a process and wait for its end."""
        return self.start(folder, *arguments, **more).wait()

    def reply(self, number: int, about: str) -> dict[str, Any]:
        """Read replies until there is the one that is asked for."""
        assert self._process.stdout is not None
        while (number, about) not in self._replies:
            line = self._process.stdout.readline()
            assert line, "the launcher has ended"
            found = json.loads(line)
            self._replies[(found["number"], "pid" if "pid" in found else "code")] = found
        return self._replies.pop((number, about))

    def close(self) -> None:
        """End the launcher."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def command_line(*arguments: str) -> int:
    """What ``configsync`` does."""
    from configsync.cli.main import run

    return run(arguments)


def _serve() -> None:
    """Fork for each line of standard input; tell of each child's start and end."""
    import configsync

    for module in walk_packages(configsync.__path__, "configsync."):
        if "migrations" not in module.name and "__main__" not in module.name:
            import_module(module.name)
    import_module("tests.faults.failpoints")
    ends, awake = os.pipe2(os.O_NONBLOCK)
    signal.set_wakeup_fd(awake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children: dict[int, tuple[int, int, int]] = {}
    with os.fdopen(0, "rb", buffering=0, closefd=False) as requests:
        pending = b""
        while True:
            ready, _, _ = select.select([0, ends], [], [])
            if ends in ready:
                os.read(ends, 4096)
                _reap(children)
            if 0 in ready:
                data = requests.read(65536)
                if not data:
                    return
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    _fork(json.loads(line), children)


def _fork(request: dict[str, Any], children: dict[int, tuple[int, int, int]]) -> None:
    (out, out_end), (err, err_end) = _pipe(), _pipe()
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out_end, 1)
        os.dup2(err_end, 2)
        # What they were may have been a file, and they would still take it for one.
        sys.stdout, sys.stderr = (open(n, "w", closefd=False) for n in (1, 2))  # noqa: SIM115
        code = 70
        try:
            code = _child(request)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    os.close(out_end)
    os.close(err_end)
    children[pid] = (request["number"], out, err)
    print(json.dumps({"number": request["number"], "pid": pid}), flush=True)


def _pipe() -> tuple[int, int]:
    """A pipe that holds all that a command prints, so that nobody need read it meanwhile."""
    read, write = os.pipe()
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    return read, write


def _child(request: dict[str, Any]) -> int:
    from tests.faults import failpoints

    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    os.environ["CONFIGSYNC_DEBUG"] = "1"
    if request["database"]:
        os.environ["CONFIGSYNC_DATABASE"] = request["database"]
    for name, value in request["settings"].items():
        module, _, attribute = name.partition(":")
        assert hasattr(import_module(module), attribute), name
        setattr(import_module(module), attribute, value)
    if request["fault"]:
        failpoints.arm(**request["fault"])
    module, _, attribute = request["script"].partition(":")
    code: int = getattr(import_module(module), attribute)(*request["arguments"])
    return code


def _reap(children: dict[int, tuple[int, int, int]]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        number, *ends = children.pop(pid)
        texts = []
        for end in ends:
            texts.append(os.read(end, PIPE_SIZE).decode(errors="replace"))
            os.close(end)
        code = os.waitstatus_to_exitcode(status)
        reply = {"number": number, "code": code, "out": texts[0], "err": texts[1]}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    _serve()
