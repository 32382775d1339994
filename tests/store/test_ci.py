"""``configsync ci``: what it prints, leaves behind and exits with, on both databases."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from configsync.core.errors import ConfigsyncError, OutcomeUnknown
from tests.conftest import Workspace
from tests.profiles import profile

NAMES = {"report.md", "report.html", "diagnostics.sarif", "diagnostics.xml"}


@pytest.fixture
def github(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A job at GitHub, with one profile to be created."""
    workspace.write("profiles/production.yaml", profile(default=True))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(workspace.root / "summary"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(workspace.root / "output"))
    # Relative to the project, as is the one that is used where none is named.
    workspace.url = workspace.url or "sqlite:///./configsync.db"
    return workspace


def left(workspace: Workspace) -> dict[str, str]:
    """The files of the folder of reports."""
    folder = workspace.root / "configsync-report"
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}


def values(workspace: Workspace) -> dict[str, str]:
    """What later steps get, by GitHub's rules; it is taken away."""
    file = workspace.root / "output"
    text = file.read_text(encoding="utf-8")
    file.unlink()
    found = re.findall(r"^(\w+)<<(\w+)\n(.*?)\n\2\n", text, re.DOTALL | re.MULTILINE)
    assert text == "".join(f"{name}<<{end}\n{value}\n{end}\n" for name, end, value in found)
    return {name: value for name, _, value in found}


def test_from_the_plan_to_the_morning_after(github: Workspace) -> None:
    planned = github.ok("ci", "plan")
    assert "Plan: 5 to create" in planned.out
    files = left(github)
    assert set(files) == {*NAMES, "plan.json"}
    assert "## Plan: 5 to create" in files["report.md"]
    assert "5 to create" in files["report.html"]
    assert json.loads(files["diagnostics.sarif"])["version"] == "2.1.0"
    assert ET.fromstring(files["diagnostics.xml"]).tag == "testsuites"
    assert (github.root / "summary").read_text(encoding="utf-8") == files["report.md"] + "\n"
    told = values(github)
    assert (told["changes"], told["create"], told["exit_code"]) == ("true", "5", "0")
    assert told["plan_id"] == json.loads(files["plan.json"])["plan_id"]
    assert told["report"].endswith("report.md")

    applied = github.ok("ci", "apply", "--plan-id", told["plan_id"], "--actor", "tester")
    assert "Applied as revision 1." in applied.out
    assert "**Applied as revision 1.**" in left(github)["report.md"]
    assert values(github)["revision"] == "1"

    github.ok("ci", "drift", "--detailed-exitcode")
    assert values(github)["drift"] == "false"
    assert set(left(github)) == {*NAMES, "drift.json"}  # No plan of an earlier run.
    github.sql("UPDATE config_ai_infra SET llm_max_tokens = 1")
    assert github.run("ci", "drift", "--detailed-exitcode").code == 2
    assert values(github)["drift"] == "true"
    assert "llm_max_tokens" in left(github)["report.md"]
    assert github.run("ci", "plan", "--detailed-exitcode").code == 2


def test_what_was_not_reviewed_is_not_applied(github: Workspace) -> None:
    github.ok("ci", "plan")
    plan_id = values(github)["plan_id"]
    changed = profile(default=True, spec__ai_infra__llm_max_tokens=7)
    github.write("profiles/production.yaml", changed)
    done = github.run("ci", "apply", "--plan-id", plan_id)
    assert done.code == 3
    assert "was reviewed" in done.err
    assert values(github)["exit_code"] == "3"
    assert "## Not applied." in left(github)["report.md"]
    assert "Applied as" not in left(github)["report.md"]
    assert github.sql("SELECT count(*) FROM config_profiles") == [(0,)]


def test_errors_are_shown_at_their_lines(github: Workspace) -> None:
    github.write("profiles/production.yaml", profile(spec__ai_infra__llm_temperature=7))
    done = github.run("ci", "plan")
    assert done.code == 1
    assert "::error file=profiles/production.yaml,line=" in done.out
    files = left(github)
    assert "## Not planned: 1 error in the source." in files["report.md"]
    assert "plan.json" not in files
    assert "plan_id" not in values(github)
    assert json.loads(files["diagnostics.sarif"])["runs"][0]["results"]


def test_a_policy_that_stands_against_it(github: Workspace) -> None:
    github.write("profiles/staging.yaml", profile("staging"))
    github.ok("apply", "--auto-approve", "--actor", "tester")
    (github.root / "profiles/production.yaml").unlink()
    for command in ("plan", "apply"):
        done = github.run("ci", command)
        assert done.code == 4
        assert "Refused" in left(github)["report.md"]
        assert values(github)["exit_code"] == "4"


