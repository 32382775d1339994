"""A canary in every sensitive place, and nothing that configsync gives out sings.

Each command runs in each state of the world, in each of its formats. What it
prints, logs, raises and writes is searched for all of the canaries. The places
that hold them on purpose are named here, and nowhere else may one be.
"""

from __future__ import annotations

import logging
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from configsync.cli import main
from configsync.core.errors import ConfigsyncError
from configsync.runtime import ConfigClient, Status
from configsync.services import SettingsService
from tests.conftest import Workspace

FLAG, SETTINGS_URL, ENVIRONMENT_URL = "Vq8flag7Xw", "Vq8settings7Xw", "Vq8environment7Xw"
VALUE, NEXT, BY_HAND = "Vq8value7Xw", "Vq8next7Xw", "Vq8hand7Xw"
CREDENTIAL, LITERAL, CI, HOOK = "Vq8credential7Xw", "Vq8literal7Xw", "Vq8ci7Xw", "Vq8hook7Xw"
CANARIES = (
    *(FLAG, SETTINGS_URL, ENVIRONMENT_URL, VALUE, NEXT, BY_HAND, CREDENTIAL, LITERAL, CI, HOOK),
)

SETTINGS_FILE = f"""\
source = "canary"
env = ["WEATHER_KEY"]
[targets.local]
[targets.away]
database = "postgresql://app:{SETTINGS_URL}@127.0.0.1:1/app"
[targets.named]
database_env = "CANARY_URL"
"""
SETTINGS = """\
apiVersion: configsync/v1
kind: Settings
metadata: {name: weather}
spec:
  api_key: {value: {$env: WEATHER_KEY}, sensitive: true}
  timeout: 30
"""

READS = (
    *(f"validate -o {form}" for form in ("text", "json", "sarif", "junit", "github")),
    *(f"plan -o {form}" for form in ("text", "json", "markdown", "html")),
    *(f"drift -o {form}" for form in ("text", "json", "markdown", "html", "junit")),
    *(f"diff 0 1 -o {form}" for form in ("text", "json", "markdown", "html")),
    *(f"show setting/* -o {form}" for form in ("text", "json")),
    *(f"history -o {form}" for form in ("text", "json")),
    *(f"blame setting/weather/api_key -o {form}" for form in ("text", "json")),
    *(f"status -o {form}" for form in ("text", "json")),
    *(f"export -o {form}" for form in ("env", "dotenv", "json")),
    "export --out -",
    "export --state",
    "show setting/weather/api_key --at 1",
    "history verify",
    "explain setting/weather/api_key",
    "plan --rehearse",
    "plan --out plan.json",
    "show plan.json",
    "drift --textfile drift.prom",
    f"drift --webhook http://127.0.0.1:1/{HOOK}",
    "fmt --check",
    "db status",
    "ci plan --reports reports",
    "ci drift --reports reports",
    "adopt --all --dry-run",
    "set setting/weather timeout=31 --dry-run",
)
"""What looks and changes no value."""

FEW = ("plan", "apply --auto-approve", "drift", "history", "export --state", "db status", "status")
"""What meets each failure."""


