"""A kind of another package: installed as any package is, it is held to the same suite."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest

from tests.conformance.case import CASES
from tests.conformance.databases import DIALECTS
from tests.conftest import Workspace
from tests.profiles import profile

REPOSITORY = Path(__file__).parents[2]
PLUGIN = CASES / "plugin"
GUIDE = REPOSITORY / "configsync/docs/kinds.md"
ROUTE = PLUGIN / "Route/start/chat.yaml"


@dataclass(frozen=True)
class Environment:
    """A virtual environment in which configsync and the plug-in are installed, from wheels."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin/python"

    def run(self, *arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
        """Run its Python, where nothing of the checkout can be imported."""
        outer = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        return subprocess.run(
            [str(self.python), *arguments],
            cwd=cwd,
            env={**outer, **more},
            capture_output=True,
            text=True,
        )


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    folder = tmp_path_factory.mktemp("plugin")
    wheels = folder / "wheels"
    for project in (REPOSITORY, PLUGIN):
        build = [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(wheels),
        ]
        subprocess.run([*build, str(project)], check=True, capture_output=True)
    made = Environment(folder / "venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(made.folder)], check=True)
    # What both depend on is had from here, without a network.
    purelib = made.run("-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder)
    here = Path(purelib.stdout.strip()) / "outer.pth"
    here.write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(made.python), "install", "-q"]
    subprocess.run([*pip, "--no-deps", "--no-index", *map(str, wheels.iterdir())], check=True)
    return made


def test_the_suite_holds_for_it(environment: Environment, pg_server: str, tmp_path: Path) -> None:
    suite = tmp_path / "tests"
    left_out = shutil.ignore_patterns("plugin", Path(__file__).name, "__pycache__")
    shutil.copytree(CASES, suite / CASES.name, ignore=left_out)
    shutil.copytree(PLUGIN / "Route", suite / CASES.name / "Route")
    for name in ("__init__.py", "conftest.py", "times.py"):
        shutil.copy(CASES.parent / name, suite)
    done = environment.run(
        *("-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "-k", "Route", "tests"),
        cwd=tmp_path,
        CONFIGSYNC_TEST_PG_URL=pg_server,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    assert " passed" in done.stdout


def test_the_guide_shows_the_package(
    environment: Environment, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    (tmp_path / "profiles").mkdir()
    shutil.copy(ROUTE, tmp_path / "profiles")
    path = f"{environment.python.parent}{os.pathsep}{os.environ['PATH']}"

    def run(block: re.Match[str]) -> str:
        shown = ""
        for command in re.findall(r"^\$ (.+)$", block[1], re.MULTILINE):
            done = subprocess.run(
                ["sh", "-c", command],
                cwd=tmp_path,
                env={**os.environ, "PATH": path, "PYTHONPATH": ""},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            shown += f"$ {command}\n{done.stdout}"
        return f"```console\n{shown}```\n"

    text = GUIDE.read_text(encoding="utf-8")
    actual = re.sub(r"```console\n(.*?)```\n", run, text, flags=re.DOTALL)
    if request.config.getoption("--update"):
        GUIDE.write_text(actual, encoding="utf-8")
    else:
        assert actual == text
    package = "".join(f.read_text() for f in (*PLUGIN.glob("*.*"), ROUTE))
    shown = re.findall(r"```(?:yaml|toml|python)\n(.*?)```\n", text, re.DOTALL)
    assert [block for block in shown if block not in package] == []


@pytest.fixture(params=DIALECTS)
def here(project: Workspace, request: pytest.FixtureRequest) -> Workspace:
    """A project on each database, in which the plug-in isn't installed; a profile is applied."""
    project.url = f"sqlite:///{project.root}/configsync.db"
    if request.param == "postgresql":
        project.url = request.getfixturevalue("pg_url")
    project.write("configsync.toml", 'source = "routes"\n')
    project.write("profiles/a.yaml", profile("a", default=True))
    project.ok("apply", "--auto-approve")
    return project


@dataclass(frozen=True)
class There:
    """The same project, where the plug-in is installed."""

    environment: Environment
    project: Workspace

    @property
    def url(self) -> str:
        return str(self.project.url)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.environment.run(
            *("-m", "configsync", *arguments), cwd=self.project.root, CONFIGSYNC_DATABASE=self.url
        )

    def ok(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refused(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr


@pytest.fixture
def there(environment: Environment, here: Workspace) -> There:
    return There(environment, here)


def test_an_upgrade_creates_its_tables(here: Workspace, there: There) -> None:
    here.write("profiles/chat.yaml", ROUTE.read_text())
    for command in (("plan",), ("apply", "--auto-approve"), ("drift",), ("history",)):
        refused = there.refused(*command)
        assert "has no table routes of the kind Route yet. Run: configsync db upgrade" in refused
    status = there.run("db", "status")
    assert status.returncode == 1
    assert "routes, route_backends missing or incomplete. Run: configsync db up" in status.stdout
    assert there.ok("db", "upgrade").startswith("Created routes, route_backends, of kinds")
    assert not there.ok("db", "upgrade").startswith("Created")
    there.ok("db", "status")
    there.ok("apply", "--auto-approve")
    assert here.sql("SELECT name FROM routes") == [("chat",)]


@pytest.fixture
def applied(here: Workspace, there: There) -> There:
    """A route is applied where the plug-in is installed."""
    here.write("profiles/chat.yaml", ROUTE.read_text())
    there.ok("db", "upgrade")
    there.ok("apply", "--auto-approve")
    return there


def test_what_is_not_installed_is_left_and_told(here: Workspace, applied: There) -> None:
    rows = here.sql("SELECT * FROM routes"), here.sql("SELECT * FROM route_backends")
    unknown = here.run("plan")
    assert unknown.code == 1
    assert "unknown kind Route" in unknown.out
    assert "If another package adds it, install that." in unknown.out
    (here.root / "profiles/chat.yaml").unlink()
    here.write("profiles/a.yaml", profile("a", default=True, spec__ai_infra__llm_max_tokens=5))
    planned = here.ok("apply", "--auto-approve", "-o", "json").json
    assert [c["address"] for c in planned["changes"]] == ["profile/a/ai_infra"]
    assert planned["forgotten"] == planned["unmanaged"] == []
    assert [(d["code"], d["severity"], d["summary"]) for d in planned["diagnostics"]] == [
        ("CS419", "warning", f"{many} left as they are: no kind that is installed has them")
        for many in ("2 backend resources are", "1 route resource is")
    ]
    drifted = here.ok("drift", "-o", "json").json
    assert drifted["drift"] == []
    assert drifted["not_installed"] == [
        "route/chat",
        "route/chat/backend/databricks-claude",
        "route/chat/backend/databricks-llama",
    ]
    for output in ("text", "markdown", "html", "junit"):
        shown = unescape(here.ok("drift", "-o", output).out)
        assert "3 of kinds that aren't installed, not looked at." in shown
    here.ok("rollback", "--to", "1", "--auto-approve")
    assert "route/chat" in here.ok("history").out
    here.ok("history", "verify")
    assert (here.sql("SELECT * FROM routes"), here.sql("SELECT * FROM route_backends")) == rows
    here.write("profiles/chat.yaml", ROUTE.read_text())
    assert "0 to create, 1 to update, 0 to delete" in applied.ok("plan")


def test_its_policy_judges_plans(here: Workspace, applied: There) -> None:
    text = ROUTE.read_text().replace("weight: 10", "weight: 95").replace("weight: 90", "weight: 5")
    here.write("profiles/chat.yaml", text)
    for command in (("plan",), ("apply", "--auto-approve")):
        done = applied.run(*command)
        assert done.returncode == 4, done.stdout + done.stderr
        assert (
            "error[ROUTE2]: route/chat/backend/databricks-llama would go from 10 to 95 % at once\n"
            "  --> profiles/chat.yaml:9:44" in done.stdout
        )
    assert "It comes from the module configsync_routes." in applied.ok("rules", "ROUTE2")


def test_a_backup_is_whole_or_refused(here: Workspace, applied: There) -> None:
    refused = here.run("backup", "all.jsonl")
    assert refused.code == 1
    assert "resources of backend, route, which no kind that is installed" in refused.err
    applied.ok("backup", "all.jsonl")
    refused = here.run("restore", "all.jsonl", "--database", "sqlite:///new.db")
    assert refused.code == 1
    assert "has the table routes, which no kind that is installed here has" in refused.err
    applied.ok("restore", "all.jsonl", "--database", "sqlite:///new.db")
    assert "0 to update, 0 to delete, 8 unchanged" in applied.ok(
        "plan", "--database", "sqlite:///new.db"
    )


def test_a_backup_from_before_it_was_installed_can_be_restored(
    here: Workspace, there: There
) -> None:
    here.ok("backup", "all.jsonl")
    there.ok("restore", "all.jsonl", "--database", "sqlite:///new.db")
    assert "0 to delete, 5 unchanged" in there.ok("plan", "--database", "sqlite:///new.db")


def test_a_table_that_its_package_made_needs_the_columns_and_is_watched(
    here: Workspace, there: There
) -> None:
    sqlite = there.url.startswith("sqlite")
    number, json = ("integer", "text") if sqlite else ("serial", "jsonb")
    kept = ", ".join(f"{what}_at timestamp, {what}_by text" for what in ("created", "updated"))
    here.sql(
        f"CREATE TABLE routes (id {number} PRIMARY KEY, name varchar(100) UNIQUE, more text, "
        f"description text, timeout numeric(6,2), {kept}, is_active boolean)"
    )
    refused = there.refused("db", "upgrade")
    assert "the table routes of the kind Route lacks tags. Columns of a table that is" in refused
    assert here.sql("SELECT count(*) FROM config_profiles") == [(1,)]
    here.sql(f"ALTER TABLE routes ADD COLUMN tags {json}")
    assert there.ok("db", "upgrade").startswith("Created route_backends, of kinds")
    here.sql("INSERT INTO routes (name, timeout, tags, is_active) VALUES ('x', 1, '[]', true)")
    here.sql("UPDATE routes SET more = 'not configsync''s'")
    here.sql("DELETE FROM routes")
    entries = here.ok("history", "route/*", "-o", "json").json["entries"]
    assert [(e["address"], e["action"], e["source"]) for e in entries] == [
        ("route/x", "delete", "external"),
        ("route/x", "create", "external"),
    ]


def test_columns_that_went_are_told(here: Workspace, applied: There) -> None:
    here.sql("ALTER TABLE route_backends RENAME COLUMN weight TO share")
    for command in ("plan", "db upgrade"):
        assert "route_backends of the kind Route lacks weight." in applied.refused(*command.split())
    status = applied.run("db", "status")
    assert "route_backends missing or incomplete" in status.stdout
