"""Runs this repository's workflows: their jobs in order, each step's script by bash, as it stands.

The four actions of GitHub's own are done here: checkout clones from the bare repository, artifacts
are folders. A step that this can't run fails the test.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.github.expressions import condition, filled
from tests.github.hub import REPOSITORY, REPOSITORY_ID, Hub
from tests.test_wheel import REPOSITORY as CHECKOUT

WORKFLOWS = ".github/workflows"


@dataclass
class Event:
    """What a workflow is run for; ``payload`` is GitHub's description of it."""

    name: str
    sha: str
    payload: dict[str, Any]
    branch: str = "main"
    fork: bool = False


@dataclass
class Job:
    """How a job went: its result, what it gave to later ones, and all that it printed."""

    result: str
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""
    summary: str = ""


@dataclass
class Runner:
    """A machine that runs jobs, with the repository's settings."""

    hub: Hub
    folder: Path
    variables: dict[str, str]
    secrets: dict[str, str]
    environments: dict[str, dict[str, str]]
    numbers: int = 0

    @property
    def python(self) -> Path:
        return self.folder / "python"

    def prepare(self) -> None:
        """Make the Python that setup-python gives, which has the dependencies, but not us."""
        command = [sys.executable, "-m", "venv", "--without-pip", str(self.python)]
        subprocess.run(command, check=True)
        paths = {"base": str(self.python), "platbase": str(self.python)}
        site = Path(sysconfig.get_path("purelib", vars=paths))
        (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))

    def run(self, workflow: str, event: Event, edit: Callable[[str], str] = str) -> dict[str, Job]:
        """Run a workflow of the commit that is checked out here, edited; its jobs by name."""
        content = yaml.safe_load(edit((CHECKOUT / WORKFLOWS / f"{workflow}.yml").read_text()))
        assert event.name in content[True]  # YAML 1.1 takes the key "on" for a truth.
        github = {
            "repository": REPOSITORY,
            "event_name": event.name,
            "event": {**event.payload, "repository": {"default_branch": "main"}},
            "sha": event.sha,
        }
        self.numbers += 1
        shared = self.folder / f"run-{self.numbers}"
        done: dict[str, Job] = {}
        for name, job in content["jobs"].items():
            needs = job.get("needs", [])
            asked = [needs] if isinstance(needs, str) else needs
            before = {n: done[n] for n in asked}
            secrets = {} if event.fork else self.secrets
            permissions = job.get("permissions", content["permissions"])
            token = f"token-{self.numbers}-{name}"
            self.hub.permissions[token] = {
                n: "read" if event.fork else p for n, p in permissions.items()
            }
            contexts = {
                "github": {**github, "token": token},
                # A fork gets neither secrets nor variables.
                "vars": {} if event.fork else self.variables,
                "secrets": {**secrets, **self.environments.get(job.get("environment"), {})},
                "needs": {n: {"result": j.result, "outputs": j.outputs} for n, j in before.items()},
                "functions": {
                    "success": all(j.result == "success" for j in before.values()),
                    "cancelled": False,
                },
            }
            contexts["env"] = {n: filled(v, contexts) for n, v in content.get("env", {}).items()}
            if condition(job.get("if"), contexts):
                done[name] = _Run(self, event, shared, shared / name, contexts).job(job)
            else:
                done[name] = Job("skipped")
        return done


