"""What a run in CI leaves behind: reports in a folder, a page, values for later steps."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from configsync.core.errors import ConfigsyncError, UsageError
from configsync.edit.emit import write_files
from configsync.render.html import report as html
from configsync.render.markdown import report as markdown
from configsync.render.report.model import Report
from configsync.source.ci import CiRun

MARKDOWN = "report.md"
"""For a comment or a page: at most what GitHub takes for one."""

HTML = "report.html"
"""All of it."""

ALL = (MARKDOWN, HTML, "plan.json", "drift.json", "diagnostics.sarif", "diagnostics.xml")
"""Each is of the last run, or isn't there."""


def clear_folder(folder: Path) -> None:
    """Make the folder of reports, without those of an earlier run.

    Whatever ends this run, none of them is taken for its own. Raises UsageError
    where nothing can be written into the folder.
    """
    if folder.is_symlink():
        # A change can bring one, which would have files elsewhere deleted and written over.
        raise UsageError(f"{folder} is a symbolic link; reports need a folder of their own.")
    probe = folder / f".{secrets.token_hex(8)}.new"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
        for name in ALL:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} can't be written: {error.strerror}.") from error


@dataclass(frozen=True, slots=True)
class Problem:
    """What couldn't be left, in sentences; ``fatal`` if whoever comes after would be misled."""

    text: str
    fatal: bool = True


def leave(
    folder: Path,
    report: Report,
    files: Mapping[str, str],
    run: CiRun,
    values: Mapping[str, str],
    code: int,
) -> list[Problem]:
    """Write a report and other ``files`` into a cleared folder, and tell the CI system of it.

    ``values`` and the exit ``code`` are for later steps, in ``GITHUB_OUTPUT``; the
    report is added to the page of ``GITHUB_STEP_SUMMARY``. Each is tried, whatever
    comes of the others. Returns what couldn't be done.
    """
    text = markdown.render(report, elsewhere=run.url)
    told = dict(values)
    problems = []
    where = f"The report is in {folder}."
    try:
        write_files(folder, {**files, MARKDOWN: text, HTML: html.render(report)}, force=True)
        told["report"] = str(folder / MARKDOWN)
    except ConfigsyncError as error:
        where = "No report is left."
        problems.append(Problem(f"{str(error).removesuffix(' Nothing was.')} {where}"))
    if failure := _append(run.summary, f"{text}\n"):
        said = f"{run.summary}, which GITHUB_STEP_SUMMARY names, can't be written: {failure}."
        problems.append(Problem(f"{said} {where}", fatal=False))
    told["exit_code"] = str(code or int(any(problem.fatal for problem in problems)))
    if failure := _append(run.output, "".join(_line(*pair) for pair in told.items())):
        # Without it, "nothing to apply" and "no drift" would be what they take it for.
        said = f"{run.output}, which GITHUB_OUTPUT names, can't be written: {failure}."
        problems.append(Problem(f"{said} Later steps don't know what was found. {where}"))
    return problems


def _append(file: Path | None, text: str) -> str | None:
    """Add text to a file, if there is to be one; why it couldn't be."""
    if file is not None:
        try:
            with file.open("a", encoding="utf-8") as out:
                out.write(text)
        except OSError as error:
            return error.strerror or str(error)
    return None


def _line(name: str, value: str) -> str:
    """A value in GitHub's form for any text, whose end no value can guess."""
    end = secrets.token_hex(16)
    return f"{name}<<{end}\n{value}\n{end}\n"
