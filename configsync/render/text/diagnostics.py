"""Diagnostics with a frame of the code that they point at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from configsync.core.diagnostic import Diagnostic, Location, Severity
from configsync.core.secrets import SENSITIVE_VALUE, masked
from configsync.render.escape import one_line
from configsync.render.text.columns import width
from configsync.render.text.style import Style

MAX_LINE = 160
"""Characters of a source line that a frame shows."""

_SENSITIVE = re.compile(r"""\bsensitive["']?\s*:""")


def render(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str], style: Style) -> str:
    """Show each diagnostic; ``sources`` has the text of the files that they name.

    What may be a credential in a line is not shown, whatever the line is shown for;
    of a file with sensitive settings, which may not even parse, no line is.
    """
    sources = {file: text for file, text in sources.items() if not _SENSITIVE.search(text)}
    # Of the whole text: a private key is one over several lines.
    lines = {file: masked(text).split("\n") for file, text in sources.items()}
    return "".join(_one(d, lines, style) + "\n" for d in diagnostics)


def summary(files: int, documents: int, diagnostics: Iterable[Diagnostic], style: Style) -> str:
    """The last line: what was looked at and what was found."""
    severities = [d.severity for d in diagnostics]
    errors, warnings = severities.count(Severity.ERROR), severities.count(Severity.WARNING)
    verdict = style.error("Failed") if errors else style.added("Valid")
    return (
        f"{verdict}: {_count(files, 'file')}, {_count(documents, 'document')}, "
        f"{_count(errors, 'error')}, {_count(warnings, 'warning')}.\n"
    )


def _one(diagnostic: Diagnostic, sources: Mapping[str, list[str]], style: Style) -> str:
    paint = {
        Severity.ERROR: style.error,
        Severity.WARNING: style.warning,
        Severity.INFO: style.info,
    }[diagnostic.severity]
    head = paint(f"{diagnostic.severity.value}[{diagnostic.code}]")
    lines = [f"{head}: {style.strong(one_line(diagnostic.summary))}"]
    if diagnostic.location is not None:
        lines.append(_place(diagnostic.location, style))
        if diagnostic.code != SENSITIVE_VALUE:
            lines += _frame(diagnostic.location, sources, paint("^"), style)
    if diagnostic.detail:
        lines.append(f"  {one_line(diagnostic.detail)}")
    for related in diagnostic.related:
        lines.append(f"  {style.info('note')}: {one_line(related.message)}")
        lines.append(_place(related.location, style))
        lines += _frame(related.location, sources, style.info("^"), style)
    if diagnostic.help:
        lines.append(f"  {style.info('help')}: {one_line(diagnostic.help)}")
    return "\n".join(lines) + "\n"


def _place(location: Location, style: Style) -> str:
    return f"  {style.faint('-->')} {one_line(str(location))}"


def _frame(
    location: Location, sources: Mapping[str, list[str]], caret: str, style: Style
) -> list[str]:
    """The line and a caret below; nothing where the text isn't at hand."""
    lines = sources.get(location.file, [])
    if location.line > len(lines) or not any(lines):
        return []
    line = lines[location.line - 1].rstrip("\r")
    before = line[: location.column - 1]
    start = max(0, len(before) - MAX_LINE // 2)
    shown, before = line[start : start + MAX_LINE], before[start:]
    mark = caret * max(1, width(_token(line[location.column - 1 :])[: MAX_LINE // 2]))
    gutter = str(location.line)
    bar = style.faint("|")
    return [
        f" {style.faint(gutter)} {bar} {one_line(shown)}",
        f" {' ' * len(gutter)} {bar} {' ' * width(one_line(before))}{mark}",
    ]


_TOKEN = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s,\]}#:]+|.)""")


def _token(rest: str) -> str:
    match = _TOKEN.match(rest)
    return match[0] if match else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
