"""Sensitive settings: the application reads their values, and nothing else has them."""

from __future__ import annotations

import json

import pytest
from alembic import command

from configsync.runtime import ConfigClient
from configsync.services import SettingsService
from configsync.services.errors import Protected
from configsync.store import migrate
from configsync.store.url import parse_url
from tests.conftest import Workspace

SECRET, OTHER, THIRD = "Vq8canaryOne", "Vq8canaryTwo", "Vq8canaryThree"

SETTINGS = """\
apiVersion: configsync/v1
kind: Settings
metadata: {name: weather}
spec:
  api_key: {value: {$env: WEATHER_KEY}, sensitive: true%s}
  timeout: 30
"""

ROWS = "SELECT setting_key, setting_value, is_sensitive FROM app_settings ORDER BY setting_key"


@pytest.fixture
def weather(workspace: Workspace) -> Workspace:
    """A project with a sensitive setting, applied."""
    workspace.write("configsync.toml", 'source = "weather"\nenv = ["WEATHER_KEY"]\n')
    workspace.write("profiles/weather.yaml", SETTINGS % "")
    workspace.monkeypatch.setenv("WEATHER_KEY", SECRET)
    workspace.ok("apply", "--auto-approve")
    return workspace


def url(workspace: Workspace) -> str:
    return workspace.url or f"sqlite:///{workspace.root}/configsync.db"


def kept(workspace: Workspace) -> str:
    """All that configsync keeps beside the table that the application reads."""
    tables = ("config_history", "config_resources", "config_revisions", "settings_history")
    return repr([workspace.sql(f"SELECT * FROM {table}") for table in tables])


def fields(workspace: Workspace, *arguments: str) -> dict[str, dict[str, object]]:
    found = workspace.run("plan", "-o", "json", *arguments)
    changes = json.loads(found.out)["changes"]
    return {change["address"]: change["fields"] for change in changes}


def codes(workspace: Workspace, *arguments: str) -> list[str]:
    return [d["code"] for d in workspace.run("plan", "-o", "json", *arguments).json["diagnostics"]]


def test_the_application_reads_the_value_and_nothing_else_has_it(weather: Workspace) -> None:
    assert [tuple(map(str, row)) for row in weather.sql(ROWS)] == [
        ("api_key", SECRET, str(weather.sql(ROWS)[0][2])),
        ("timeout", "30", str(weather.sql(ROWS)[1][2])),
    ]
    assert [bool(row[2]) for row in weather.sql(ROWS)] == [True, False]
    with ConfigClient.connect(url(weather)) as client:
        assert client.setting("weather", "api_key") == SECRET
    assert SECRET not in kept(weather)
    assert fields(weather) == {}
    shown = weather.ok("show", "setting/*").out
    assert SECRET not in shown
    assert "$digest" in shown


def test_another_value_is_a_change_that_shows_digests_only(weather: Workspace) -> None:
    weather.monkeypatch.setenv("WEATHER_KEY", OTHER)
    change = fields(weather)["setting/weather/api_key"]["setting_value"]
    assert isinstance(change, dict)
    assert change["old"] != change["new"]
    assert change["old"].keys() == change["new"].keys() == {"$digest"}
    weather.ok("apply", "--auto-approve")
    assert weather.sql(ROWS)[0][1] == OTHER
    assert SECRET not in kept(weather) + OTHER
    weather.monkeypatch.setenv("WEATHER_KEY", SECRET)
    again = fields(weather)["setting/weather/api_key"]["setting_value"]
    assert again == {"old": change["new"], "new": change["old"]}


def test_a_saved_plan_applies_the_value_that_it_was_made_for(weather: Workspace) -> None:
    weather.monkeypatch.setenv("WEATHER_KEY", OTHER)
    weather.ok("plan", "--out", "plan.json")
    assert OTHER not in (weather.root / "plan.json").read_text()
    weather.monkeypatch.setenv("WEATHER_KEY", THIRD)
    stale = weather.run("apply", "plan.json")
    assert stale.code == 3
    assert "the environment holds another one" in stale.err
    assert weather.sql(ROWS)[0][1] == SECRET
    weather.monkeypatch.setenv("WEATHER_KEY", OTHER)
    weather.ok("apply", "plan.json")
    assert weather.sql(ROWS)[0][1] == OTHER


