"""``configsync watch`` as a process of its own, with real commands, signals and databases."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import Workspace, execute, with_database
from tests.profiles import profile

DEADLINE = 30.0
"""Seconds after which what a test waits for won't come."""

RECORD = """\
import json, os, sys, time
def told(name):
    return os.environ["CONFIGSYNC_" + name]
def record(what):
    with open("record", "a") as file:
        print(json.dumps([what, told("REVISION"), told("PREVIOUS_REVISION"),
                          told("ADDRESSES").splitlines()]), file=file)
record("began")
while os.path.exists("hold"):
    time.sleep(0.01)
record("ended")
sys.exit(int(open("code").read()) if os.path.exists("code") else 0)
"""
"""A command that writes what it was told, waits while there is a file, and ends as another says."""


def until(condition: Callable[[], Any], what: Callable[[], str]) -> Any:
    """Wait for what a condition gives once that is something."""
    end = time.monotonic() + DEADLINE
    while not (found := condition()):
        assert time.monotonic() < end, what()
        time.sleep(0.01)
    return found


class Watching:
    """A process of ``configsync watch``."""

    def __init__(self, workspace: Workspace, *arguments: str) -> None:
        self.root = workspace.root
        self.log = self.root / "log"
        environment = dict(os.environ)
        if workspace.url is not None:
            environment["CONFIGSYNC_DATABASE"] = workspace.url
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "configsync", "watch", "--poll", "0.1", *arguments],
                cwd=self.root,
                env=environment,
                stdout=log,
                stderr=log,
            )

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def says(self, text: str) -> None:
        """Wait until it has said something."""
        until(lambda: text in self.said, lambda: f"{text!r} isn't in: {self.said}")

    def records(self, count: int) -> list[Any]:
        """Wait until the command has written so many lines; those of ends are dropped."""
        file = self.root / "record"

        def written() -> list[str] | None:
            lines = file.read_text().splitlines() if file.exists() else []
            return lines if len(lines) >= count else None

        lines = until(written, lambda: f"{count} records are asked for: {self.said}")
        return [told for what, *told in map(json.loads, lines) if what == "began"]

    def ends(self) -> int:
        """Wait for its end; the exit code."""
        return self.process.wait(DEADLINE)

    def end(self, number: int = signal.SIGTERM) -> int:
        """End it by a signal; the exit code."""
        self.process.send_signal(number)
        return self.ends()


@pytest.fixture
def watch(workspace: Workspace) -> Iterator[Callable[..., Watching]]:
    """Starts a process, which ends with the test."""
    yield from _starting(workspace)


@pytest.fixture
def watch_sqlite(project: Workspace) -> Iterator[Callable[..., Watching]]:
    """The same, where the database doesn't matter."""
    yield from _starting(project)


def _starting(workspace: Workspace) -> Iterator[Callable[..., Watching]]:
    started: list[Watching] = []
    workspace.write("record.py", RECORD)

    def start(*arguments: str) -> Watching:
        started.append(Watching(workspace, *arguments))
        return started[-1]

    yield start
    (workspace.root / "hold").unlink(missing_ok=True)
    for watching in started:
        watching.process.kill()
        watching.process.wait()


COMMAND = ("--", sys.executable, "record.py")


def change(workspace: Workspace, temperature: float, name: str = "production") -> None:
    """Apply a profile with a temperature."""
    text = profile(name, default=name == "production", spec__ai_infra__llm_temperature=temperature)
    workspace.write(f"profiles/{name}.yaml", text)
    workspace.ok("apply", "--auto-approve")


AI_INFRA = ["profile/production/ai_infra"]


def test_a_command_is_told_of_each_change(
    workspace: Workspace, watch: Callable[..., Watching]
) -> None:
    change(workspace, 0.1)
    watching = watch("--initial", *COMMAND)
    watching.says("at revision 1.")
    assert watching.records(2) == [["1", "", ["*"]]]
    change(workspace, 0.2)
    assert watching.records(4)[1:] == [["2", "1", AI_INFRA]]
    watching.says(f"Revision 2: 1 change; ran {sys.executable} in ")
    assert watching.end() == 0
    assert watching.said.endswith("Ended by SIGTERM.\n")


def test_only_what_is_selected(workspace: Workspace, watch: Callable[..., Watching]) -> None:
    change(workspace, 0.1)
    change(workspace, 0.1, "trial")
    watching = watch("--select", "profile/production", "--select", "prompt/*", *COMMAND)
    watching.says("at revision 2.")
    change(workspace, 0.2, "trial")
    both = profile(default=True, spec__ai_infra__llm_temperature=0.3)
    workspace.write("profiles/production.yaml", both)
    change(workspace, 0.3, "trial")
    told = watching.records(2)
    assert [addresses for *_, addresses in told] == [AI_INFRA]
    assert watching.end(signal.SIGINT) == 0


