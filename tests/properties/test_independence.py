"""The same source gives the same bytes, whatever the machine is like (rule 6.12)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.profiles import profile

MACHINES = [
    {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8"},
    {
        "PYTHONHASHSEED": "4711",
        "TZ": "America/St_Johns",
        "LC_ALL": "tr_TR.UTF-8",
        "PYTHONUTF8": "0",
    },
]


def write(folder: Path, order: Random) -> None:
    """Write the same files in some order: a folder lists them as they came, or otherwise."""
    texts = {
        f"{name}.yaml": profile(name, default=name == "a", metadata__description="ı İ ß Ω")
        for name in ("a", "b", "B0", "ä", "z", "ı")
    }
    names = list(texts)
    order.shuffle(names)
    (folder / "profiles").mkdir(parents=True)
    for name in names:
        (folder / "profiles" / name).write_text(texts[name], encoding="utf-8")
    (folder / "configsync.toml").write_text('source = "same"\n')


def run(folder: Path, machine: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "configsync", *arguments],
        cwd=folder,
        env={**os.environ, **machine},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.mark.parametrize("command", [["plan", "--no-cache"], ["plan", "--no-cache", "-o", "json"]])
def test_a_plan_is_the_same_on_every_machine(command: list[str], tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/shared.db"
    outputs = set()
    for number, machine in enumerate(MACHINES):
        folder = tmp_path / str(number)
        write(folder, Random(number))
        outputs.add(run(folder, machine, *command, "--database", database))
    assert len(outputs) == 1