def test_without_its_value_a_setting_stays_and_a_new_one_is_refused(weather: Workspace) -> None:
    weather.monkeypatch.delenv("WEATHER_KEY")
    assert fields(weather) == {}
    assert codes(weather) == ["CS424"]
    weather.write("profiles/weather.yaml", SETTINGS % ", description: of the forecast")
    assert [*fields(weather)["setting/weather/api_key"]] == ["description"]
    weather.ok("apply", "--auto-approve")
    assert weather.sql(ROWS)[0][1] == SECRET
    more = SETTINGS % "" + "  second: {value: {$env: WEATHER_KEY}, sensitive: true}\n"
    weather.write("profiles/weather.yaml", more)
    assert sorted(codes(weather)) == ["CS423", "CS424"]
    assert weather.run("apply", "--auto-approve").code == 4


def test_a_setting_is_marked_and_unmarked(weather: Workspace) -> None:
    weather.write(
        "profiles/weather.yaml",
        (SETTINGS % "").replace("{value: {$env: WEATHER_KEY}, sensitive: true}", THIRD),
    )
    change = fields(weather)["setting/weather/api_key"]["setting_value"]
    assert isinstance(change, dict)
    assert change["new"] == THIRD
    weather.ok("apply", "--auto-approve")
    assert [bool(row[2]) for row in weather.sql(ROWS)] == [False, False]
    weather.write("profiles/weather.yaml", SETTINGS % "")
    assert codes(weather) == ["CS426"]
    weather.ok("apply", "--auto-approve")
    assert [bool(row[2]) for row in weather.sql(ROWS)] == [True, False]
    assert (fields(weather), codes(weather)) == ({}, [])


@pytest.mark.parametrize(
    ("statement", "drifts"),
    [
        ("UPDATE app_settings SET setting_value = '{}' WHERE setting_key = 'api_key'", True),
        ("DELETE FROM app_settings WHERE setting_key = 'api_key'", True),
        ("UPDATE app_settings SET is_active = false WHERE setting_key = 'api_key'", True),
        ("UPDATE app_settings SET description = 'x' WHERE setting_key = 'api_key'", True),
        (
            "INSERT INTO app_settings"
            " (category, setting_key, setting_value, value_type, is_sensitive)"
            " VALUES ('weather', 'more', '{}', 'string', true)",
            False,
        ),
    ],
)
def test_writes_past_configsync_are_recorded_without_the_value(
    weather: Workspace, statement: str, drifts: bool
) -> None:
    before = weather.sql("SELECT count(*) FROM config_history")
    weather.sql(statement.replace("{}", OTHER))
    after = weather.sql("SELECT count(*) FROM config_history")
    assert after[0][0] == before[0][0] + 1
    assert SECRET not in kept(weather)
    assert OTHER not in kept(weather)
    report = weather.run("drift", "-o", "json")
    assert SECRET not in report.out + report.err
    assert OTHER not in report.out + report.err
    drift = report.json["drift"]
    assert [d["address"] for d in drift] == ["setting/weather/api_key"] * drifts
    assert all(d["by"] is not None for d in drift)
    weather.ok("history", "verify")


def test_a_hand_that_unmarks_or_marks_is_drift(weather: Workspace) -> None:
    weather.sql("UPDATE app_settings SET is_sensitive = true WHERE setting_key = 'timeout'")
    (found,) = weather.run("drift", "-o", "json").json["drift"]
    assert found["address"] == "setting/weather/timeout"
    assert found["by"] is not None