def test_changes_during_a_run_are_one_next_run(
    workspace: Workspace, watch: Callable[..., Watching]
) -> None:
    change(workspace, 0.1)
    watching = watch(*COMMAND)
    watching.says("at revision 1.")
    hold = workspace.write("hold", "")
    change(workspace, 0.2)
    watching.records(1)
    change(workspace, 0.3)
    watching.says("Revision 3: 1 change; waits for the run before")
    change(workspace, 0.1, "trial")
    watching.says("Revision 4: 5 changes; waits for the run before")
    hold.unlink()
    _, (revision, previous, addresses) = watching.records(4)
    assert (revision, previous) == ("4", "2")
    assert {"profile/trial", *AI_INFRA} < set(addresses)
    assert len(addresses) == 6
    lines = (workspace.root / "record").read_text().splitlines()
    assert [json.loads(line)[0] for line in lines] == ["began", "ended"] * 2


def test_a_failing_command_is_told_and_watching_goes_on(
    workspace: Workspace, watch: Callable[..., Watching]
) -> None:
    change(workspace, 0.1)
    code = workspace.write("code", "3")
    watching = watch("-q", "--initial", *COMMAND)
    watching.says("failed with exit code 3 after ")
    code.unlink()
    change(workspace, 0.2)
    assert watching.records(4)[1][0] == "2"
    assert watching.end() == 0
    assert "ran " not in watching.said
    assert "Watching" not in watching.said


def test_once_ends_with_the_exit_code_of_the_first_change(
    workspace: Workspace, watch: Callable[..., Watching]
) -> None:
    change(workspace, 0.1)
    workspace.write("code", "3")
    watching = watch("--once", "--initial", *COMMAND)
    watching.says("Revision 1; ")
    change(workspace, 0.2)
    assert watching.ends() == 3
    assert len(watching.records(4)) == 2


def test_once_without_a_change_is_no_success(watch_sqlite: Callable[..., Watching]) -> None:
    watching = watch_sqlite("--once", *COMMAND)
    watching.says("Waiting for the database")
    assert watching.end() == 128 + signal.SIGTERM


@pytest.fixture(autouse=True)
def _hang_up_is_heard() -> Iterator[None]:
    """Under nohup, SIGHUP is ignored, by what the tests start too."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_running_command_gets_the_signal_and_is_waited_for(
    project: Workspace, watch_sqlite: Callable[..., Watching], number: signal.Signals
) -> None:
    change(project, 0.1)
    project.write(
        "slow.py",
        "import os, signal, sys, time\n"
        "def end(number, frame):\n"
        "    open('ended-by', 'a').write(f'{number} ')\n"
        "    sys.exit(5)\n"
        f"signal.signal({int(number)}, end)\n"
        "open('ready', 'w').close()\n"
        "while True:\n"
        "    time.sleep(60)\n",
    )
    # Through a shell that doesn't pass it on: what the command has started gets it too.
    watching = watch_sqlite("--initial", "--", "sh", "-c", f"trap : 15; {sys.executable} slow.py")
    until((project.root / "ready").exists, lambda: watching.said)
    assert watching.end(number) == 0
    assert (project.root / "ended-by").read_text().split() == [str(int(number))]


def test_a_command_that_is_not_there(
    project: Workspace, watch_sqlite: Callable[..., Watching]
) -> None:
    change(project, 0.1)
    project.write("plain", "no program")
    watching = watch_sqlite("--initial", "--once", "--", "./reload\x1b[31m")
    watching.says("Revision 1; ./reload␛[31m can't be run: No such file or directory")
    change(project, 0.2)
    assert watching.ends() == 127
    watching = watch_sqlite("--initial", "--", "./plain")
    watching.says("./plain can't be run: Permission denied")


@pytest.fixture
def signalled(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that says which signals it gets."""
    code = (
        "import signal, sys\n"
        "for number in (signal.SIGHUP, signal.SIGUSR1):\n"
        "    signal.signal(number, lambda n, _: print(signal.Signals(n).name, flush=True))\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    signal.pause()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_a_process_is_signalled(
    workspace: Workspace, watch: Callable[..., Watching], signalled: subprocess.Popen[str]
) -> None:
    assert signalled.stdout is not None
    change(workspace, 0.1)
    watching = watch("--pid", str(signalled.pid), "--signal", "USR1")
    watching.says("at revision 1.")
    change(workspace, 0.2)
    assert signalled.stdout.readline() == "SIGUSR1\n"
    watching.says(f"Revision 2: 1 change; sent SIGUSR1 to {signalled.pid}")


