"""``configsync ci``."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from configsync.cli import options, output
from configsync.cli.plan import again_by

if TYPE_CHECKING:
    from configsync.core.plan import Plan
    from configsync.render.report.model import Report
    from configsync.source.ci import CiRun
    from configsync.source.project import Project, Target
    from configsync.store.database import Database
    from configsync.usecases.validate import Validation

SECTION = "Operate"

REPORTS = "configsync-report"
"""The folder that reports are written into, below the current one."""


@click.group()
def command() -> None:
    """Do in one line what a CI job is for, and leave a report behind.

    The same on GitHub, GitLab, Jenkins and a laptop. Each writes report.md, for
    a comment, report.html and what machines read into a folder; on GitHub also
    annotations, the job's summary, and values for later steps.
    """


def folder_option(command: Callable[..., int]) -> Callable[..., int]:
    """``--reports``: where reports are written."""
    return click.option(
        "--reports",
        "folder",
        metavar="DIR",
        type=click.Path(path_type=Path, file_okay=False),
        default=REPORTS,
        show_default=True,
        help="The folder to write reports into.",
    )(command)


@command.command(epilog="Example: configsync ci plan --target prod --base origin/main")
@options.planning
@folder_option
@click.option("--base", metavar="REF", help="What the change is merged into, if CI doesn't tell.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if there are changes.")
def plan(asked: options.Planning, folder: Path, base: str | None, detailed_exitcode: bool) -> int:
    """Check and plan a change, for its review. Changes nothing."""
    job = _Job.of("plan", asked.directory, asked.target_name, asked.database_url, folder)
    with job:
        made = job.plan(asked, base)
        if made is None:
            return job.ends(1)
        if job.refused(made):
            return job.ends(4)
        return job.ends(2 if detailed_exitcode and made.decides else 0)
    return job.ends(job.code)


@command.command(epilog="Example: configsync ci apply --target prod --plan-id 5f1d…")
@options.planning
@folder_option
@click.option("--plan-id", metavar="ID", help="Apply only this plan: what ci plan gave, reviewed.")
@click.option("--actor", metavar="NAME", help="Who applies, as history records it.")
@options.lock_timeout
def apply(
    asked: options.Planning,
    folder: Path,
    plan_id: str | None,
    actor: str | None,
    lock_timeout: float,
) -> int:
    """Apply what was merged, without asking: exactly the plan with --plan-id, or nothing."""
    from configsync.core.errors import StalePlan
    from configsync.usecases.apply import apply as carry_out
    from configsync.usecases.apply import find_actor

    job = _Job.of("apply", asked.directory, asked.target_name, asked.database_url, folder)
    with job:
        by = find_actor(actor, job.project.root, os.environ)
        made = job.plan(asked)
        if made is None:
            return job.ends(1)
        if job.refused(made):
            return job.ends(4)
        if plan_id is not None and plan_id != made.plan_id:
            raise StalePlan(
                f"The plan is {made.plan_id} now, and {plan_id} was reviewed: the database or the "
                "source has moved since. Nothing was changed; review it again."
            )
        assert job.database is not None
        applied = carry_out(job.database, made, by, lock_timeout, root=job.project.root)
        job.values["revision"] = str(applied.revision)
        job.say(
            f"Applied as revision {applied.revision}." if made.changes else "Nothing was changed."
        )
        return job.ends(0)
    return job.ends(job.code)


@command.command(epilog="Example: configsync ci drift --target prod --detailed-exitcode")
@options.directory
@options.database
@folder_option
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if there is drift.")
def drift(
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    folder: Path,
    detailed_exitcode: bool,
) -> int:
    """Look for what was changed in the database past git."""
    from configsync.render import json
    from configsync.render.report import drift as reporting
    from configsync.usecases.drift import find_drift
    from configsync.usecases.validate import validate

    job = _Job.of("drift", directory, target_name, database_url, folder)
    with job:
        validation = validate(job.project, job.target)
        job.check(validation)
        found = find_drift(job.project, job.target, job.connect(), validation)
        job.report = reporting.report(found, again_by("drift", job.target.name))
        job.files["drift.json"] = json.drift(found)
        job.values["drift"] = _flag(bool(found.drift))
        job.say(job.report.title)
        return job.ends(2 if detailed_exitcode and found.drift else 0)
    return job.ends(job.code)


@dataclass
class _Job:
    """One run: what it is asked, what it found, and what it leaves behind however it ends.

    As a context, it turns an error into a report that says so, and its exit code.
    """

    name: str
    folder: Path
    run: CiRun
    project: Project
    target: Target
    database_url: str | None
    database: Database | None = None
    report: Report | None = None
    files: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    code: int = 1

    @classmethod
    def of(
        cls, name: str, directory: Path, target_name: str | None, url: str | None, folder: Path
    ) -> _Job:
        from configsync.source.ci import read_run

        project, target = options.find(directory, target_name)
        return cls(name, folder, read_run(os.environ), project, target, url)

    def __enter__(self) -> _Job:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        from configsync.core.errors import ConfigsyncError
        from configsync.render.report import failure

        if not isinstance(error, ConfigsyncError):
            return False
        what = {"plan": "Not planned.", "apply": "Not applied.", "drift": "Drift isn't known."}
        tried = again_by(f"ci {self.name}", self.target.name)
        self.report = failure.report(what[self.name], str(error), tried, self.target.name)
        output.note(f"Error: {error}")
        self.code = error.exit_code
        return True

    def connect(self) -> Database:
        self.database = options.connect(self.project, self.target, self.database_url)
        return self.database

    def check(self, validation: Validation) -> None:
        """Say what was found in the source, where reviewers see it."""
        from configsync import __version__
        from configsync.checks.rules import all_rules
        from configsync.core import codes
        from configsync.render import junit, sarif
        from configsync.source.checkout import folder_in_repository
        from configsync.source.ci import System

        found = validation.diagnostics
        if self.run.system is System.GITHUB:
            output.validation(self.project.root, validation, "github")
        output.text(output.diagnostics(self.project.root, found))
        rules: list[Any] = [*codes.ALL, *all_rules().values()]
        folder = folder_in_repository(self.project.root)
        self.files["diagnostics.sarif"] = sarif.render(found, rules, __version__, folder)
        self.files["diagnostics.xml"] = junit.render(validation.files, found)

    def plan(self, asked: options.Planning, base: str | None = None) -> Plan | None:
        """The plan, reported; None if the source has errors, which are reported instead."""
        from configsync.kinds import resource_types
        from configsync.render import json
        from configsync.render.report import faults
        from configsync.render.report import plan as reporting
        from configsync.render.text import plan as view
        from configsync.source.ci import find_base
        from configsync.usecases.plan import make_plan
        from configsync.usecases.validate import validate

        validation = validate(
            self.project, self.target, strict=asked.strict, cached=not asked.no_cache
        )
        self.check(validation)
        if not validation.ok:
            tried = again_by("validate", self.target.name)
            self.report = faults.report(validation.diagnostics, tried, self.target.name)
            return None
        database = self.connect()
        made = make_plan(self.project, self.target, database, validation, asked.plan_options)
        output.text(output.diagnostics(self.project.root, made.diagnostics))
        output.text(view.render(made, output.style()))
        report = reporting.report(made, resource_types(), again_by("plan", self.target.name))
        if self.name == "plan":
            found = find_base(self.project.root, base or self.run.base)
            if found.problem:
                output.note(f"Warning: {found.problem}")
            else:
                report = replace(report, about=(*report.about, _since(found.commit or "")))
                self.values["base"] = found.commit or ""
        self.report = report
        self.files["plan.json"] = json.plan(made)
        self.values |= {
            "plan_id": made.plan_id,
            "changes": _flag(made.decides),
            **{name: str(number) for name, number in made.summary().items()},
        }
        return made

    def refused(self, made: Plan) -> bool:
        """Tell whether a policy stands against a plan, and say so."""
        from configsync.core.diagnostic import has_errors

        if not has_errors(made.diagnostics):
            return False
        output.note("Refused: a policy stands against the plan. Nothing was changed.")
        return True

    def say(self, verdict: str) -> None:
        """Put what was done where the verdict stands, and print it."""
        assert self.report is not None
        if self.name != "drift":
            self.report = replace(self.report, verdict=verdict)
        output.data(f"{verdict}\n")

    def ends(self, code: int) -> int:
        """Leave all behind that was found; the exit code."""
        from configsync.usecases.ci import leave

        assert self.report is not None
        values = {**self.values, "exit_code": str(code)}
        for problem in leave(self.folder, self.report, self.files, self.run, values):
            output.note(f"Warning: {problem}")
        output.note(f"Reports are in {self.folder}.")
        return code


def _since(commit: str) -> tuple[Any, ...]:
    from configsync.render.report.model import Name

    return ("Change since ", Name(commit[:12]), ".")


def _flag(true: bool) -> str:
    return "true" if true else "false"
