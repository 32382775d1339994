"""What a run in CI leaves behind: reports in a folder, a page, values for later steps."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from configsync.core.errors import UsageError
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
    probe = folder / f".{secrets.token_hex(8)}.new"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
        for name in ALL:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} can't be written: {error.strerror}.") from error


def leave(
    folder: Path,
    report: Report,
    files: Mapping[str, str],
    run: CiRun,
    values: Mapping[str, str],
) -> list[str]:
    """Write a report and other ``files`` into a cleared folder, and tell the CI system of it.

    ``values`` are for later steps, in ``GITHUB_OUTPUT``; the report is added to
    the page of ``GITHUB_STEP_SUMMARY``. Returns what of that couldn't be done, a
    sentence each. Raises ConfigsyncError if the folder can't be written.
    """
    text = markdown.render(report, elsewhere=run.url)
    files = {**files, MARKDOWN: text, HTML: html.render(report)}
    write_files(folder, files, force=True)
    told = {**values, "report": str(folder / MARKDOWN)}
    problems = []
    for name, file, added in (
        ("GITHUB_STEP_SUMMARY", run.summary, f"{text}\n"),
        ("GITHUB_OUTPUT", run.output, "".join(_line(*pair) for pair in told.items())),
    ):
        if file is not None:
            try:
                with file.open("a", encoding="utf-8") as out:
                    out.write(added)
            except OSError as error:
                problems.append(
                    f"{file}, which {name} names, can't be written: {error.strerror}. "
                    f"The report is in {folder}."
                )
    return problems


def _line(name: str, value: str) -> str:
    """A value in GitHub's form for any text, whose end no value can guess."""
    end = secrets.token_hex(16)
    return f"{name}<<{end}\n{value}\n{end}\n"
