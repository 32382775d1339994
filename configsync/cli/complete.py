"""What a shell may complete an argument to: words of the project, whose files may hold anything.

Nothing here raises or prints, as somebody is typing. What is offered becomes part
of a command line unquoted, so only words are that no shell takes for anything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

if TYPE_CHECKING:
    from configsync.source.project import Project, Target

Completer: TypeAlias = Callable[[click.Context, click.Parameter, str], list[str]]

MOST_FILES = 1000
"""More than these take longer to compile than a key is waited for."""

_PLAIN = re.compile(r"\w[\w./%@+-]*")


def _quietly(find: Callable[[click.Context], Iterable[str]]) -> Completer:
    """What ``find`` finds and begins as what was typed; nothing where it fails."""

    @wraps(find)
    def complete(context: click.Context, _: click.Parameter, typed: str) -> list[str]:
        import os
        from contextlib import redirect_stderr

        try:
            with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
                words = sorted(set(find(context)))
        except Exception:
            # A broken project is told of by the command itself.
            return []
        return [w for w in words if w.startswith(typed) and _PLAIN.fullmatch(w)]

    return complete


@_quietly
def targets(context: click.Context) -> Iterable[str]:
    """The targets in the settings."""
    return _project(context).targets


@_quietly
def addresses(context: click.Context) -> Iterable[str]:
    """The addresses of what the source defines."""
    return _addresses(context)


@_quietly
def documents(context: click.Context) -> Iterable[str]:
    """The addresses of whole documents that the source defines."""
    return ("/".join(a.split("/")[:2]) for a in _addresses(context))


@_quietly
def codes(_: click.Context) -> Iterable[str]:
    """The codes of what is checked."""
    from configsync.checks.rules import all_rules
    from configsync.core.codes import ALL

    return [*all_rules(), *(code.code for code in ALL)]


@_quietly
def kinds(_: click.Context) -> Iterable[str]:
    """The kinds of documents."""
    from configsync.kinds import all_kinds

    return all_kinds()


@_quietly
def formats(_: click.Context) -> Iterable[str]:
    """The formats that can be imported."""
    from configsync.importers import all_importers

    return all_importers()


@_quietly
def topics(_: click.Context) -> Iterable[str]:
    """The topics of guides."""
    from configsync.usecases.guides import all_guides

    return all_guides()


def _addresses(context: click.Context) -> Iterable[str]:
    from configsync.compiler.source import compile_source
    from configsync.source.files import scan

    project = _project(context)
    names, _ = scan(project.root, project.paths, ())
    if len(names) > MOST_FILES:
        return ()
    compiled = compile_source(project, _target(context, project))
    return (resource.address for resource in compiled.resources)


def _project(context: click.Context) -> Project:
    """The project of the ``-C`` that was typed, before the command or after it."""
    from configsync.source.project import find_project

    at: click.Context | None = context
    while at is not None:
        if at.get_parameter_source("directory") is click.core.ParameterSource.COMMANDLINE:
            return find_project(Path(at.params["directory"]))
        at = at.parent
    return find_project(Path())


def _target(context: click.Context, project: Project) -> Target:
    """The target that was typed, else any: it makes no difference to most addresses."""
    import os

    from configsync.source.project import Target

    name = context.params.get("target_name") or os.environ.get("CONFIGSYNC_TARGET")
    if name is None and len(project.targets) > 1:
        return Target()
    return project.target(name, {})
