"""The wheel, installed away from the checkout, does what the checkout does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from configsync.usecases.workflows import workflow_files
from tests.profiles import profile

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel is installed, without its dependencies."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*build, str(REPOSITORY)], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target"]
    subprocess.run([*pip, str(folder / "site"), str(wheel)], check=True)
    return folder / "site"


def run(installed: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )


def test_the_wheel_is_what_runs(installed: Path, tmp_path: Path) -> None:
    where = run(installed, "-c", "import configsync; print(configsync.__file__)", cwd=tmp_path)
    assert Path(where.stdout.strip()).is_relative_to(installed)
    for file in ("py.typed", "schemas/profile.schema.json", "store/migrations/env.py"):
        assert (installed / "configsync" / file).is_file(), file
    guide = run(installed, "-m", "configsync", "docs", "operations", cwd=tmp_path)
    assert guide.stdout == (REPOSITORY / "configsync/docs/operations.md").read_text()


def test_the_wheel_plans_applies_and_starts_projects(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/a.yaml").write_text(profile("a", default=True))
    for arguments in (["validate"], ["plan"], ["apply", "--auto-approve"], ["history"]):
        done = run(installed, "-m", "configsync", *arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    new = tmp_path / "new"
    new.mkdir()
    assert run(installed, "-m", "configsync", "init", cwd=new).returncode == 0
    assert {name: (new / name).read_text() for name in workflow_files()} == workflow_files()
    bad = tmp_path / "profiles/a.yaml"
    bad.write_text(bad.read_text().replace("llm_temperature", "llm_temprature"))
    failed = run(installed, "-m", "configsync", "validate", cwd=tmp_path)
    assert failed.returncode == 1
    assert "Did you mean llm_temperature?" in failed.stdout