def test_a_pid_file_is_read_anew(
    project: Workspace, watch_sqlite: Callable[..., Watching], signalled: subprocess.Popen[str]
) -> None:
    assert signalled.stdout is not None
    change(project, 0.1)
    watching = watch_sqlite("--initial", "--pid-file", "app.pid")
    watching.says("Revision 1; SIGHUP was not sent: app.pid: No such file or directory")
    with subprocess.Popen(["true"]) as gone:
        pass
    file = project.write("app.pid", f"{gone.pid}\n")
    change(project, 0.2)
    watching.says(f"Revision 2: 1 change; SIGHUP was not sent to {gone.pid}: there is no such")
    file.write_text(f"{signalled.pid}\n/var/lib/app\n")
    change(project, 0.3)
    assert signalled.stdout.readline() == "SIGHUP\n"
    watching.says(f"Revision 3: 1 change; sent SIGHUP to {signalled.pid}")


def test_a_sqlite_file_that_comes_late_goes_and_comes_back(
    project: Workspace, watch_sqlite: Callable[..., Watching]
) -> None:
    # A name that a URL must escape.
    project.url = f"sqlite:///{quote('50% of it, ä.db')}"
    watching = watch_sqlite("--initial", *COMMAND)
    watching.says("Waiting for the database: sqlite:///")
    change(project, 0.1)
    watching.records(2)
    file = project.root / "50% of it, ä.db"
    away = file.rename(project.root / "away.db")
    watching.says("is another file now, or gone.")
    away.rename(file)
    change(project, 0.2)
    until(lambda: watching.records(2)[-1][0] == "2", lambda: watching.said)
    assert watching.end() == 0


def test_a_postgresql_that_comes_late_goes_and_comes_back(
    project: Workspace, pg_server: str, pg_template: str
) -> None:
    name = f"configsync_watch_{os.getpid()}"
    project.url = with_database(pg_server, name)
    starting = _starting(project)
    watching = next(starting)("--initial", *COMMAND)
    try:
        watching.says("Waiting for the database: postgresql://")
        assert f'database "{name}" does not exist' in watching.said
        execute(pg_server, f"CREATE DATABASE {name} TEMPLATE {pg_template}")
        watching.says("at revision 0.")
        change(project, 0.1)
        until(lambda: watching.records(2)[-1][0] == "1", lambda: watching.said)
        execute(pg_server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        execute(
            pg_server,
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
        )
        watching.says("Warning: reload failed: ")
        execute(pg_server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        change(project, 0.2)
        until(lambda: watching.records(2)[-1][0] == "2", lambda: watching.said)
        assert watching.end() == 0
    finally:
        next(starting, None)
        execute(pg_server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def test_it_reports_its_revision(workspace: Workspace, watch: Callable[..., Watching]) -> None:
    change(workspace, 0.1)
    watching = watch("--report", "--name", "sidecar", "--", "true")
    until(lambda: "sidecar" in workspace.ok("status").out, lambda: watching.said)
    workspace.write("profiles/production.yaml", profile(default=True))
    workspace.ok("apply", "--auto-approve", "--wait", str(DEADLINE))
    assert watching.end() == 0
    assert "sidecar" not in workspace.ok("status").out


def test_a_signal_ends_the_wait_for_a_database(watch_sqlite: Callable[..., Watching]) -> None:
    watching = watch_sqlite(*COMMAND)
    watching.says("Waiting for the database")
    assert watching.end() == 0


def test_names_written_past_configsync_forge_nothing(
    workspace: Workspace, watch: Callable[..., Watching]
) -> None:
    change(workspace, 0.1)
    watching = watch(*COMMAND)
    watching.says("at revision 1.")
    quoted = "'x\x1b[31m\nprofile/forged'"
    workspace.sql(f"INSERT INTO config_profiles (name, is_default) VALUES ({quoted}, false)")
    ((_, _, addresses),) = watching.records(2)
    assert addresses == ["profile/x%1B[31m%0Aprofile%2Fforged"]
    assert "\x1b" not in watching.said


def test_too_many_addresses_are_any(workspace: Workspace, watch: Callable[..., Watching]) -> None:
    change(workspace, 0.1)
    watching = watch(*COMMAND)
    watching.says("at revision 1.")
    workspace.sql(
        "INSERT INTO app_settings (category, setting_key, setting_value, value_type) "
        "WITH RECURSIVE n (i) AS (SELECT 10000 UNION ALL SELECT i + 1 FROM n WHERE i < 13000) "
        "SELECT 'bulk', 'key_of_setting_' || i, '1', 'int' FROM n"
    )
    ((_, _, addresses),) = watching.records(2)
    assert addresses == ["*"]
    watching.says("3001 changes")
