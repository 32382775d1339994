"""Diagnostics as workflow commands, which GitHub turns into annotations of the files.

One command a line: ``::error file=…,line=…,col=…,title=…::message``. The runner
splits at the first ``::``, at commas and at line ends, so these are escaped as
it unescapes them; text from files ends no command and begins none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from configsync.core.diagnostic import Diagnostic, Location, Severity
from configsync.render.escape import one_line

MAX_COMMANDS = 10
"""GitHub drops what a step has beyond ten errors, ten warnings and ten notices."""

MAX_TITLE = 255
"""Characters of a title that GitHub takes."""

MAX_MESSAGE = 4000
"""Characters of a message: one finding must not fill the page."""

_TYPES = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(diagnostics: Sequence[Diagnostic], folder: str = "") -> str:
    """One line a diagnostic in the given order, at most `MAX_COMMANDS` of each type.

    One more notice counts those left out, and takes a notice's place. ``folder``
    is the project's folder within the repository, since GitHub finds files from there.
    """
    counts = Counter(d.severity for d in diagnostics)
    room = dict.fromkeys(Severity, MAX_COMMANDS)
    if any(count > MAX_COMMANDS for count in counts.values()):
        room[Severity.INFO] -= 1
    lines = [_command(d, folder) for d in _first(diagnostics, room)]
    rest = {s: counts[s] - room[s] for s in Severity if counts[s] > room[s]}
    if rest:
        lines.append(_rest(rest))
    return "".join(f"{line}\n" for line in lines)


def _first(diagnostics: Sequence[Diagnostic], room: dict[Severity, int]) -> Iterator[Diagnostic]:
    taken: Counter[Severity] = Counter()
    for diagnostic in diagnostics:
        taken[diagnostic.severity] += 1
        if taken[diagnostic.severity] <= room[diagnostic.severity]:
            yield diagnostic


def _rest(rest: dict[Severity, int]) -> str:
    """A notice that says how many there are besides."""
    shown = ", ".join(f"{n} {_TYPES[s]}{'' if n == 1 else 's'}" for s, n in rest.items())
    text = f"Not shown here: {shown}. GitHub takes {MAX_COMMANDS} of a type; configsync validate "
    return f"::notice title=configsync::{_data(text + 'lists all.')}"


def _command(diagnostic: Diagnostic, folder: str) -> str:
    properties: dict[str, str] = {}
    if (where := diagnostic.location) is not None:
        properties = {
            "file": one_line(_file(where, folder)),
            "line": str(where.line),
            "col": str(where.column),
        }
    properties["title"] = _shown(f"{diagnostic.code} {diagnostic.summary}", MAX_TITLE)
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_TYPES[diagnostic.severity]} {listed}::{_data(_message(diagnostic, folder))}"


def _message(diagnostic: Diagnostic, folder: str) -> str:
    """What the title doesn't say; never empty, or GitHub would drop the annotation."""
    lines = [diagnostic.detail] if diagnostic.detail else []
    for related in diagnostic.related:
        where = related.location
        place = f"{_file(where, folder)}:{where.line}:{where.column}"
        lines.append(f"note: {related.message} ({place})")
    if diagnostic.help:
        lines.append(f"help: {diagnostic.help}")
    text = "\n".join(_shown(line, MAX_MESSAGE) for line in lines or [diagnostic.summary])
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"


def _file(where: Location, folder: str) -> str:
    return f"{folder}/{where.file}" if folder else where.file


def _shown(text: str, limit: int) -> str:
    """Text as people see it. ``##[`` would begin a command of the runner's older syntax."""
    text = one_line(text).replace("##[", "## [")
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