@pytest.mark.parametrize("command", ["plan", "apply", "drift"])
def test_a_database_that_is_away(github: Workspace, command: str) -> None:
    done = github.run("ci", command, "--database", "postgresql://u:secret@127.0.0.1:1/app")
    assert done.code == 1
    assert "can't be reached" in done.err
    files = left(github)
    assert "can't be reached" in files["report.md"]
    assert "plan.json" not in files
    assert "drift.json" not in files
    assert "secret" not in "".join(files.values()) + done.err + done.out


def test_a_summary_that_cannot_be_written_is_no_failure(
    github: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(github.root / "no/such/folder"))
    done = github.ok("ci", "plan")
    assert "which GITHUB_STEP_SUMMARY names, can't be written" in done.err
    assert values(github)["changes"] == "true"


def test_a_folder_that_cannot_be_written_is_one(github: Workspace) -> None:
    github.write("taken", "")
    done = github.run("ci", "plan", "--reports", "taken/below")
    assert done.code == 1
    assert "can't be written" in done.err


def test_a_laptop_gets_the_same_without_commands_for_github(
    workspace: Workspace, tmp_path: Path
) -> None:
    workspace.write("profiles/production.yaml", profile(spec__ai_infra__llm_temperature=7))
    done = workspace.run("ci", "plan")
    assert done.code == 1
    assert "::error" not in done.out
    assert "llm_temperature" in done.out
    assert set(left(workspace)) == NAMES


def test_a_name_cannot_add_values(github: Workspace) -> None:
    github.write(
        "profiles/production.yaml",
        profile("a\nplan_id<<x\nforged\nx\n::warning::forged", default=True),
    )
    done = github.run("ci", "plan")
    assert "\n::warning::forged" not in done.out
    assert values(github).get("plan_id") != "forged"


