"""Start-up: no command loads a library that it doesn't need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.profiles import profile
from tests.test_generated_invalid import VALID

HEAVY = {"sqlalchemy", "alembic", "databricks", "psycopg2", "pydantic", "rich"}


def loaded(*arguments: str, cwd: Path) -> set[str]:
    """The top-level packages that a command has loaded when it ends."""
    return loaded_by(
        "import sys; from configsync.cli.main import run; code = run(sys.argv[1:])",
        *arguments,
        cwd=cwd,
    )


def loaded_by(code: str, *arguments: str, cwd: Path) -> set[str]:
    """The top-level packages that a program has loaded when it ends, with 0 or ``code``."""
    code = (
        f"code = 0; {code}; import sys; "
        "print(*{m.partition('.')[0] for m in sys.modules}, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=cwd, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/a.yaml").write_text(profile("a", default=True))
    return tmp_path


@pytest.mark.parametrize("command", [["--help"], ["--version"], ["plan", "--help"], ["rules"]])
def test_help_loads_no_database(command: list[str], root: Path) -> None:
    assert not loaded(*command, cwd=root) & (HEAVY | {"jsonschema", "yaml"})


def test_validate_loads_no_database_and_no_slow_validator(root: Path) -> None:
    assert not loaded("validate", cwd=root) & (HEAVY | {"jsonschema"})


def test_validate_of_plain_files_loads_no_parser(root: Path) -> None:
    (root / "profiles/a.yaml").write_text(VALID)
    assert not loaded("validate", cwd=root) & {"yaml"}


def test_plan_on_sqlite_loads_neither_sqlalchemy_nor_psycopg2(root: Path) -> None:
    loaded("apply", "--auto-approve", cwd=root)
    assert not loaded("plan", cwd=root) & HEAVY


def test_an_unchanged_source_is_checked_without_what_compiles(root: Path) -> None:
    loaded("validate", cwd=root)
    assert not loaded("validate", cwd=root) & (HEAVY | {"jsonschema", "jsonschema_rs", "yaml"})


def test_a_lakebase_url_is_read_without_the_library_of_databricks(root: Path) -> None:
    parse = "from configsync.store.url import parse_url; parse_url('lakebase://main/app', None)"
    assert not loaded_by(parse, cwd=root) & HEAVY


def test_services_load_what_they_use(root: Path) -> None:
    unused = HEAVY | {"click", "jsonschema", "yaml"}
    assert not loaded_by("import configsync.store.readers", cwd=root) & (unused | {"jsonschema_rs"})
    assert not loaded_by("import configsync.services", cwd=root) & (unused | {"jsonschema_rs"})
    loaded("apply", "--auto-approve", cwd=root)
    write = (
        "from configsync.services import ProfileService; "
        "profiles = ProfileService('sqlite:///configsync.db'); "
        "profiles.update('a', user='alice', description='new'); profiles.list()"
    )
    assert not loaded_by(write, cwd=root) & unused