class Hunt:
    """Runs commands and searches whatever comes of them; counts the paths that it took."""

    def __init__(self, workspace: Workspace, caplog: pytest.LogCaptureFixture, url: str) -> None:
        self.workspace, self.caplog = workspace, caplog
        self.flag: tuple[str, ...] = ("--database", url)
        self.paths = 0
        self.codes: set[int] = set()
        self.raised: list[BaseException] = []
        caplog.set_level(logging.DEBUG)
        original = main.cli.main

        def recording(*args: Any, **kwargs: Any) -> Any:
            try:
                return original(*args, **kwargs)
            except BaseException as error:
                self.raised.append(error)
                raise

        workspace.monkeypatch.setattr(main.cli, "main", recording)

    def run(self, line: str, *more: str) -> None:
        """Run a command and search what it printed, logged and raised."""
        result = self.workspace.run(*line.split(), *more)
        self.paths += 1
        self.codes.add(result.code)
        self._search(f"{line} printed", result.out + result.err)
        self._raised(line)

    def at_database(self, line: str) -> None:
        """Run a command with the database's URL as its flag, if it takes one."""
        without = ("validate", "fmt", "set", "explain", "show plan.json")
        self.run(line, *(() if line.startswith(without) else self.flag))

    def attempt(self, what: str, act: Callable[[], object]) -> None:
        """Do something in Python, and search what it gives or raises."""
        try:
            self._search(what, repr(act()))
        except ConfigsyncError as error:
            self.raised.append(error)
        self.paths += 1
        self._raised(what)

    def _raised(self, what: str) -> None:
        for error in self.raised:
            chain: BaseException | None = error
            while chain is not None:
                self._search(f"{what} raised", f"{chain} {chain!r} {chain.args} {vars(chain)}")
                chain = chain.__cause__ or chain.__context__
            self._search(f"{what} raised", "".join(traceback.format_exception(error)))
        self.raised.clear()
        self._search(f"{what} logged", self.caplog.text)
        self._search(f"{what} logged", repr([vars(r) for r in self.caplog.records]))
        self.caplog.clear()

    def files(self, but: tuple[str, ...]) -> None:
        """Search every file in the project, ``but`` those that hold a canary on purpose."""
        for file in self.workspace.root.rglob("*"):
            name = file.relative_to(self.workspace.root).as_posix()
            if file.is_file() and not name.startswith(but):
                self._search(name, file.read_bytes().decode(errors="replace"))

    def tables(self) -> None:
        """Search all that the database holds, but the table that the application reads."""
        for (table,) in self.workspace.sql(_TABLES[self.workspace.url is None]):
            if table != "app_settings":
                self._search(table, repr(self.workspace.sql(f'SELECT * FROM "{table}"')))

    def _search(self, where: str, text: str) -> None:
        assert [canary for canary in CANARIES if canary in text] == [], (where, text[:2000])


_TABLES = {
    True: "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')",
    False: "SELECT relname FROM pg_class WHERE relkind IN ('r', 'v') "
    "AND relnamespace = current_schema()::regnamespace",
}

WRITTEN_BY_HAND = (
    f"UPDATE app_settings SET setting_value = '{BY_HAND}' WHERE setting_key = 'api_key'"
)

PLANTED = ("configsync.toml", "configsync.db", "backup.jsonl", "cache.json", "profiles/planted")
"""The files that hold a canary on purpose: settings and documents in which it was planted, the
database, a backup of it, and the runtime's own cache."""


