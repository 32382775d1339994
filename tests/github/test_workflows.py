"""A change's whole way through this repository's workflows, on a real PostgreSQL.

The scratch repository is this one, with a bare remote; its example profiles are what is changed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import execute
from tests.github.hub import BOT, REPOSITORY, REPOSITORY_ID, Hub, serving
from tests.github.runner import Event, Job, Runner
from tests.test_wheel import REPOSITORY as CHECKOUT

PROFILE = "profiles/production.yaml"


@dataclass
class Team:
    """Somebody's clone, and what happens at GitHub when it is pushed."""

    clone: Path
    hub: Hub
    runner: Runner
    url: str

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=tester", "-c", "user.email=tester@example.com"]
        command = ["git", *who, *arguments]
        done = subprocess.run(command, cwd=self.clone, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def edit(self, old: str, new: str) -> None:
        file = self.clone / PROFILE
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    def commit(self, message: str) -> None:
        self.git("commit", "-q", "-a", "-m", message)

    def branch(self, name: str) -> None:
        self.git("switch", "-q", "-c", name, "origin/main")

    def pull_request(
        self, number: int, fork: bool = False, edit: Callable[[str], str] = str
    ) -> dict[str, Job]:
        """Push the branch and run its checks, on what merging it would give."""
        branch = self.git("branch", "--show-current")
        self.git("push", "-q", "origin", branch)
        self.git("switch", "-q", "--detach", "origin/main")
        base = self.git("rev-parse", "HEAD")
        self.git("merge", "-q", "--no-ff", "-m", "Merge", branch)
        sha = self.git("rev-parse", "HEAD")
        self.git("push", "-q", "-f", "origin", f"HEAD:refs/pull/{number}/merge")
        self.git("switch", "-q", branch)
        head = "stranger/slides" if fork else REPOSITORY
        payload = {
            "number": number,
            "pull_request": {
                "number": number,
                "base": {"sha": base, "repo": {"full_name": REPOSITORY}},
                "head": {"repo": {"full_name": head}},
            },
        }
        event = Event("pull_request", sha, payload, branch="main" if fork else branch, fork=fork)
        return self.runner.run("config-plan", event, edit)

    def squash_merge(self, message: str) -> dict[str, Job]:
        """Merge the branch as one commit, and run what follows."""
        branch = self.git("branch", "--show-current")
        before = self.git("rev-parse", "origin/main")
        self.git("switch", "-q", "--detach", "origin/main")
        self.git("merge", "-q", "--squash", branch)
        self.commit(message)
        self.git("push", "-q", "origin", "HEAD:main")
        return self.merged(before)

    def merged(self, before: str) -> dict[str, Job]:
        sha = self.git("rev-parse", "origin/main")
        return self.runner.run("config-apply", Event("push", sha, {"before": before}))

    def morning(self) -> dict[str, Job]:
        """What the schedule runs."""
        sha = self.git("rev-parse", "origin/main")
        return self.runner.run("config-drift", Event("schedule", sha, {}))

    def configsync(self, *arguments: str) -> None:
        """Run configsync in the clone, with the Python that the jobs installed it into."""
        command = [str(self.runner.python / "bin/configsync"), *arguments]
        env = {**os.environ, "CONFIGSYNC_DATABASE": self.url}
        done = subprocess.run(command, cwd=self.clone, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def team(tmp_path: Path, pg_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Team]:
    """A team whose repository holds this project, and whose database holds its tables."""
    if shutil.which("gh") is None:
        if os.environ.get("CI"):
            pytest.fail("gh is missing")
        pytest.skip("gh is missing: the workflows' steps are not run")
    monkeypatch.setenv("HOME", str(tmp_path))
    bare = tmp_path / "slides.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    with serving(Hub(bare)) as hub:
        variables = {"CONFIGSYNC_TARGET": "default", "CONFIGSYNC_PUBLISH_STATE": "true"}
        secrets = {"CONFIGSYNC_READ_DATABASE": pg_url}
        environments = {"configsync": {"CONFIGSYNC_APPLY_DATABASE": pg_url}}
        runner = Runner(hub, tmp_path / "runner", variables, secrets, environments)
        runner.prepare()
        found = Team(tmp_path / "clone", hub, runner, pg_url)
        subprocess.run(["git", "clone", "-q", str(bare), str(found.clone)], check=True)
        for name in ("configsync", "schemas", "profiles", ".github"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(CHECKOUT / name, found.clone / name, ignore=ignored)
        for name in ("pyproject.toml", "README.md", ".gitignore"):
            shutil.copy(CHECKOUT / name, found.clone / name)
        found.git("switch", "-q", "-c", "main")
        found.git("add", "-A")
        found.git("commit", "-q", "-m", "Begin")
        found.git("push", "-q", "-u", "origin", "main")
        yield found


def results(jobs: dict[str, Job]) -> dict[str, str]:
    return {name: job.result for name, job in jobs.items()}


def plan_id(team: Team, artifact: str) -> str:
    """What the newest plan of some runs is known by."""
    newest = next(a for a in team.hub.artifacts if a["name"] == artifact)
    return str(json.loads(newest["files"]["plan.json"])["plan_id"])


def logs(jobs: dict[str, Job]) -> str:
    return "\n".join(job.log for job in jobs.values())


def test_from_a_branch_to_the_morning_after_and_back_to_git(team: Team) -> None:
    hub = team.hub
    jobs = team.merged("0" * 40)
    assert results(jobs) == dict.fromkeys(("plan", "apply", "state"), "success"), logs(jobs)
    assert "Applied as revision 1." in jobs["apply"].summary

    # A branch is planned, and the plan is in a comment, which the next push updates.
    for page in range(4):
        hub.comment(1, "somebody", f"<!-- configsync:default --> {page}")
    team.branch("cooler")
    team.edit("llm_temperature: 0.7", "llm_temperature: 0.4")
    team.commit("Cool @everyone down `${{ github.token }}`")
    jobs = team.pull_request(1)
    assert results(jobs) == dict.fromkeys(("plan", "comment"), "success"), logs(jobs)
    (comment,) = (c for c in hub.comments if c["user"]["login"] == BOT)
    assert comment["body"].startswith(
        "<!-- configsync:default -->\n\n## Plan: 0 to create, 1 to up"
    )
    assert "0.4" in comment["body"]
    assert comment["body"].strip() == jobs["plan"].summary.strip()
    team.edit("llm_temperature: 0.4", "llm_temperature: 0.5")
    team.commit("A little less")
    jobs = team.pull_request(1)
    assert results(jobs) == dict.fromkeys(("plan", "comment"), "success"), logs(jobs)
    assert "0.4" not in comment["body"]
    assert "0.5" in comment["body"]
    assert len(hub.comments) == 5

    # What is merged as one commit is the same plan, and exactly that is applied.
    reviewed = plan_id(team, "config-plan")
    jobs = team.squash_merge("Cool down")
    assert results(jobs) == dict.fromkeys(("plan", "apply", "state"), "success"), logs(jobs)
    assert "Applied as revision 2." in jobs["apply"].summary
    assert plan_id(team, "config-apply") == reviewed
    temperature = "SELECT DISTINCT llm_temperature::text FROM config_ai_infra ORDER BY 1"
    assert ("0.50",) in execute(team.url, temperature)
    ((actor,),) = execute(team.url, "SELECT actor FROM config_revisions WHERE revision = 2")
    assert actor == "octo-reviewer"

    # Settings that can't be used are told where the plan stood. Where comments can't be listed,
    # they are asked for again, and there is no second one.
    team.branch("mistaken")
    settings = team.clone / "pyproject.toml"
    settings.write_text(
        settings.read_text().replace("[tool.configsync]\n", "[tool.configsync]\na = 1\n")
    )
    team.commit("Mistake")
    hub.unlisted = 3
    assert results(team.pull_request(1)) == dict.fromkeys(("plan", "comment"), "failure")
    assert len(hub.comments) == 5
    hub.unlisted = 1
    assert results(team.pull_request(1)) == {"plan": "failure", "comment": "success"}
    assert "unknown setting a" in comment["body"]

    # Nothing is told of a quiet night; of an edit past git there is one issue.
    hub.unlisted = 1
    assert results(team.morning()) == {"drift": "success", "issue": "success"}
    assert hub.issues == {}
    execute(
        team.url, "UPDATE config_ai_infra SET llm_max_tokens = 1234 WHERE llm_temperature = 0.5"
    )
    for _ in range(2):
        jobs = team.morning()
        assert results(jobs) == {"drift": "success", "issue": "success"}, logs(jobs)
    (issue,) = hub.issues.values()
    assert issue["title"] == "Configuration drift: default"
    assert "1234" in issue["body"]

    # Where the database can't be asked, nothing is claimed.
    team.runner.secrets["CONFIGSYNC_READ_DATABASE"] = "postgresql://u:p@127.0.0.1:1/gone"
    jobs = team.morning()
    assert results(jobs) == {"drift": "failure", "issue": "skipped"}
    assert "can't be reached" in jobs["drift"].summary
    assert issue["state"] == "open"
    team.runner.secrets["CONFIGSYNC_READ_DATABASE"] = team.url

    # Adopted, reviewed and merged, the edit is git's; the issue is closed.
    team.branch("adopted")
    team.configsync("adopt", "profile/production")
    team.commit("Take over what was edited")
    jobs = team.pull_request(2)
    assert results(jobs) == dict.fromkeys(("plan", "comment"), "success"), logs(jobs)
    jobs = team.squash_merge("Take over what was edited")
    assert {jobs["plan"].result, jobs["state"].result} == {"success"}, logs(jobs)
    jobs = team.morning()
    assert results(jobs) == {"drift": "success", "issue": "success"}, logs(jobs)
    assert issue["state"] == "closed"
    assert "No drift" in issue["body"]


def test_a_fork_plans_against_what_the_repository_published(team: Team) -> None:
    team.branch("stranger")
    team.edit("llm_temperature: 0.7", "llm_temperature: 0.1")
    team.commit("Mine")
    jobs = team.pull_request(3, fork=True)
    assert results(jobs) == {"plan": "failure", "comment": "skipped"}
    assert "No state of default is published" in jobs["plan"].log

    assert team.merged("0" * 40)["state"].result == "success"
    forged = team.clone / "forged"
    forged.mkdir()
    (forged / "state.json").write_text("{}")
    state = "configsync-state-default"
    team.hub.keep(state, forged, "main", repository=99)
    team.hub.keep(state, forged, "stranger", repository=REPOSITORY_ID)
    team.hub.keep("configsync-state-staging", forged, "main", repository=REPOSITORY_ID)
    jobs = team.pull_request(3, fork=True)
    assert results(jobs) == {"plan": "success", "comment": "skipped"}, logs(jobs)
    assert "against an export of revision 1" in jobs["plan"].summary
    assert "1 to update" in jobs["plan"].summary
    assert team.url not in logs(jobs)


@pytest.mark.parametrize(
    "report",
    ["<!-- configsync:default -->\n" + "x" * 5_000_000, "no marker", ""],
    ids=["5 MB", "none of ours", "empty"],
)
def test_the_commenting_job_takes_the_report_for_data(team: Team, report: str) -> None:
    # As if the plan's job had been made to leave something else.
    action = team.clone / ".github/actions/configsync/action.yml"
    wanted = 'echo "reports=$reports" >> "$GITHUB_OUTPUT"'
    forge = (
        f'mkdir "$reports"; cp "$GITHUB_WORKSPACE/forged" "$reports/report.md"; {wanted}; exit 0'
    )
    text = action.read_text()
    assert wanted in text
    team.branch("hostile")
    action.write_text(text.replace(wanted, forge))
    (team.clone / "forged").write_text(report)
    team.git("add", "-A")
    team.commit("Forge")
    jobs = team.pull_request(4)
    assert results(jobs) == {"plan": "success", "comment": "failure"}
    assert "::error::The report is none that configsync wrote" in jobs["comment"].log
    assert team.hub.comments == []


IMPORTED = ("sitecustomize", "usercustomize", "click", "yaml", "pip", "hatchling", "setup")


def test_a_project_in_a_folder_whose_modules_are_not_imported(team: Team) -> None:
    """As a monorepo has it, and a pull request that would run code of its own."""

    def in_a_folder(workflow: str) -> str:
        assert "command: plan\n" in workflow
        return workflow.replace(
            "command: plan\n", "command: plan\n          directory: apps/slides\n"
        )

    team.branch("monorepo")
    project = team.clone / "apps/slides"
    shutil.copytree(team.clone / "profiles", project / "profiles")
    (project / "configsync.toml").write_text('source = "slides"\n')
    (project / "configsync").mkdir()
    for file in ("configsync/__init__.py", *(f"{name}.py" for name in IMPORTED)):
        (project / file).write_text("raise SystemExit('imported')\n")
    for name in IMPORTED:
        shutil.copy(project / "click.py", team.clone / f"{name}.py")
    team.git("add", "-A")
    team.commit("Move in")
    jobs = team.pull_request(5, edit=in_a_folder)
    assert results(jobs) == dict.fromkeys(("plan", "comment"), "success"), logs(jobs)
    (comment,) = team.hub.comments
    assert "Source `slides`" in comment["body"]

    profile = project / "profiles/production.yaml"
    profile.write_text(profile.read_text().replace("llm_temperature: 0.7", "llm_temperature: 7"))
    team.commit("Mistake")
    jobs = team.pull_request(5, edit=in_a_folder)
    assert results(jobs) == {"plan": "failure", "comment": "success"}, logs(jobs)
    assert "\n::error file=apps/slides/profiles/production.yaml,line=" in jobs["plan"].log
    assert "1 error in the source" in comment["body"]
