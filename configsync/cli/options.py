"""Options that commands share, and what they are resolved to."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, tzinfo
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from configsync.cli import complete

if TYPE_CHECKING:
    from configsync.core.plan import PlanOptions
    from configsync.source.project import Project, Target
    from configsync.store.database import Database

F = TypeVar("F", bound=Callable[..., Any])


class Group(click.Group):
    """A command of commands, each of whose first sentences is shown whole."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, part.get_short_help_str(90)) for name, part in self.commands.items()]
            )


def directory(command: F) -> F:
    """``-C DIR``: where the project is."""
    return click.option(
        "-C",
        "directory",
        metavar="DIR",
        default=".",
        type=click.Path(path_type=Path),
        help="Run as if started in DIR.",
    )(command)


def target(command: F) -> F:
    """``--target NAME``: which of the configured databases."""
    return click.option(
        "--target",
        "target_name",
        metavar="NAME",
        shell_complete=complete.targets,
        help="The target, one of those in the settings.",
    )(command)


def database(command: F) -> F:
    """``--target`` and ``--database``."""
    return target(
        click.option(
            "--database",
            "database_url",
            metavar="URL",
            help="The database, before any other setting.",
        )(command)
    )


def output(*formats: str) -> Callable[[F], F]:
    """``-o FORMAT``, the first of the formats by default."""
    return click.option(
        "-o",
        "--output",
        "output_format",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How to print what was found.",
    )


def address(metavar: str) -> Callable[[F], F]:
    """The argument ``address``, not required where ``metavar`` stands in brackets."""
    return click.argument(
        "address",
        metavar=metavar,
        required=not metavar.startswith("["),
        shell_complete=complete.addresses,
    )


def document(command: F) -> F:
    """The argument ``address``, of a whole document."""
    return click.argument("address", metavar="ADDRESS", shell_complete=complete.documents)(command)


_UTC = "configsync.utc"


def utc(command: F) -> F:
    """``--utc``: times are shown, and taken, as `zone` then says."""

    def keep(context: click.Context, _: click.Parameter, value: bool) -> None:
        context.meta[_UTC] = value

    return click.option(
        "--utc",
        is_flag=True,
        expose_value=False,
        callback=keep,
        help="Times in UTC, not in local time; those without an offset are taken so too.",
    )(command)


def zone() -> tzinfo | None:
    """The zone of the times that people read and write: UTC with ``--utc``, else None: local."""
    context = click.get_current_context(silent=True)
    return UTC if context is not None and context.meta.get(_UTC) else None


def quiet(command: F) -> F:
    """``-q``: print only what was asked for, and errors."""
    return click.option("-q", "--quiet", is_flag=True, help="Print the outcome only.")(command)


def strict(command: F) -> F:
    """``--strict``: warnings are errors."""
    return click.option("--strict", is_flag=True, help="Treat warnings as errors.")(command)


def no_cache(command: F) -> F:
    """``--no-cache``: read every file anew."""
    return click.option(
        "--no-cache", is_flag=True, help="Neither use nor fill the cache in .configsync/."
    )(command)