@pytest.fixture
def hunt(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> Iterator[Hunt]:
    """A project with a canary in every place, on a database whose URL has one."""
    patch = workspace.monkeypatch
    for name in ("GITHUB_TOKEN", "DATABRICKS_TOKEN", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY"):
        patch.setenv(name, CI)
    patch.setenv("DATABASE_URL", f"postgresql://app:{ENVIRONMENT_URL}@127.0.0.1:1/app")
    patch.setenv("CANARY_URL", f"postgresql://app:{ENVIRONMENT_URL}@127.0.0.1:1/app")
    patch.setenv("CONFIGSYNC_TARGET", "local")
    patch.setenv("WEATHER_KEY", VALUE)
    workspace.write("configsync.toml", SETTINGS_FILE)
    workspace.write("profiles/weather.yaml", SETTINGS)
    url = "sqlite:///configsync.db"
    if workspace.url is not None:
        # The server trusts whoever comes by its socket, with whatever password.
        url = workspace.url = workspace.url.replace(":@", f":{FLAG}@")
    yield Hunt(workspace, caplog, url)
    logging.getLogger("configsync").setLevel(logging.NOTSET)


def test_reading_sings_in_no_state_of_the_world(hunt: Hunt) -> None:
    workspace = hunt.workspace
    hunt.at_database("apply --auto-approve")
    states: dict[str, Callable[[], object]] = {
        "as applied": lambda: None,
        "another value to come": lambda: workspace.monkeypatch.setenv("WEATHER_KEY", NEXT),
        "a value written by hand": lambda: workspace.sql(WRITTEN_BY_HAND),
        "no value at hand": lambda: workspace.monkeypatch.delenv("WEATHER_KEY"),
    }
    for enter in states.values():
        enter()
        for line in READS:
            hunt.at_database(line)
    hunt.files(PLANTED)
    hunt.tables()
    assert {0} < hunt.codes
    assert hunt.paths == 1 + len(states) * len(READS)


def test_changing_sings_neither(hunt: Hunt) -> None:
    workspace, patch = hunt.workspace, hunt.workspace.monkeypatch
    hunt.at_database("apply --auto-approve -o json")
    patch.setenv("WEATHER_KEY", NEXT)
    hunt.at_database("plan --out stale.json")
    hunt.at_database("ci apply --reports reports")
    hunt.at_database("apply stale.json")
    patch.setenv("WEATHER_KEY", VALUE)
    hunt.at_database("plan --out plan.json")
    patch.setenv("WEATHER_KEY", NEXT)
    hunt.at_database("apply plan.json")
    patch.setenv("WEATHER_KEY", VALUE)
    hunt.at_database("apply plan.json --actor ada")
    hunt.at_database("rollback --to 1 --auto-approve")
    hunt.at_database("rollback --to 1 --auto-approve -o json --write")
    workspace.write("profiles/weather.yaml", SETTINGS)
    hunt.at_database("export --state --out state.json")
    hunt.run("plan --against state.json -o json")
    hunt.run("plan --against state.json -o html")
    hunt.at_database("export --out exported")
    hunt.at_database("backup backup.jsonl")
    hunt.run("restore backup.jsonl", "--database", "sqlite:///restored.db")
    (workspace.root / "restored.db").unlink()
    for answer in ("refresh-only", "force", "take-ownership", "accept-conflicts", "purge"):
        workspace.sql(WRITTEN_BY_HAND)
        hunt.at_database(f"plan --{answer} -o json")
        hunt.at_database(f"apply --{answer} --auto-approve")
    workspace.write("profiles/weather.yaml", SETTINGS.replace("  api_key", "  key"))
    hunt.at_database("apply --auto-approve --force")
    for line in ("history", "history -o json", "diff 1 2", "diff 0 2 -o html", "history verify"):
        hunt.at_database(line)
    hunt.files(PLANTED)
    hunt.tables()
    assert {0, 3} <= hunt.codes
    assert hunt.paths >= 30


def _planted(hunt: Hunt, text: str) -> None:
    hunt.workspace.write("profiles/planted.yaml", text)


def _unreadable(text: str) -> Callable[[Hunt], None]:
    return lambda hunt: _planted(hunt, text)


def _older_schema(hunt: Hunt) -> None:
    hunt.workspace.sql("UPDATE config_schema_version SET version_num = '0001'")


def _newer_schema(hunt: Hunt) -> None:
    hunt.workspace.sql("UPDATE config_schema_version SET version_num = '9999'")


def _lost_key(hunt: Hunt) -> None:
    hunt.workspace.sql("DELETE FROM config_keys")


def _away(url: str) -> Callable[[Hunt], None]:
    def leave(hunt: Hunt) -> None:
        hunt.flag = ("--database", url)

    return leave


def _misfit(hunt: Hunt) -> None:
    hunt.workspace.write("profiles/weather.yaml", SETTINGS.replace("true}", "true, type: int}"))


def _trigger(hunt: Hunt) -> None:
    """A constraint of somebody else's, whose error has the row in its detail on PostgreSQL."""
    if hunt.workspace.url is not None:
        hunt.workspace.sql(
            "ALTER TABLE app_settings ADD CHECK (length(setting_value) < 3) NOT VALID"
        )
    else:
        with closing(sqlite3.connect(hunt.workspace.root / "configsync.db")) as connection:
            connection.execute(
                "CREATE TRIGGER refuse BEFORE UPDATE ON app_settings BEGIN "
                "SELECT RAISE(ABORT, 'refused by the house'); END"
            )
    hunt.workspace.monkeypatch.setenv("WEATHER_KEY", NEXT)


_HEAD = "apiVersion: configsync/v1\nkind: Settings\nmetadata: {name: planted}\nspec:\n"
FAILURES: dict[str, Callable[[Hunt], None]] = {
    "an older schema": _older_schema,
    "a newer schema": _newer_schema,
    "a lost key": _lost_key,
    "nobody there": _away(f"postgresql://app:{FLAG}@127.0.0.1:1/app"),
    "no such host": _away(f"postgresql://app:{FLAG}@nowhere.invalid/app"),
    "an unescaped password": _away(f"postgresql://app:{FLAG}@{FLAG}@127.0.0.1:1/app"),
    "a port that is none": _away(f"postgresql://app:{FLAG}/{FLAG}@127.0.0.1:port/app"),
    "a password parameter": _away(f"postgresql://127.0.0.1:1/app?user=app&password={FLAG}"),
    "an unknown scheme": _away(f"mysql://app:{FLAG}@127.0.0.1/app"),
    "no URL": _away(f"app:{FLAG}@127.0.0.1"),
    "a folder that is none": _away("sqlite:////dev/null/configsync.db"),
    "a credential": _unreadable(f"{_HEAD}  url: postgresql://app:{CREDENTIAL}@db.internal/app\n"),
    "a credential in broken YAML": _unreadable(
        f"{_HEAD}  url: [postgresql://app:{CREDENTIAL}@db.internal/app\n"
    ),
    "a literal": _unreadable(f"{_HEAD}  key: {{value: {LITERAL}, sensitive: true}}\n"),
    "a literal in broken YAML": _unreadable(f"{_HEAD}  key: {{value: {LITERAL}, sensitive: true\n"),
    "a value of another type": _misfit,
    "a refusal of the database": _trigger,
}


def _status(url: str) -> Status:
    with ConfigClient.connect(url) as client:
        return client.status()


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_no_failure_sings(hunt: Hunt, failure: Callable[[Hunt], None]) -> None:
    hunt.at_database("apply --auto-approve")
    url = hunt.flag[1]
    failure(hunt)
    hunt.codes.clear()
    for line in FEW:
        hunt.at_database(line)
    hunt.attempt("runtime", lambda: _status(hunt.flag[1]))
    for form in ("text", "sarif", "junit", "json", "github"):
        hunt.run(f"validate -o {form}")
    hunt.at_database("ci plan --reports reports")
    hunt.flag = ("--database", url)
    hunt.files(PLANTED)
    assert hunt.codes - {0}
    assert hunt.paths == 2 + len(FEW) + 6


def test_settings_and_environment_name_databases_without_telling(hunt: Hunt) -> None:
    hunt.workspace.url = None
    patch = hunt.workspace.monkeypatch
    patch.delenv("CONFIGSYNC_DATABASE", raising=False)
    for target in ("away", "named"):
        for line in FEW:
            hunt.run(line, "--target", target)
    patch.setenv("CONFIGSYNC_DATABASE", f"postgresql://app:{ENVIRONMENT_URL}@127.0.0.1:1/app")
    for line in FEW:
        hunt.run(line)
    hunt.files(PLANTED)
    assert hunt.codes == {1}
    assert hunt.paths == 3 * len(FEW)


def test_the_client_and_the_services_sing_in_their_answers_alone(hunt: Hunt) -> None:
    hunt.at_database("apply --auto-approve")
    workspace = hunt.workspace
    workspace.monkeypatch.chdir(workspace.root)
    url = hunt.flag[1]
    cache = workspace.root / "cache.json"
    with ConfigClient.connect(url, cache_file=cache, report=True) as client:
        assert client.setting("weather", "api_key") == VALUE
        for what in (client, client.status(), client.pin(), client.refresh()):
            hunt.attempt("client", lambda what=what: what)  # type: ignore[misc]
        hunt.attempt("client", lambda: client.setting("weather", "absent"))
        workspace.sql(WRITTEN_BY_HAND)
        hunt.attempt("client", client.refresh)
    # By decision it keeps what the application reads, for its user alone.
    assert cache.stat().st_mode & 0o77 == 0
    service = SettingsService(url)
    hunt.attempt("service", service.list)
    hunt.attempt("service", lambda: service.get("weather", "api_key"))
    hunt.attempt("service", lambda: service.get_category("weather"))
    hunt.attempt("service", lambda: service.set("weather", "api_key", NEXT, user="ada"))
    hunt.attempt("service", lambda: service.delete("weather", "api_key", user="ada"))
    hunt.attempt("service", service.history)
    hunt.tables()
    assert hunt.paths >= 12


def test_at_least_200_paths_are_taken() -> None:
    """On each of the two databases; every test above asserts how many it took."""
    reading, failing = 1 + 4 * len(READS), len(FAILURES) * (2 + len(FEW) + 6)
    assert reading >= 100
    assert failing >= 100
    assert reading + failing >= 200
