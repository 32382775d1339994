"""The ``configsync`` command itself: finds the commands, ends with the right exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import StringIO, TextIOWrapper
from pkgutil import iter_modules
from typing import Any

import click

import configsync.cli as package
from configsync import __version__
from configsync.core.errors import ConfigsyncError
from configsync.core.secrets import masked

SECTIONS = ("Write", "Review", "Change", "Watch", "Operate")


class Commands(click.Group):
    """The commands, found by their files; one is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        modules = (m.name for m in iter_modules(package.__path__) if _names(m.name))
        return sorted(name.rstrip("_").replace("_", "-") for name in modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        return _module(cmd_name).command  # type: ignore[no-any-return]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.list_commands(ctx), 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise click.UsageError(f"There is no command {args[0]}.{hint}", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section in SECTIONS:
            rows = [
                (name, _module(name).command.get_short_help_str(90))
                for name in self.list_commands(ctx)
                if section == _module(name).SECTION
            ]
            if rows:
                with formatter.section(section):
                    formatter.write_dl(rows)


def _names(module: str) -> bool:
    return module not in ("complete", "main", "options", "output")


def _module(name: str) -> Any:
    """The module of a command; a name that Python reserves has a trailing underscore."""
    reserved = name in ("import",)
    return import_module(f"configsync.cli.{name.replace('-', '_')}{'_' if reserved else ''}")


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"configsync {__version__}")
        ctx.exit()


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nEach command explains itself: configsync plan --help\n"
    "Guides, from a first project to a bad night: configsync docs",
)
@click.option("-C", "directory", metavar="DIR", help="Run as if started in DIR.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and exit.",
)
@click.pass_context
def cli(ctx: click.Context, directory: str | None) -> None:
    """Application configuration from git to a database: checked, planned, applied, on record."""
    if directory is not None:
        # The default of each command's own -C, of commands within a group too.
        here = {"directory": directory}
        ctx.default_map = {
            name: here
            | dict.fromkeys(("upgrade", "status", "roles", "plan", "apply", "drift"), here)
            for name in cli.list_commands(ctx)
        }


def run(arguments: Sequence[str]) -> int:
    """Run the command line; returns the exit code, with all output flushed before."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    code = _run(list(arguments))
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        # Whoever read our output has gone: nothing is left to tell them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        # Closed, or on a full disk: what was asked for was not told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return code or 1
    return code


def _fail(message: str) -> None:
    """Print an error, which may quote what strangers wrote."""
    from configsync.render.escape import unobeyed, visible

    # What was printed before stands before it, where both go to one place.
    sys.stdout.flush()
    click.echo(unobeyed(f"Error: {visible(masked(message))}"), err=True)


def _run(arguments: list[str]) -> int:
    try:
        code = cli.main(arguments, prog_name="configsync", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        # click quotes words that it doesn't expect, which may be a database's URL.
        shown = StringIO()
        error.show(shown)
        click.echo(masked(shown.getvalue()), err=True, nl=False)
        # Of wrong use it would exit with 2, which here means "there are changes".
        return 1
    except ConfigsyncError as error:
        _fail(str(error))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return 130
    except BrokenPipeError:
        return 1
    except Exception as error:
        if os.environ.get("CONFIGSYNC_DEBUG"):
            raise
        click.echo(
            f"Error: configsync failed in a way that it should not: {type(error).__name__}: "
            f"{masked(str(error))}. Set CONFIGSYNC_DEBUG=1 to see where, and report it.",
            err=True,
        )
        return 1