def _number(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
    """Not a number is in no range, and is in all of them for click."""
    if value != value:
        raise click.BadParameter("nan is not a number of seconds.")
    return value


def lock_timeout(command: F) -> F:
    """``--lock-timeout SECONDS``."""
    return click.option(
        "--lock-timeout",
        metavar="SECONDS",
        type=click.FloatRange(min=0, max=86_400),
        callback=_number,
        default=10.0,
        show_default=True,
        help="How long to wait for another writer.",
    )(command)


def wait(command: F) -> F:
    """``--wait SECONDS``; None if it isn't given."""
    return click.option(
        "--wait",
        metavar="SECONDS",
        type=click.FloatRange(min=0, max=86_400),
        callback=_number,
        help="Then wait until all live readers hold the revision; 0 looks once. "
        "Exits with 1 if some don't.",
    )(command)


def select(command: F) -> F:
    """``--select``, any number of times."""
    return click.option(
        "--select",
        metavar="GLOB",
        multiple=True,
        shell_complete=complete.addresses,
        help="Only what an address glob or label=KEY=VALUE selects; may be repeated.",
    )(command)


def accept_conflicts(command: F) -> F:
    """``--accept-conflicts``: git wins."""
    return click.option(
        "--accept-conflicts",
        is_flag=True,
        help="Overwrite what both git and the database changed.",
    )(command)


def take_ownership(command: F) -> F:
    """``--take-ownership``: from other sources."""
    return click.option(
        "--take-ownership", is_flag=True, help="Take over what belongs to another source."
    )(command)


def force(command: F) -> F:
    """``--force``: what the target's policy asks to be sure of."""
    return click.option(
        "--force",
        is_flag=True,
        help="Allow more changes than the target's thresholds, or one of a protected target.",
    )(command)


def purge(command: F) -> F:
    """``--purge``: nothing is only deactivated."""
    return click.option(
        "--purge",
        is_flag=True,
        help="Delete what would only be deactivated, with all of its versions.",
    )(command)


def refresh_only(command: F) -> F:
    """``--refresh-only``: live is taken for applied."""
    return click.option(
        "--refresh-only",
        is_flag=True,
        help="Change nothing; take for applied what the database holds now.",
    )(command)


def against(command: F) -> F:
    """``--against STATE``: a plan without a database."""
    return click.option(
        "--against",
        metavar="STATE",
        type=click.Path(path_type=Path),
        help="Plan offline, against a file that configsync export --state wrote; no database is "
        "connected to, whichever is configured.",
    )(command)


@dataclass(frozen=True, slots=True)
class Planning:
    """The options of every command that makes a plan, as `planning` takes them."""

    directory: Path
    target_name: str | None
    database_url: str | None
    strict: bool
    no_cache: bool
    select: tuple[str, ...]
    accept_conflicts: bool
    force: bool
    output_format: str = "text"
    quiet: bool = False
    take_ownership: bool = False
    refresh_only: bool = False
    purge: bool = False

    @property
    def plan_options(self) -> PlanOptions:
        """What the plan is asked to do and allowed."""
        from configsync.core.plan import PlanOptions

        return PlanOptions(
            select=self.select,
            accept_conflicts=self.accept_conflicts,
            take_ownership=self.take_ownership,
            force=self.force,
            refresh_only=self.refresh_only,
            purge=self.purge,
        )


def planning(command: Callable[..., int]) -> Callable[..., int]:
    """The options of `Planning`, handed to the command as its first argument."""
    return _planning(command, ("text", "json"), take_ownership, refresh_only, purge)


def planning_in_ci(command: Callable[..., int]) -> Callable[..., int]:
    """As `planning`, where reports have every format."""
    return _planning(command, (), take_ownership, refresh_only, purge)


def reviewing(command: Callable[..., int]) -> Callable[..., int]:
    """As `planning`, with the formats that a plan is reviewed in."""
    formats = ("text", "json", "markdown", "html")
    return _planning(command, formats, take_ownership, refresh_only, purge)


def planning_back(command: Callable[..., int]) -> Callable[..., int]:
    """As `planning`, without what a way back has no use for."""
    return _planning(command, ("text", "json"))


def _planning(
    command: Callable[..., int], formats: tuple[str, ...], *more: Callable[[Any], Any]
) -> Callable[..., int]:
    @wraps(command)
    def with_planning(**given: Any) -> int:
        names = [field.name for field in fields(Planning) if field.name in given]
        asked = Planning(**{name: given.pop(name) for name in names})
        return command(asked, **given)

    printing = (output(*formats), quiet) if formats else ()
    shared: tuple[Callable[[Any], Any], ...] = (
        *(directory, database, *printing, strict, no_cache),
        *(select, accept_conflicts, force, *more),
    )
    wrapped: Callable[..., int] = with_planning
    for option in reversed(shared):
        wrapped = option(wrapped)
    return wrapped


def find(directory: Path, target_name: str | None) -> tuple[Project, Target]:
    """The project and target that a command means. Raises UsageError."""
    from configsync.source.project import find_project

    project = find_project(directory)
    return project, project.target(target_name, os.environ)


def connect(project: Project, target: Target, url: str | None) -> Database:
    """The database that a command means. Raises UsageError or DatabaseError."""
    from configsync.store.database import open_database
    from configsync.store.url import parse_url

    text = project.database(url, target, os.environ)
    return open_database(parse_url(text, project.root))


def existing(project: Project, target: Target, url: str | None) -> Database | None:
    """The database that a command means, which creates none; None if SQLite has no file of it.

    Raises UsageError or DatabaseError.
    """
    from configsync.store.database import open_database
    from configsync.store.url import parse_url

    found = parse_url(project.database(url, target, os.environ), project.root)
    if found.dialect == "sqlite" and not os.path.exists(found.connect):
        return None
    return open_database(found, create=False)


def recorded(project: Project, target: Target, url: str | None) -> Database:
    """The database that a command asks about. Raises UsageError or DatabaseError.

    Also if SQLite has no file of it: in a wrong folder, one made for the
    question would answer that nothing is wrong.
    """
    database = existing(project, target, url)
    if database is None:
        from configsync.core.errors import UsageError
        from configsync.store.url import parse_url

        missing = parse_url(project.database(url, target, os.environ), project.root)
        raise UsageError(
            f"There is no database {missing} yet. Name another one with --database or --target, "
            "or create it: configsync apply"
        )
    return database
