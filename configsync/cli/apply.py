"""``configsync apply``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from configsync.cli import options, output
from configsync.cli.plan import check, show

if TYPE_CHECKING:
    from configsync.core.plan import Plan
    from configsync.core.revision import Actor, Applied
    from configsync.source.project import Project, Target
    from configsync.store.database import Database
    from configsync.usecases.fleet import Convergence

SECTION = "Change"


@click.command(epilog="Example: configsync apply --auto-approve --actor alice@example.com")
@click.argument(
    "file", required=False, metavar="[FILE]", type=click.Path(path_type=Path, dir_okay=False)
)
@options.planning
@options.utc
@click.option("--auto-approve", is_flag=True, help="Apply without asking.")
@click.option("--actor", metavar="NAME", help="Who applies, as history records it.")
@click.option(
    "--allow-older", is_flag=True, help="Apply a commit that isn't newer than the applied one."
)
@options.lock_timeout
@options.wait
def command(
    asked: options.Planning,
    file: Path | None,
    auto_approve: bool,
    actor: str | None,
    allow_older: bool,
    lock_timeout: float,
    wait: float | None,
) -> int:
    """Show the plan, ask, and carry it out: all of it in one transaction, or nothing.

    FILE is a plan that configsync plan --out saved, which is applied without
    asking, if it still is the plan that the files and the database give.
    """
    from configsync.usecases.actor import find_actor

    if asked.output_format == "json" and not auto_approve and file is None:
        raise click.UsageError("-o json can't ask; give --auto-approve with it.")
    saved = None if file is None else _read(asked.directory / file, asked)
    project, target = options.find(
        asked.directory, asked.target_name if saved is None else saved.target
    )
    by = find_actor(actor, project.root, os.environ)
    if saved is not None and saved.options.to_revision is not None:
        return _saved_rollback(project, target, saved, asked, by, lock_timeout, wait)
    validation = check(project, target, asked)
    if validation is None:
        return 1
    database = options.connect(project, target, asked.database_url)
    if saved is None:
        from configsync.usecases.plan import make_plan

        plan = make_plan(project, target, database, validation, asked.plan_options)
        plan = guarded(plan, target)
    else:
        from configsync.usecases.saved import remake_plan

        plan = remake_plan(project, target, database, validation, saved)

    def carry() -> Applied:
        from configsync.usecases.apply import apply

        return apply(
            *(database, plan, by, lock_timeout),
            root=project.root,
            planned_commit=None if saved is None else saved.source.commit,
            allow_older=allow_older,
        )

    approved = auto_approve or saved is not None
    return carry_out(project.root, database, plan, asked, approved, carry, wait)


def _saved_rollback(
    project: Project,
    target: Target,
    saved: Plan,
    asked: options.Planning,
    actor: Actor,
    lock_timeout: float,
    wait: float | None,
) -> int:
    """Carry out a rollback that was saved."""
    from configsync.usecases.rollback import roll_back
    from configsync.usecases.saved import remake_rollback

    database = options.connect(project, target, asked.database_url)
    plan = remake_rollback(project, target, database, saved)

    def carry() -> Applied:
        return roll_back(project, database, plan, actor, lock_timeout)

    return carry_out(project.root, database, plan, asked, True, carry, wait)


def carry_out(
    root: Path,
    database: Database,
    plan: Plan,
    asked: options.Planning,
    approved: bool,
    carry: Callable[[], Applied],
    wait: float | None,
) -> int:
    """Show a plan, ask unless it is ``approved``, and ``carry`` it out; the exit code.

    Then ``wait`` for the readers so many seconds at most, unless it is None.
    """
    from configsync.core.diagnostic import has_errors

    as_json = asked.output_format == "json"
    refused = has_errors(plan.diagnostics)
    if not as_json or refused:
        show(root, plan, asked.output_format, asked.quiet)
    if refused:
        output.note("Refused: a policy stands against the plan. Nothing was changed.")
        return 4
    if plan.decides and not approved and not _approved(str(database.url)):
        output.note("Not applied. Nothing was changed.")
        return 1
    applied = carry()
    if not as_json:
        output.data(_told(plan, applied))
    code, waited = (0, None) if wait is None else _await(database, applied.revision, wait)
    if as_json:
        from configsync.render import json

        output.data(json.plan(plan, applied, waited))
    return code


def _told(plan: Plan, applied: Applied) -> str:
    """What was done, for people."""
    from configsync.render.escape import one_line

    if plan.changes:
        text = f"Applied as revision {applied.revision}.\n"
    elif plan.drift:
        text = f"Recorded {len(plan.drift)} as the database holds them now.\n"
    elif not plan.is_empty:
        gone = f", took {len(plan.forgotten)} from the record" if plan.forgotten else ""
        text = f"Recorded {len(plan.records)} unchanged{gone}. Nothing else to do.\n"
    else:
        text = f"Nothing to do. The database is at revision {applied.revision}.\n"
    return f"{text}Head {one_line(applied.head)}\n" if applied.head else text


def _await(database: Database, revision: int, seconds: float) -> tuple[int, Convergence | None]:
    """Wait for the readers; the exit code, and how it ended, None if they can't be asked."""
    from configsync.core.errors import DatabaseError
    from configsync.render.text.readers import convergence
    from configsync.usecases.fleet import await_readers

    sys.stdout.flush()  # Whoever ends the wait knows that the change is applied.
    try:
        waited = await_readers(database, revision, seconds)
    except DatabaseError as error:
        # The database speaks of this look; the change was made before.
        reason = str(error).removesuffix(" Nothing was changed.")
        output.note(
            f"Error: Revision {revision} is applied, but its readers can't be asked: {reason}"
        )
        return 1, None
    except KeyboardInterrupt:
        output.note(f"Interrupted: revision {revision} is applied, its readers weren't waited for.")
        return 130, None
    output.note(convergence(waited))
    return (1 if waited.fleet.stragglers else 0), waited


def _read(file: Path, asked: options.Planning) -> Plan:
    """A saved plan. Raises UsageError where other options say what is in it."""
    from configsync.core.plan import PlanOptions
    from configsync.usecases.saved import read_plan

    plan = read_plan(file)
    if asked.plan_options != PlanOptions():
        raise click.UsageError("What a saved plan may do stands in it; give such options to plan.")
    if asked.target_name not in (None, plan.target):
        raise click.UsageError(f"{file} is a plan for the target {plan.target}.")
    return plan


def guarded(plan: Plan, target: Target) -> Plan:
    """A plan that nobody saved, refused where the target takes saved ones only."""
    from configsync.plan.policy import unreviewed

    if plan.is_empty:
        return plan
    against = tuple(unreviewed(target.policy, plan.options))
    return replace(plan, diagnostics=(*against, *plan.diagnostics))


def _approved(where: str) -> bool:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(
            "There is no terminal to ask at. Give --auto-approve to go on without."
        )
    answer = click.prompt(
        f"Apply this to {where}? Only 'yes' is accepted", default="", show_default=False
    )
    return bool(answer == "yes")
