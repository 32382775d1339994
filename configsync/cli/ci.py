"""``configsync ci``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from configsync.cli import options, output
from configsync.cli.apply import guarded
from configsync.cli.plan import again_by

if TYPE_CHECKING:
    from configsync.core.diagnostic import Diagnostic
    from configsync.core.plan import Plan
    from configsync.render.report.model import Report
    from configsync.source.ci import CiRun
    from configsync.source.project import Project, Target
    from configsync.store.database import Database
    from configsync.usecases.validate import Validation

SECTION = "Operate"

REPORTS = "configsync-report"
"""The folder that reports are written into, below the current one."""


@click.group(cls=options.Group)
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
@options.planning_in_ci
@folder_option
@click.option("--base", metavar="REF", help="What the change is merged into, if CI doesn't tell.")
@options.against
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if there are changes.")
def plan(
    asked: options.Planning,
    folder: Path,
    base: str | None,
    against: Path | None,
    detailed_exitcode: bool,
) -> int:
    """Check and plan a change, for its review. Changes nothing."""
    job = _Job.of("plan", asked.directory, asked.target_name, asked.database_url, folder)

    def work() -> int:
        job.judge_by(base)
        made = job.plan(asked, against)
        if made is None:
            return 1
        job.tell_base(base)
        if job.refused(made):
            return 4
        return 2 if detailed_exitcode and made.decides else 0

    return job.ends(work)


@command.command(epilog="Example: configsync ci apply --target prod --plan-id 5f1d…")
@options.planning_in_ci
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
    from configsync.core.errors import StalePlan, UsageError
    from configsync.usecases.actor import find_actor
    from configsync.usecases.apply import apply as carry_out

    job = _Job.of("apply", asked.directory, asked.target_name, asked.database_url, folder)

    def work() -> int:
        if plan_id == "":
            raise UsageError("--plan-id is empty: give it the plan_id that ci plan gave.")
        by = find_actor(actor, job.project.root, os.environ)
        job.judge_by(None)
        made = job.plan(asked, reviewed=plan_id is not None)
        if made is None:
            return 1
        if job.refused(made):
            return 4
        if plan_id is not None and plan_id != made.plan_id:
            raise StalePlan(
                f"The plan is {made.plan_id} now, and {plan_id} was reviewed: the database or the "
                "source has moved since. Nothing was changed; review it again."
            )
        applied = carry_out(job.connect(), made, by, lock_timeout, root=job.project.root)
        job.values["revision"] = str(applied.revision)
        job.say(
            f"Applied as revision {applied.revision}." if made.changes else "Nothing was changed."
        )
        return 0

    return job.ends(work)


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

    def work() -> int:
        validation = validate(job.project, job.target)
        job.check(validation)
        found = find_drift(job.project, job.target, job.connect(), validation)
        again = again_by("drift", job.target.name)
        job.report = replace(reporting.report(found, again), marker=job.marker)
        job.files["drift.json"] = json.drift(found)
        job.values["drift"] = _flag(bool(found.drift))
        output.data(f"{job.report.title}\n")
        return 2 if detailed_exitcode and found.drift else 0

    return job.ends(work)


@dataclass
class _Job:
    """One run: what it is asked, what it found, and what it leaves behind however it ends."""

    name: str
    folder: Path
    run: CiRun
    directory: Path
    target_name: str | None
    database_url: str | None
    project: Project = field(init=False)
    target: Target = field(init=False)
    found: list[Diagnostic] = field(default_factory=list)
    checked: bool = False
    report: Report | None = None
    files: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, name: str, directory: Path, target_name: str | None, url: str | None, folder: Path
    ) -> _Job:
        from configsync.source.ci import read_run

        target_name = target_name or os.environ.get("CONFIGSYNC_TARGET")
        return cls(name, folder, read_run(os.environ), directory, target_name, url)

    @property
    def about(self) -> str:
        """The name of the target, also where the settings that would have it can't be read."""
        from configsync.source.project import DEFAULT_TARGET

        return self.target_name or DEFAULT_TARGET

    @property
    def marker(self) -> str:
        """What names the report in a comment or an issue, of which each target has one."""
        return f"drift of {self.about}" if self.name == "drift" else self.about

    def ends(self, work: Callable[[], int]) -> int:
        """Do the work, and leave reports behind whatever comes of it; returns the exit code.

        Where no reports can be left, nothing is done.
        """
        from configsync.core.errors import ConfigsyncError
        from configsync.usecases.ci import clear_folder

        clear_folder(self.folder)
        try:
            self.project, self.target = options.find(self.directory, self.target_name)
            self.target_name = self.target.name
            code = work()
        except ConfigsyncError as error:
            output.note(f"Error: {error}")
            code = self.failed(error)
        except Exception as error:
            # Its text is for the log, where it may be read by fewer people.
            self.failed(error, "configsync failed in a way that it should not; the log says how.")
            self.leave(1)
            raise
        return self.leave(code)

    def failed(self, error: Exception, reason: str | None = None) -> int:
        """Report an error that ended the work; its exit code."""
        from configsync.core.errors import ConfigsyncError, OutcomeUnknown
        from configsync.render.report import failure

        what = {"plan": "Not planned.", "apply": "Not applied.", "drift": "Drift isn't known."}
        title = what[self.name]
        known = isinstance(error, ConfigsyncError) and not isinstance(error, OutcomeUnknown)
        if self.name == "apply" and not known:
            title = "It isn't known whether it was applied."
        tried = again_by(f"ci {self.name}", self.about)
        self.report = failure.report(title, reason or str(error), tried, self.marker)
        return error.exit_code if isinstance(error, ConfigsyncError) else 1

    def leave(self, code: int) -> int:
        """Leave the reports behind, and tell the CI system; the exit code that comes of it."""
        from configsync.usecases.ci import leave

        assert self.report is not None
        self.tell_machines()
        problems = leave(self.folder, self.report, self.files, self.run, self.values, code)
        for problem in problems:
            output.note(f"{'Error' if problem.fatal else 'Warning'}: {problem.text}")
        if (self.folder / "report.md").exists():
            output.note(f"Reports are in {self.folder}.")
        return code or int(any(problem.fatal for problem in problems))

    def connect(self) -> Database:
        """The database; in CI never the embedded one of which nothing was said.

        It is empty there: a plan would say that everything is to be created.
        """
        from configsync.core.errors import UsageError
        from configsync.source.ci import System
        from configsync.source.project import DEFAULT_DATABASE

        url = self.project.database(self.database_url, self.target, os.environ)
        if url == DEFAULT_DATABASE and self.run.system is not System.NONE:
            raise UsageError(
                "No database is configured. "
                + (
                    "A fork gets no secrets: plan against a state export that the repository "
                    "publishes, with --against."
                    if self.run.fork
                    else "Give the job CONFIGSYNC_DATABASE, from a secret."
                )
            )
        found = options.recorded if self.name == "drift" else options.connect
        return found(self.project, self.target, self.database_url)

    def check(self, validation: Validation) -> None:
        """Say what was found in the source."""
        from configsync.render import junit

        self.say_found(validation.diagnostics)
        self.files["diagnostics.xml"] = junit.render(validation.files, validation.diagnostics)

    def say_found(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Print what wasn't said before, and keep it for what machines read of the run."""
        said = set(self.found)
        found = [d for d in diagnostics if d not in said]
        self.found += found
        self.checked = True
        output.text(output.diagnostics(self.project.root, found))

    def tell_machines(self) -> None:
        """What was found, as SARIF and for GitHub, which takes only so many lines of a step."""
        from configsync import __version__
        from configsync.checks.rules import all_rules
        from configsync.core import codes
        from configsync.render import github, sarif
        from configsync.source.checkout import folder_in_repository
        from configsync.source.ci import System

        if not self.checked:
            return
        folder = folder_in_repository(self.project.root)
        rules: list[Any] = [*codes.ALL, *all_rules().values()]
        self.files["diagnostics.sarif"] = sarif.render(self.found, rules, __version__, folder)
        if self.run.system is System.GITHUB and self.found:
            output.data(github.render(self.found, folder))

    def judge_by(self, base: str | None) -> None:
        """Have a change judged by the policies of its base. Raises UsageError without one."""
        from configsync.usecases.policies import judged_in_ci

        self.project, self.target = judged_in_ci(
            self.project, self.target, self.directory, self.run, base
        )

    def plan(
        self, asked: options.Planning, against: Path | None = None, *, reviewed: bool = True
    ) -> Plan | None:
        """The plan, reported; None if the source has errors, which are reported instead.

        One that isn't ``reviewed`` is refused where the target is protected.
        """
        from configsync.kinds import resource_types
        from configsync.render import json
        from configsync.render.report import faults
        from configsync.render.report import plan as reporting
        from configsync.render.text import plan as view
        from configsync.usecases.offline import read_state
        from configsync.usecases.plan import make_plan, plan_offline
        from configsync.usecases.validate import validate

        validation = validate(
            self.project, self.target, strict=asked.strict, cached=not asked.no_cache
        )
        self.check(validation)
        if not validation.ok:
            tried = again_by("validate", self.target.name)
            self.report = faults.report(validation.diagnostics, tried, self.target.name)
            return None
        given = (validation, asked.plan_options)
        if against is None:
            made = make_plan(self.project, self.target, self.connect(), *given)
        else:
            state = read_state(asked.directory / against)
            made = plan_offline(self.project, self.target, state, *given)
        if not reviewed:
            made = guarded(made, self.target)
        self.say_found(made.diagnostics)
        output.text(view.render(made, output.shared_style()))
        again = again_by("plan", self.target.name, made.options)
        self.report = reporting.report(made, resource_types(), again)
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

    def tell_base(self, base: str | None) -> None:
        """Say in the report what the change is based on, where that is known."""
        from configsync.source.ci import find_base

        found = find_base(self.project.root, base or self.run.base)
        if found.commit is None:
            output.note(f"Warning: {found.problem}")
            return
        assert self.report is not None
        self.report = replace(self.report, about=(*self.report.about, _since(found.commit)))
        self.values["base"] = found.commit

    def say(self, verdict: str) -> None:
        """Put what was done where the verdict stands, and print it."""
        assert self.report is not None
        self.report = replace(self.report, verdict=verdict)
        output.data(f"{verdict}\n")


def _since(commit: str) -> tuple[Any, ...]:
    from configsync.render.report.model import Name

    return ("Change since ", Name(commit[:12]), ".")


def _flag(true: bool) -> str:
    return "true" if true else "false"