@dataclass
class _Run:
    """One job that runs."""

    runner: Runner
    event: Event
    shared: Path
    folder: Path
    contexts: dict[str, Any]
    log: str = ""
    failed: bool = False

    def job(self, job: Mapping[str, Any]) -> Job:
        for name in ("workspace", "temp"):
            (self.folder / name).mkdir(parents=True)
        self.contexts["runner"] = {"temp": str(self.folder / "temp")}
        self.steps(job["steps"], self.contexts)
        outputs = {n: filled(v, self.contexts) for n, v in job.get("outputs", {}).items()}
        summary = self.folder / "summary"
        return Job(
            "failure" if self.failed else "success",
            outputs,
            self.log,
            summary.read_text() if summary.exists() else "",
        )

    def steps(
        self, steps: list[dict[str, Any]], contexts: dict[str, Any], action: str = ""
    ) -> None:
        """Do steps, those after a failure only where their ``if`` says so."""
        contexts["steps"] = {}
        for step in steps:
            functions = {"success": not self.failed, "cancelled": False}
            contexts["functions"] = functions
            if not condition(step.get("if"), contexts):
                continue
            given = {n: filled(v, contexts) for n, v in step.get("with", {}).items()}
            env = {n: filled(v, contexts) for n, v in step.get("env", {}).items()}
            if "run" in step:
                assert "${{" not in step["run"]
                outputs, code = self.script(step["run"], env, action, step.get("shell"))
                self.failed |= code != 0
            else:
                outputs = self.use(step["uses"], given)
            contexts["steps"][step.get("id", "")] = {"outputs": outputs}

    def use(self, action: str, given: dict[str, str]) -> dict[str, str]:
        workspace = self.folder / "workspace"
        if action.startswith("./"):
            content = yaml.safe_load((workspace / action / "action.yml").read_text())
            assert given.keys() <= content["inputs"].keys()
            inputs = {n: given.get(n, i.get("default", "")) for n, i in content["inputs"].items()}
            contexts = {"inputs": inputs, "runner": self.contexts["runner"]}
            self.steps(content["runs"]["steps"], contexts, action)
            return {n: filled(o["value"], contexts) for n, o in content["outputs"].items()}
        name = action.split("@")[0]
        if name == "actions/checkout":
            # Fetched and not cloned: there is no origin/HEAD.
            self.git("init", "-q")
            self.git("remote", "add", "origin", f"file://{self.runner.hub.bare}")
            if given.get("fetch-depth") == "0":
                branches = "+refs/heads/*:refs/remotes/origin/*"
                self.git("fetch", "-q", "origin", branches, self.event.sha)
            else:
                self.git("fetch", "-q", "--depth=1", "origin", self.event.sha)
            self.git("checkout", "-q", "--detach", self.event.sha)
        elif name == "actions/upload-artifact":
            kept = self.shared / "artifacts" / given["name"]
            shutil.copytree(given["path"], kept)
            repository = 99 if self.event.fork else REPOSITORY_ID
            self.runner.hub.keep(given["name"], kept, self.event.branch, repository)
        elif name == "actions/download-artifact":
            kept = self.shared / "artifacts" / given["name"]
            if kept.is_dir():
                shutil.copytree(kept, workspace / given["path"])
            else:
                self.log += f"Error: Unable to find an artifact named {given['name']}\n"
                self.failed = True
        else:
            assert name == "actions/setup-python", action
        return {}

    def git(self, *arguments: str) -> None:
        workspace = self.folder / "workspace"
        subprocess.run(["git", *arguments], cwd=workspace, check=True, capture_output=True)

    def script(
        self, text: str, env: dict[str, str], action: str, shell: str | None
    ) -> tuple[dict[str, str], int]:
        """Run a script as GitHub does; its outputs and exit code."""
        output = self.folder / "output"
        output.write_text("")
        workspace = self.folder / "workspace"
        event = self.folder / "event.json"
        event.write_text(json.dumps(self.contexts["github"]["event"]))
        proxy = self.runner.hub.address
        environment = {
            "PATH": f"{self.runner.python / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.runner.folder),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": "octo-reviewer",
            "GITHUB_EVENT_NAME": self.event.name,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_REPOSITORY_ID": str(REPOSITORY_ID),
            "GITHUB_SERVER_URL": "https://github.example.com",
            "GITHUB_RUN_ID": str(self.runner.numbers),
            "GITHUB_SHA": self.event.sha,
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_WORKSPACE": str(workspace),
            "GITHUB_ACTION_PATH": str(workspace / action) if action else "",
            "RUNNER_TEMP": str(self.folder / "temp"),
            # gh speaks HTTP to this host alone, and to the proxy that it is told.
            "GH_HOST": "github.localhost",
            "HTTP_PROXY": proxy,
            "http_proxy": proxy,
            # What pip would fetch is there already.
            "PIP_NO_INDEX": "1",
            "PIP_NO_DEPS": "1",
            "PIP_NO_BUILD_ISOLATION": "0",
            "PIP_ROOT_USER_ACTION": "ignore",
            **self.contexts["env"],
            **env,
        }
        strict = ["-eo", "pipefail"] if shell else ["-e"]
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", *strict, "-c", text],
            cwd=workspace,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.log += done.stdout
        return _outputs(output.read_text()), done.returncode


def _outputs(text: str) -> dict[str, str]:
    """What a file of outputs says, in both of GitHub's forms."""
    found = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, separator, value = line.partition("=")
        if "<<" in name or not separator:
            name, _, end = line.partition("<<")
            value = "\n".join(iter(lambda: next(lines), end))
        found[name] = value
    return found
