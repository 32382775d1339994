"""Policies of a team: who is judged by whose, on both databases."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Workspace
from tests.profiles import profile

POLICY = """
[[policies]]
code = "TEMP-1"
target = "prod"
field = "llm_temperature"
max = 0.5
"""
SETTINGS = f"""
source = "slides"

[targets.prod.policy]
max_update_percent = 10
threshold_from = 5
{POLICY}"""
TOML = "configsync.toml"


def git(folder: Path, *arguments: str) -> str:
    """Run git as a person of no name."""
    person = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    command = ["git", *person, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(workspace: Workspace, message: str) -> str:
    """Commit all there is; the commit's id."""
    git(workspace.root, "add", "--all")
    git(workspace.root, "commit", "-q", "-m", message)
    return git(workspace.root, "rev-parse", "HEAD").strip()


def based(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A job at GitHub for a pull request on a commit that is applied."""
    workspace.url = workspace.url or f"sqlite:///{workspace.root}/configsync.db"
    workspace.write(".gitignore", "configsync.db*\nconfigsync-report\n.configsync\nevent.json\n")
    for name in "abc":
        workspace.write(f"profiles/{name}.yaml", calm(name))
    git(workspace.root, "init", "-q", "-b", "main")
    workspace.write(TOML, SETTINGS)
    base = commit(workspace, "Base")
    workspace.ok("apply", "--auto-approve", "--actor", "tester")
    tell(workspace, monkeypatch, {"pull_request": {"number": 7, "base": {"sha": base}}})
    return workspace


def calm(name: str) -> str:
    return profile(name, default=name == "a", spec__ai_infra__llm_temperature=0.2)


def hot(name: str) -> str:
    return profile(name, default=name == "a", spec__ai_infra__llm_temperature=0.9)


def tell(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, event: object) -> None:
    """Make it a job at GitHub for an event."""
    file = workspace.write("event.json", json.dumps(event))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(file))


def report(workspace: Workspace) -> str:
    return (workspace.root / "configsync-report/report.md").read_text(encoding="utf-8")


@pytest.fixture
def request_(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A job for a pull request, which changes nothing yet, on each database."""
    return based(workspace, monkeypatch)


@pytest.fixture
def local(project: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The same on SQLite only."""
    return based(project, monkeypatch)


def codes(workspace: Workspace) -> list[tuple[str, str]]:
    """Code and severity of what the plan in the reports found."""
    plan = json.loads((workspace.root / "configsync-report/plan.json").read_text())
    return [(d["code"], d["severity"]) for d in plan["diagnostics"]]


def test_a_change_cannot_loosen_what_judges_it(
    request_: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_.write("profiles/a.yaml", hot("a"))
    request_.write(TOML, SETTINGS.replace("max = 0.5", "max = 1"))
    commit(request_, "Hot")
    for command in ("plan", "apply"):
        done = request_.run("ci", command)
        assert done.code == 4, done
        assert codes(request_) == [("CS421", "warning"), ("TEMP-1", "error")]
        assert "TEMP-1 stands in configsync.toml:9 of commit" in done.out
        assert "which judge the plan" in report(request_)
    # Once merged, what was agreed on judges.
    tell(request_, monkeypatch, {"before": "0" * 40})
    assert "Applied as revision 2." in request_.ok("ci", "apply", "--actor", "tester").out


def shadowed(workspace: Workspace) -> None:
    """Another file, which comes before the one that the base has."""
    (workspace.root / TOML).rename(workspace.root / "old.toml")
    workspace.write("pyproject.toml", '[tool.configsync]\nsource = "slides"\n')


def silenced(workspace: Workspace) -> None:
    workspace.write(TOML, f'severity = {{TEMP-1 = "off"}}\n{SETTINGS}')


def removed(workspace: Workspace) -> None:
    workspace.write(TOML, SETTINGS.replace(POLICY, ""))


def without_settings(workspace: Workspace) -> None:
    workspace.write(TOML, 'source = "slides"')


def of_another_name(workspace: Workspace) -> None:
    """The only target, which a job needn't name, under another name."""
    workspace.write(TOML, SETTINGS.replace("prod", "live"))


def a_warning(workspace: Workspace) -> None:
    workspace.write(TOML, f'{SETTINGS}severity = "warning"\n')


@pytest.mark.parametrize(
    "loosen", [shadowed, silenced, removed, without_settings, of_another_name, a_warning]
)
def test_there_is_no_way_around(loosen: Callable[[Workspace], None], local: Workspace) -> None:
    local.write("profiles/a.yaml", hot("a"))
    loosen(local)
    commit(local, "Hot")
    done = local.run("ci", "plan")
    assert done.code == 4, done
    assert codes(local) == [("CS421", "warning"), ("TEMP-1", "error")]


def test_nor_by_a_folder_of_its_own(local: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings nearer to where the job runs, in a folder that the base had below its own."""
    local.write("service/README", "Runs here.\n")
    base = commit(local, "Folder")
    tell(local, monkeypatch, {"pull_request": {"number": 7, "base": {"sha": base}}})
    local.write("service/configsync.toml", 'source = "slides"\n')
    local.write("service/profiles/a.yaml", hot("a"))
    commit(local, "Nearer")
    done = local.run("ci", "plan", "-C", "service", "--database", "sqlite:///new.db")
    assert done.code == 4, done
    assert "error[TEMP-1]" in done.out


@pytest.mark.parametrize("key", ["database", "database_env"])
def test_a_change_does_not_say_which_database_is_asked(
    key: str, local: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could have what the environment has for the real one sent to its own."""
    elsewhere = "sqlite:///elsewhere.db"
    monkeypatch.setenv("ELSEWHERE", elsewhere)
    value = "ELSEWHERE" if key == "database_env" else elsewhere
    for name in ("prod", "live"):
        settings = SETTINGS.replace("prod", name)
        local.write(TOML, f'{settings}\n[targets.{name}]\n{key} = "{value}"\n')
        local.url = None
        monkeypatch.delenv("CONFIGSYNC_DATABASE")
        for command in ("plan", "apply"):
            done = local.run("ci", command)
            assert done.code == 1
            assert "No database is configured" in done.err
        assert not (local.root / "elsewhere.db").exists()
        # What the job names is asked, whatever the settings say.
        local.url = f"sqlite:///{local.root}/configsync.db"
        assert local.run("ci", "plan").code == 0
    # Merged, it is the settings'.
    base = commit(local, "Elsewhere")
    tell(local, monkeypatch, {"pull_request": {"number": 8, "base": {"sha": base}}})
    local.url = None
    monkeypatch.delenv("CONFIGSYNC_DATABASE")
    assert "Plan: 15 to create" in local.run("ci", "plan").out


def test_the_limits_of_a_target_are_the_bases(local: Workspace) -> None:
    for name in "ab":
        local.write(f"profiles/{name}.yaml", profile(name, default=name == "a"))
    local.write(TOML, "".join(SETTINGS.replace("= 10", "= 100").split(POLICY)))
    commit(local, "Many")
    done = local.run("plan", "--policies-from", "main~1", "-o", "json")
    assert done.code == 4
    found = [d["code"] for d in done.json["diagnostics"]]
    assert found == ["CS421", "TEMP-1", "TEMP-1", "CS408"]
    assert local.run("plan").code == 0


def test_unchanged_policies_are_not_spoken_of(local: Workspace) -> None:
    local.write("profiles/a.yaml", hot("a"))
    local.write(TOML, f"# Moved by a line.\n{SETTINGS}")
    commit(local, "Hot")
    assert local.run("ci", "plan").code == 4
    assert codes(local) == [("TEMP-1", "error")]


def test_an_export_is_judged_by_the_base_too(local: Workspace) -> None:
    local.ok("export", "--state", "--out", "state.json")
    local.write("profiles/a.yaml", hot("a"))
    removed(local)
    for given in ([], ["--against", "state.json"]):
        done = local.run("plan", "--policies-from", "HEAD", *given)
        assert done.code == 4
        assert "error[TEMP-1]" in done.out


@pytest.mark.parametrize(
    ("sha", "says"),
    [("e" * 40, "isn't in this clone. Fetch it"), (None, "What this is based on isn't known")],
)
def test_without_its_base_a_change_is_not_judged(
    sha: str | None, says: str, local: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(local, monkeypatch, {"pull_request": {"number": 7, "base": {"sha": sha}}})
    for command in ("plan", "apply"):
        done = local.run("ci", command)
        assert done.code == 1
        assert says in done.err
        assert "judged by the policies of its base" in done.err
        assert "Not " in report(local)
    # A pull request is told even where its event is unreadable.
    tell(local, monkeypatch, "nonsense")
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    assert "origin/main isn't in this clone" in local.run("ci", "plan").err


def test_a_laptop_is_judged_by_what_it_has(project: Workspace) -> None:
    project.write(TOML, SETTINGS)
    project.write("profiles/a.yaml", hot("a"))
    assert project.run("ci", "plan").code == 4
    removed(project)
    assert project.ok("ci", "plan")
    done = project.run("ci", "plan", "--base", "main")
    assert done.code == 1
    assert "no git repository" in done.err


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (b"[[policies]]\n", "configsync.toml of commit"),
        (b"policies = \n", "configsync.toml of commit"),
        (b"# \xff\n", "can't be read out of git as a regular file of UTF-8"),
    ],
)
def test_a_base_that_cannot_judge_lets_nothing_pass(
    settings: bytes, says: str, local: Workspace
) -> None:
    local.write(TOML, settings)
    commit(local, "Broken")
    local.write(TOML, SETTINGS)
    done = local.run("plan", "--policies-from", "HEAD")
    assert done.code == 1
    assert says in done.err


def test_nor_does_a_link(local: Workspace) -> None:
    (local.root / TOML).unlink()
    (local.root / TOML).symlink_to("elsewhere.toml")
    commit(local, "Link")
    (local.root / TOML).unlink()
    local.write(TOML, SETTINGS)
    done = local.run("plan", "--policies-from", "HEAD")
    assert done.code == 1
    assert "as a regular file" in done.err


def test_nor_does_a_link_instead_of_the_folder_that_a_job_names(local: Workspace) -> None:
    local.write("service/configsync.toml", SETTINGS)
    local.write("service/profiles/a.yaml", calm("a"))
    base = commit(local, "Service")
    (local.root / "service").rename(local.root / "other")
    removed_there = SETTINGS.replace(POLICY, "")
    local.write("other/configsync.toml", removed_there)
    (local.root / "service").symlink_to("other")
    done = local.run("plan", "-C", "service", "--policies-from", base)
    assert done.code == 1
    assert "service is a symbolic link" in done.err


def test_new_policies_must_be_sound_before_they_judge(local: Workspace) -> None:
    local.write(TOML, SETTINGS.replace("llm_temperature", "temperature"))
    done = local.run("ci", "plan")
    assert done.code == 1
    assert "Did you mean llm_temperature?" in done.err


def test_a_rollback_is_judged(request_: Workspace) -> None:
    request_.write(TOML, SETTINGS.replace(POLICY, ""))
    request_.write("profiles/a.yaml", hot("a"))
    request_.ok("apply", "--auto-approve", "--force")
    request_.write("profiles/a.yaml", calm("a"))
    request_.ok("apply", "--auto-approve", "--force")
    request_.write(TOML, SETTINGS)
    done = request_.run("rollback", "--to", "2", "--auto-approve", "--force")
    assert done.code == 4
    assert "error[TEMP-1]" in done.out


def test_a_layer_is_judged_where_it_sets_the_value(project: Workspace) -> None:
    project.write(TOML, f'[targets.prod]\noverlay = "overlays"\n{POLICY}')
    project.write("profiles/a.yaml", calm("a"))
    patch = "apiVersion: configsync/v1\nkind: Profile\nmetadata: {name: a}\nspec:\n"
    project.write("overlays/a.yaml", f"{patch}  ai_infra: {{llm_temperature: 0.6}}\n")
    (found,) = project.run("plan", "-o", "json").json["diagnostics"]
    assert (found["code"], found["path"]) == ("TEMP-1", "spec.ai_infra.llm_temperature")
    assert found["location"] == {"file": "overlays/a.yaml", "line": 5, "column": 31}


KEYS = """\
apiVersion: configsync/v1
kind: Settings
metadata: {name: keys}
spec:
"""


def test_a_change_takes_no_variables_that_its_base_does_not_allow(
    request_: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither for a setting that there is, nor for a new one, nor where it would be applied."""
    for name in ("OLD_KEY", "GITHUB_TOKEN", "NEW_KEY"):
        monkeypatch.setenv(name, f"Vq8{name}")
    request_.write(TOML, f'env = ["OLD_KEY"]\n{SETTINGS}')
    old = "  old: {value: {$env: OLD_KEY}, sensitive: true}\n"
    request_.write("profiles/keys.yaml", KEYS + old)
    base = commit(request_, "One")
    request_.ok("apply", "--auto-approve", "--force")
    tell(request_, monkeypatch, {"pull_request": {"number": 7, "base": {"sha": base}}})
    request_.write(TOML, f'env = ["OLD_KEY", "NEW_KEY", "GITHUB_TOKEN"]\n{SETTINGS}')
    new = "  new: {value: {$env: NEW_KEY}, sensitive: true}\n"
    request_.write("profiles/keys.yaml", KEYS + old.replace("OLD_KEY", "GITHUB_TOKEN") + new)
    commit(request_, "More")
    assert request_.run("ci", "plan").code == 0
    assert sorted(codes(request_)) == [("CS423", "warning"), ("CS424", "warning")]
    plan = json.loads((request_.root / "configsync-report/plan.json").read_text())
    (change,) = plan["changes"]
    assert change["address"] == "setting/keys/new"
    assert change["fields"]["setting_value"]["new"] == {"$digest": None}
    for line in (("ci", "apply"), ("plan", "--policies-from", base, "--rehearse")):
        refused = request_.run(*line)
        assert (refused.code, "Nobody gave setting/keys/new its value" in refused.err) == (4, True)
    # Once merged, the settings as they are now say what is read.
    tell(request_, monkeypatch, {"before": "0" * 40})
    request_.ok("ci", "apply", "--actor", "tester")
    rows = request_.sql("SELECT setting_value FROM app_settings ORDER BY setting_key")
    assert rows == [("Vq8NEW_KEY",), ("Vq8GITHUB_TOKEN",)]


def test_a_change_does_not_choose_the_database_that_is_asked(local: Workspace) -> None:
    local.url = None
    settings = SETTINGS.replace("[targets", '[targets.prod]\ndatabase = "{}"\n[targets', 1)
    local.write(TOML, settings.format("sqlite:///configsync.db"))
    commit(local, "Ours")
    local.monkeypatch.delenv("CONFIGSYNC_DATABASE")
    local.write(TOML, settings.format("sqlite:///theirs.db"))
    done = local.ok("plan", "--policies-from", "HEAD")
    assert "0 to create, 0 to update, 0 to delete" in done.out
    assert "CS425" in done.out
    assert not (local.root / "theirs.db").exists()
    # A target that the base doesn't have is given none by the change.
    local.write(TOML, settings.format("sqlite:///theirs.db").replace("prod", "live"))
    done = local.run("ci", "plan", "--base", "HEAD")
    assert (done.code, "No database is configured" in done.err) == (1, True)