def test_a_way_back_leaves_a_value_that_history_does_not_have(weather: Workspace) -> None:
    weather.monkeypatch.setenv("WEATHER_KEY", OTHER)
    weather.write("profiles/weather.yaml", (SETTINGS % "").replace("30", "31"))
    weather.ok("apply", "--auto-approve")
    back = weather.run("rollback", "--to", "1", "--auto-approve")
    assert back.code == 0, back
    assert "CS424" in back.out + back.err
    assert [row[1] for row in weather.sql(ROWS)] == [OTHER, "30"]


def test_a_way_back_over_a_rename_takes_no_value_away(weather: Workspace) -> None:
    """Its digest is another under each name, and the value is known to nobody there."""
    renamed = (SETTINGS % "").replace("weather}", "climate, renamed_from: weather}")
    weather.write("profiles/weather.yaml", renamed)
    weather.ok("apply", "--auto-approve")
    back = weather.run("rollback", "--to", "1", "--auto-approve")
    assert back.code == 4
    assert "it has another name now" in back.out
    select = "SELECT category, setting_value FROM app_settings WHERE setting_key = 'api_key'"
    assert weather.sql(select) == [("climate", SECRET)]


def test_an_export_has_digests_and_plans_offline_without_the_key(weather: Workspace) -> None:
    state = weather.ok("export", "--state").out
    assert SECRET not in state
    weather.write("state.json", state)
    ((key,),) = weather.sql("SELECT digest_key FROM config_keys")
    assert key not in state
    weather.monkeypatch.setenv("WEATHER_KEY", OTHER)
    assert fields(weather, "--against", "state.json") == {}
    assert codes(weather, "--against", "state.json") == ["CS424"]


def test_exported_documents_say_which_value_without_telling_it(weather: Workspace) -> None:
    exported = weather.ok("export", "--out", "-").out
    assert SECRET not in exported
    assert "$digest" in exported
    weather.write("profiles/weather.yaml", exported)
    assert fields(weather) == {}
    for form in ("env", "dotenv", "json"):
        found = weather.ok("export", "-o", form).out
        assert SECRET not in found
        assert "api_key" not in found.lower()


def test_drift_of_a_secret_is_not_adopted(weather: Workspace) -> None:
    before = (weather.root / "profiles/weather.yaml").read_text()
    weather.sql(f"UPDATE app_settings SET setting_value = '{OTHER}' WHERE setting_key = 'api_key'")
    adopted = weather.run("adopt", "--all")
    assert "setting/weather/api_key is sensitive" in adopted.out + adopted.err
    assert (weather.root / "profiles/weather.yaml").read_text() == before


def test_a_backup_restores_values_and_what_was_sealed(weather: Workspace) -> None:
    weather.ok("backup", "backup.jsonl")
    assert (weather.root / "backup.jsonl").stat().st_mode & 0o77 == 0
    other = Workspace(weather.root, weather.capsys, weather.monkeypatch)
    weather.monkeypatch.delenv("CONFIGSYNC_DATABASE", raising=False)
    restored = "sqlite:///restored.db"
    other.ok("restore", "backup.jsonl", "--database", restored)
    assert fields(other, "--database", restored) == {}
    assert other.run("drift", "-o", "json", "--database", restored).json["drift"] == []


