"""Printing: data to stdout, the rest to stderr, colours where they are wanted."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from configsync.cli import options
from configsync.core.diagnostic import Diagnostic
from configsync.render.escape import unobeyed, visible
from configsync.render.text.style import Style

if TYPE_CHECKING:
    from configsync.checks.rule import Rule
    from configsync.core.diagnostic import Code
    from configsync.render.report.model import Report
    from configsync.usecases.validate import Validation

T = TypeVar("T")

LONG = 500
"""Steps from which on work shows its progress."""


def style() -> Style:
    """How to show text to whoever runs the command."""
    return Style(_colored(), options.zone())


def shared_style() -> Style:
    """How to show text that others read too: not in the time of the machine that it comes from."""
    return Style(_colored(), UTC)


def _colored() -> bool:
    """Colours if FORCE_COLOR is set, none if NO_COLOR is, else at a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def data(text: str) -> None:
    """Print what was asked for."""
    sys.stdout.write(text)


def text(shown: str) -> None:
    """Print what was asked for, as text for people."""
    data(unobeyed(shown))


REPORTS = ("markdown", "html")
"""Formats that `report` prints."""


def report(found: Report, output_format: str) -> None:
    """Print a report in one of `REPORTS`."""
    if output_format == "html":
        from configsync.render.html import report as html

        text(html.render(found))
    else:
        from configsync.render.markdown import report as markdown

        text(markdown.render(found))


def exact(text: str) -> None:
    """Print what is asked for to the byte; at a terminal, which would obey it, made visible."""
    data(visible(text) if sys.stdout.isatty() else text)


def note(text: str) -> None:
    """Print what happens meanwhile; the text may hold names that others gave."""
    sys.stdout.flush()
    sys.stderr.write(unobeyed(visible(text)) + "\n")


def reached(listing: Callable[[], list[T]]) -> list[T]:
    """What a Databricks workspace lists; nothing, with a warning, if it can't be reached.

    Raises WorkspaceFailure if it answers with anything else, or none is configured.
    """
    from configsync.databricks.errors import Unanswered, Unreachable, WorkspaceFailure
    from configsync.render.escape import one_line

    try:
        return listing()
    except Unreachable as error:
        note(f"Warning: the Databricks workspace can't be reached: {one_line(str(error))}.")
        return []
    except Unanswered as error:
        raise WorkspaceFailure(f"The Databricks workspace lists nothing: {error}.") from error


@contextmanager
def progress(label: str, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr, at a terminal only and from `LONG` steps on.

    Yields what is to be told how many of how many steps are done.
    """
    if quiet or not sys.stderr.isatty() or os.environ.get("CI"):
        yield lambda done, total: None
        return
    from contextlib import ExitStack

    with ExitStack() as stack:
        bar: Any = None

        def advance(done: int, total: int) -> None:
            nonlocal bar
            if total < LONG:
                return
            if bar is None:
                from rich.console import Console
                from rich.progress import Progress

                # Without its refreshing thread: processes are forked meanwhile.
                shown = Progress(console=Console(stderr=True), transient=True, auto_refresh=False)
                bar = (stack.enter_context(shown), shown.add_task(label, total=total))
            bar[0].update(bar[1], completed=done, total=total, refresh=True)

        yield advance


def diagnostics(root: Path, found: Iterable[Diagnostic]) -> str:
    """Diagnostics as text, with code frames."""
    from configsync.render.text import diagnostics as view

    found = list(found)
    return view.render(found, _sources(root, found), style())


def validation(root: Path, found: Validation, output_format: str, quiet: bool = False) -> None:
    """Print what a check of the source found."""
    match output_format:
        case "json":
            from configsync.render import json

            data(json.validation(len(found.files), found.documents, found.diagnostics))
        case "github":
            from configsync.render import github
            from configsync.source.checkout import folder_in_repository

            data(github.render(found.diagnostics, folder_in_repository(root)))
        case "codequality":
            from configsync.render import codequality
            from configsync.source.checkout import folder_in_repository

            data(codequality.render(found.diagnostics, folder_in_repository(root)))
        case "sarif":
            from configsync import __version__
            from configsync.checks.rules import all_rules
            from configsync.core import codes
            from configsync.render import sarif
            from configsync.source.checkout import folder_in_repository

            rules: list[Code | Rule] = [*codes.ALL, *all_rules().values()]
            folder = folder_in_repository(root)
            data(sarif.render(found.diagnostics, rules, __version__, folder))
        case "junit":
            from configsync.render import junit

            data(junit.render(found.files, found.diagnostics))
        case _:
            from configsync.render.text.diagnostics import summary

            shown = [d for d in found.diagnostics if not quiet or d.severity == "error"]
            text(diagnostics(root, shown))
            if not quiet:
                text(summary(len(found.files), found.documents, found.diagnostics, style()))


def _sources(root: Path, found: Iterable[Diagnostic]) -> dict[str, str]:
    """The text of each file that a diagnostic points into, for the code frames."""
    from configsync.source.files import read_text

    places = {p.file for d in found for p in (d.location, *(r.location for r in d.related)) if p}
    texts = ((file, read_text(root, file)) for file in places)
    # A byte order mark is no character of the first line.
    return {file: text.removeprefix("\ufeff") for file, text in texts if isinstance(text, str)}
