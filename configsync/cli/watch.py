"""``configsync watch``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from configsync.cli import options, output

if TYPE_CHECKING:
    from configsync.source.project import Project, Target
    from configsync.usecases.reactions import Reaction

SECTION = "Watch"

SIGNALS = ("HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "WINCH")


@click.command(
    # What follows COMMAND is its own, options too.
    context_settings={"allow_interspersed_args": False},
    epilog="Example: configsync watch --select 'profile/production' -- ./reload --gently",
)
@click.argument("words", metavar="[-- COMMAND [ARG]...]", nargs=-1, type=click.UNPROCESSED)
@options.directory
@options.database
@click.option(
    "--select",
    metavar="GLOB",
    multiple=True,
    help="Only changes of addresses that a glob selects; may be repeated.",
)
@click.option("--pid", metavar="PID", type=click.IntRange(min=1), help="Send a signal to PID.")
@click.option(
    "--pid-file", metavar="FILE", help="Send a signal to the process whose id FILE has then."
)
@click.option(
    "--signal",
    "signal_name",
    type=click.Choice(SIGNALS),
    help="Which signal; HUP by default.",
)
@click.option("--initial", is_flag=True, help="Do it once at the start too.")
@click.option("--once", is_flag=True, help="End after the first change, as COMMAND did.")
@click.option(
    "--poll",
    metavar="SECONDS",
    type=click.FloatRange(min=0.05, max=86_400),
    help="Between looks at the revision; by default 2, of SQLite 0.2.",
)
@click.option(
    "--name",
    metavar="NAME",
    default="configsync watch",
    show_default=True,
    help="Who connects, as the database is told.",
)
@click.option("--report", is_flag=True, help="Report the revision, as configsync status lists it.")
@options.quiet
def command(
    words: tuple[str, ...],
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    select: tuple[str, ...],
    pid: int | None,
    pid_file: str | None,
    signal_name: str | None,
    initial: bool,
    once: bool,
    poll: float | None,
    name: str,
    report: bool,
    quiet: bool,
) -> int:
    """Run a command, or send a signal, after each change of a database.

    For applications in any language. COMMAND is run without a shell, one run at
    a time; changes meanwhile are joined into the next one. It finds in its
    environment CONFIGSYNC_REVISION, CONFIGSYNC_PREVIOUS_REVISION and, a line
    each, CONFIGSYNC_ADDRESSES: * if they aren't known or too many. A failure is
    told, and watching goes on, as it does while the database is away.

    TERM, INT and HUP end it, after the command that runs, which gets them too.
    """
    import gc

    from configsync.runtime import ConfigClient
    from configsync.usecases.watch import Watch

    gc.enable()  # Off for commands that end soon.
    project, target = options.find(directory, target_name)
    for pattern in select:
        if pattern.startswith("label="):
            raise click.UsageError("Labels are known in git only; --select takes addresses here.")
    url = _url(project, target, database_url)
    reaction = _reaction(words, directory, signal_name, pid, pid_file)
    watch = Watch(reaction, select, (lambda line: None) if quiet else output.note, output.note)
    return watch.run(
        lambda: ConfigClient.connect(url, lazy=True, poll=poll, name=name, report=report),
        initial=initial,
        once=once,
    )


def _reaction(
    words: tuple[str, ...],
    directory: Path,
    signal_name: str | None,
    pid: int | None,
    pid_file: str | None,
) -> Reaction:
    import signal

    from configsync.usecases.reactions import RunCommand, SendSignal

    if sum((bool(words), pid is not None, pid_file is not None)) != 1:
        raise click.UsageError("Name one: a COMMAND, --pid or --pid-file.")
    if words:
        if signal_name is not None:
            raise click.UsageError("--signal goes with --pid or --pid-file.")
        return RunCommand(words, directory)
    process = pid if pid is not None else directory / str(pid_file)
    return SendSignal(signal.Signals[f"SIG{signal_name or 'HUP'}"], process)


def _url(project: Project, target: Target, given: str | None) -> str:
    """The database's URL, for a client that knows nothing of the project's folder."""
    import os
    from urllib.parse import quote

    from configsync.store.url import parse_url

    text = project.database(given, target, os.environ)
    url = parse_url(text, project.root)
    return f"sqlite:///{quote(url.connect)}" if url.dialect == "sqlite" else text