def test_services_tell_no_value_and_change_others_beside_it(weather: Workspace) -> None:
    service = SettingsService(url(weather))
    assert service.get_category("weather") == {"timeout": 30}
    assert [(s.key, s.value, s.sensitive) for s in service.list()] == [
        ("api_key", None, True),
        ("timeout", 30, False),
    ]
    with pytest.raises(Protected):
        service.get("weather", "api_key")
    with pytest.raises(Protected):
        service.set("weather", "api_key", OTHER, user="ada")
    service.set("weather", "timeout", 60, user="ada")
    assert [row[1] for row in weather.sql(ROWS)] == [SECRET, "60"]
    service.delete("weather", "api_key", user="ada")
    assert SECRET not in kept(weather)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("  a: {value: Vq8canaryOne, sensitive: true}", "CS224"),
        ("  a: {sensitive: true, value: [Vq8canaryOne]}", "CS224"),
        ("  a: {value: {$env: HOME}, sensitive: true}", "CS122"),
        ("  a: {value: {$env: WEATHER_KEY}}", "CS122"),
        ("  a: {$env: WEATHER_KEY}", "CS122"),
        ("  a: {value: {deep: {$env: WEATHER_KEY}}, sensitive: true}", "CS122"),
        ("  a: {value: {$env: 1}, sensitive: true}", "CS122"),
        ("  a: {value: Vq8canaryOne, sensitive: yes please}", "CS160"),
        ("  a: {value: Vq8canaryOne, sensitive: true, type: int}", "CS224"),
        ("  a: {value: [Vq8canaryOne, sensitive: true}", "CS103"),
    ],
)
def test_what_is_written_wrongly_is_refused_and_not_shown(
    project: Workspace, text: str, code: str
) -> None:
    project.write("configsync.toml", 'env = ["WEATHER_KEY"]\n')
    project.write("profiles/a.yaml", (SETTINGS % "").partition("  api_key")[0] + text + "\n")
    found = project.run("validate", "-o", "json")
    assert code in [d["code"] for d in found.json["diagnostics"]]
    for form in ("text", "json", "sarif", "junit", "github"):
        result = project.run("validate", "-o", form)
        assert result.code == 1
        assert SECRET not in result.out + result.err


def test_configsyncs_own_variables_are_no_settings(project: Workspace) -> None:
    for name in ("DATABASE_URL", "CONFIGSYNC_DATABASE", "PROD_URL"):
        project.write(
            "configsync.toml", f'env = ["{name}"]\n[targets.prod]\ndatabase_env = "PROD_URL"\n'
        )
        assert project.run("validate").code == 1


@pytest.mark.parametrize(
    ("kept_as", "text", "fits"),
    [
        ("int", "30", True),
        ("int", "Vq8canaryOne", False),
        ("json", '{"a": 1}', True),
        ("bool", "maybe", False),
    ],
)
def test_a_value_is_held_to_its_type(
    weather: Workspace, kept_as: str, text: str, fits: bool
) -> None:
    weather.write("profiles/weather.yaml", SETTINGS % f", type: {kept_as}")
    weather.monkeypatch.setenv("WEATHER_KEY", text)
    assert ("CS423" in codes(weather)) is not fits
    result = weather.run("plan")
    assert text not in result.out + result.err or text == "30"


def test_set_writes_no_value_into_a_sensitive_setting(weather: Workspace) -> None:
    file = weather.root / "profiles/weather.yaml"
    before = file.read_text()
    for assignment in (f"api_key={OTHER}", f"api_key.value={OTHER}"):
        refused = weather.run("set", "setting/weather", assignment)
        assert refused.code == 1
        assert "sensitive" in refused.out + refused.err
        assert OTHER not in refused.out + refused.err
        assert file.read_text() == before
    weather.ok("set", "setting/weather", "timeout=31")


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_database_of_the_schema_before_gets_a_key_and_keeps_its_settings(
    project: Workspace, dialect: str, request: pytest.FixtureRequest
) -> None:
    if dialect == "postgresql":
        project.url = request.getfixturevalue("empty_pg_url")
    at = parse_url(url(project), project.root)
    with migrate._connection(at) as connection:
        command.upgrade(migrate._config(connection), "0004")
    project.sql(
        "INSERT INTO app_settings (category, setting_key, setting_value, value_type)"
        " VALUES ('weather', 'api_key', 'in the clear', 'string')"
    )
    project.ok("db", "upgrade")
    assert [bool(row[2]) for row in project.sql(ROWS)] == [False]
    ((key,),) = project.sql("SELECT digest_key FROM config_keys")
    assert len(bytes.fromhex(key)) == 32
    project.sql(f"UPDATE app_settings SET is_sensitive = true, setting_value = '{SECRET}'")
    assert SECRET not in kept(project)
    assert project.sql("SELECT count(*) FROM config_history") == [(2,)]