def test_an_apply_whose_outcome_is_unknown_is_not_called_undone(
    github: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise OutcomeUnknown("The connection was lost at COMMIT.")

    monkeypatch.setattr("configsync.usecases.apply.apply", lost)
    assert github.run("ci", "apply").code == 1
    report = left(github)["report.md"]
    assert "## It isn't known whether it was applied." in report
    assert "Not applied" not in report


def test_nothing_is_applied_where_no_report_can_be_left(github: Workspace) -> None:
    github.write("taken", "")
    done = github.run("ci", "apply", "--reports", "taken/below")
    assert done.code == 1
    assert "can't be written" in done.err
    github.ok("ci", "plan")
    assert values(github)["create"] == "5"


def test_no_report_of_an_earlier_run_is_left(github: Workspace) -> None:
    github.ok("ci", "plan")
    assert github.run("ci", "plan", "--select", "nothing/*").code == 1
    assert "Plan: 5" not in left(github)["report.md"]
    assert "plan.json" not in left(github)


def test_a_fork_plans_against_what_is_published(github: Workspace) -> None:
    github.ok("apply", "--auto-approve", "--actor", "tester")
    github.ok("export", "--state", "--out", "state.json")
    github.write(
        "profiles/production.yaml", profile(default=True, spec__ai_infra__llm_max_tokens=7)
    )
    event = {"pull_request": {"base": {"repo": {"full_name": "a/b"}}, "head": {"repo": None}}}
    github.write("event.json", json.dumps(event))
    github.monkeypatch.setenv("GITHUB_EVENT_PATH", "event.json")
    github.monkeypatch.setenv("CONFIGSYNC_DATABASE", "")  # A secret that isn't there.
    github.url = None
    done = github.run("ci", "plan")
    assert done.code == 1
    assert "a fork gets no secrets" in done.err.lower()
    github.ok("ci", "plan", "--against", "state.json")
    assert "against an export of revision 1" in left(github)["report.md"]


def test_a_protected_target_takes_what_was_reviewed_only(github: Workspace) -> None:
    github.write("configsync.toml", "[targets.prod.policy]\nprotected = true\n[targets.prod]\n")
    done = github.run("ci", "apply")
    assert done.code == 4
    assert "CS409" in left(github)["report.md"]
    github.ok("ci", "plan")
    values(github)
    github.ok("ci", "plan")
    github.ok("ci", "apply", "--plan-id", values(github)["plan_id"])


BROKEN = {
    "settings": ("nonsense = 1\n", "unknown setting nonsense"),
    "no TOML": ("= \n", "configsync.toml can't be read"),
    "no such target": ("[targets.other]\n", "There is no target prod"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("command", ["plan", "apply", "drift"])
def test_settings_that_cannot_be_used_are_reported_too(
    github: Workspace, command: str, name: str
) -> None:
    """Else the comment would go on to show the plan of the push before."""
    github.write("configsync.toml", "[targets.prod]\n")
    github.monkeypatch.setenv("CONFIGSYNC_TARGET", "prod")
    github.ok("apply", "--auto-approve")
    github.ok("ci", command)
    before = left(github)["report.md"].splitlines()[0]
    values(github)
    settings, says = BROKEN[name]
    github.write("configsync.toml", settings)
    assert github.run("ci", command).code == 1
    files = left(github)
    assert set(files) == {"report.md", "report.html"}
    assert files["report.md"].startswith(f"{before}\n\n")
    assert says in files["report.md"]
    assert values(github)["exit_code"] == "1"


def test_a_fault_of_its_own_leaves_a_report_that_claims_nothing(
    github: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("configsync.usecases.apply.apply", broken)
    done = github.run("ci", "apply")
    assert done.code == 1
    assert "ZeroDivisionError" in done.err
    report = left(github)["report.md"]
    assert "## It isn't known whether it was applied." in report
    assert "secret" not in report
    assert values(github)["exit_code"] == "1"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_values_that_later_steps_go_by_must_be_there(github: Workspace) -> None:
    """Without them a workflow would take a change for none, and close the issue of drift."""
    with github.monkeypatch.context() as patch:
        patch.setenv("GITHUB_OUTPUT", "/dev/full")
        done = github.run("ci", "plan")
    assert done.code == 1
    assert "Error: /dev/full, which GITHUB_OUTPUT names, can't be written" in done.err
    assert "Plan: 5 to create" in left(github)["report.md"]


def test_what_was_applied_is_told_where_no_report_can_be_left(
    github: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise ConfigsyncError("report.md can't be written: No space left on device. Nothing was.")

    monkeypatch.setattr("configsync.usecases.ci.write_files", full)
    done = github.run("ci", "apply")
    assert done.code == 1
    assert "Applied as revision 1." in done.out
    assert "No space left on device. No report is left." in done.err
    assert "Reports are in" not in done.err
    told = values(github)
    assert (told["exit_code"], told["revision"], "report" in told) == ("1", "1", False)
    assert "Applied as revision 1." in (github.root / "summary").read_text(encoding="utf-8")


def test_a_folder_of_reports_that_a_change_brought_as_a_link(github: Workspace) -> None:
    kept = github.write("elsewhere/report.md", "Mine.\n")
    (github.root / "configsync-report").symlink_to("elsewhere", target_is_directory=True)
    done = github.run("ci", "plan")
    assert done.code == 1
    assert "configsync-report is a symbolic link" in done.err
    assert kept.read_text() == "Mine.\n"


def test_what_a_policy_finds_is_shown_at_its_line(github: Workspace) -> None:
    github.write(
        "configsync.toml",
        '[[policies]]\ncode = "TEAM1"\naddress = "profile/*/ai_infra"\n'
        'field = "llm_temperature"\nmax = 0.01\n',
    )
    done = github.run("ci", "plan")
    assert done.code == 4
    assert re.search(r"(?m)^::error file=profiles/production.yaml,line=\d+,.*TEAM1", done.out)
    (run,) = json.loads(left(github)["diagnostics.sarif"])["runs"]
    assert "TEAM1" in {result["ruleId"] for result in run["results"]}


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_nothing_is_asked_of_it_that_it_would_not_do(github: Workspace, command: str) -> None:
    for option in (["-o", "json"], ["-q"]):
        done = github.run("ci", command, *option)
        assert done.code == 1
        assert "No such option" in done.err


def test_a_plan_id_that_nobody_gave(github: Workspace) -> None:
    done = github.run("ci", "apply", "--plan-id", "")
    assert done.code == 1
    assert "--plan-id is empty" in done.err
    assert github.run("ci", "plan").code == 0
    assert values(github)["create"] == "5"


def test_a_broken_source_leaves_unknown_what_git_would_change(github: Workspace) -> None:
    github.ok("ci", "apply")
    github.write("profiles/production.yaml", profile(spec__ai_infra__llm_temperature=7))
    done = github.ok("ci", "drift")
    assert "::error file=profiles/production.yaml" in done.out
    files = left(github)
    assert "## No drift. 0 unmanaged, pending unknown." in files["report.md"]
    assert json.loads(files["drift.json"])["compared"] is False


def test_a_warning_is_said_once(github: Workspace) -> None:
    github.write(
        "profiles/production.yaml", profile(default=True, spec__prompts__system_prompt="x")
    )
    for command in ("plan", "apply"):
        done = github.ok("ci", command)
        assert done.out.count("warning[CS207]") == 1
        assert done.out.count("::warning ") == 1
        assert "CS207" in left(github)["report.md"]
