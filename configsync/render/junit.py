"""JUnit XML, which every CI system shows as test results.

Diagnostics: a test suite a file. Each error is a test case that failed, since
most readers show only the first failure of a case; a file without an error is
one case that passed. Warnings stand in the suite's output, for they fail
nothing. Drift: a suite a profile, a failed case a resource. Elements and
attributes are those of the ``junit-10.xsd`` of Jenkins.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from configsync.core.diagnostic import Diagnostic, Severity
from configsync.core.drift import DriftReport
from configsync.core.plan import Change
from configsync.render.escape import one_line
from configsync.render.fields import diff_lines, is_long, value_line
from configsync.render.report.drift import new_name, verb, verdict
from configsync.render.report.words import NO_RECORD, facts

PROJECT = "project"
"""The suite of what has no file."""

PASSED = "no errors"
"""The case of a file without an error."""

DATABASE = "database"
"""The suite of what fails nothing."""

REST = "all else is as it was applied"
"""The case of what has not drifted."""

# What XML 1.0 has no way to write, and `one_line` leaves: the rest of C0 it has replaced.
_FORBIDDEN = re.compile("[\ud800-\udfff\ufffe\uffff]")


def render(files: Iterable[str], diagnostics: Sequence[Diagnostic]) -> str:
    """The suites in the order of their names, with the diagnostics in the given order.

    ``files`` are those that were looked at; one that only a diagnostic names
    has its suite too.
    """
    suites: dict[str, list[Diagnostic]] = {file: [] for file in files}
    for diagnostic in diagnostics:
        file = diagnostic.location.file if diagnostic.location else PROJECT
        suites.setdefault(file, []).append(diagnostic)
    lines = [line for file, found in sorted(suites.items()) for line in _suite(file, found)]
    tests = sum(max(1, len(_errors(found))) for found in suites.values())
    return _document(lines, tests, len(_errors(diagnostics)))


def drift(report: DriftReport) -> str:
    """A suite for each profile that drifted, in order, and one for the database.

    The latter has a case that passed, so that there always is one, and in its
    output what fails nothing: what is unmanaged and pending.
    """
    lines: list[str] = []
    for at, changes in report.by_root().items():
        lines.append(_suite_head(at, len(changes), len(changes)))
        for change in changes:
            said = f"{verb(change)} in the database"
            body = "\n".join(map(_xml, _drifted(change)))
            lines += _failed(at, change.address, "drift", said, body)
        lines.append("  </testsuite>")
    lines += [_suite_head(DATABASE, 1, 0), f"{_case(DATABASE, REST)}/>"]
    besides = [verdict(report)]
    besides += [f"not managed by any source: {at}" for at in report.unmanaged]
    besides += [f"git would {c.action}: {c.address}" for c in report.pending]
    told = "\n".join(map(_xml, besides))
    lines += [f"    <system-out>{told}</system-out>", "  </testsuite>"]
    return _document(lines, len(report.drift) + 1, len(report.drift))


def _drifted(change: Change) -> Iterator[str]:
    """What somebody did to a resource, a line each."""
    now = new_name(change)
    yield f"{change.address} {verb(change)}" + ("" if now is None else f" to {now}")
    if change.by is None:
        yield NO_RECORD
    else:
        yield ", ".join(f"{name} {value}" for name, value in facts(change.by))
    for name, (old, new) in change.fields.items():
        if is_long(old) or is_long(new):
            yield f"{name}:"
            yield from diff_lines(old, new)
        else:
            yield f"{name}: {value_line(old)} → {value_line(new)}"


def _document(lines: list[str], tests: int, failures: int) -> str:
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<testsuites name="configsync" tests="{tests}" failures="{failures}" errors="0">',
            *lines,
            "</testsuites>\n",
        ]
    )


def _errors(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    return [d for d in diagnostics if d.severity is Severity.ERROR]


def _suite(file: str, diagnostics: list[Diagnostic]) -> list[str]:
    errors = _errors(diagnostics)
    others = [d for d in diagnostics if d.severity is not Severity.ERROR]
    lines = [_suite_head(file, max(1, len(errors)), len(errors))]
    names: Counter[str] = Counter()
    for error in errors:
        name = one_line(f"{error.code} {error.path or error.summary}")
        names[name] += 1
        # Readers take cases of one name for one case.
        number = f" ({names[name]})" if names[name] > 1 else ""
        lines += _failed(file, name + number, error.code, error.summary, _body(error))
    if not errors:
        lines.append(f"{_case(file, PASSED)}/>")
    if others:
        said = "\n\n".join(_body(d) for d in others)
        lines.append(f"    <system-out>{said}</system-out>")
    return [*lines, "  </testsuite>"]


def _suite_head(name: str, tests: int, failures: int) -> str:
    return (
        f'  <testsuite name="{_xml(name)}" tests="{tests}" failures="{failures}" errors="0" '
        'skipped="0" time="0">'
    )


def _failed(suite: str, name: str, type_: str, message: str, body: str) -> list[str]:
    """A case that failed; ``body`` is XML."""
    return [
        f"{_case(suite, name)}>",
        f'      <failure type="{_xml(type_)}" message="{_xml(message)}">{body}</failure>',
        "    </testcase>",
    ]


def _case(file: str, name: str) -> str:
    return f'    <testcase classname="{_xml(file)}" name="{_xml(name)}" time="0"'


def _body(diagnostic: Diagnostic) -> str:
    """All of it, a line each: some readers show the text of a failure, some its message."""
    lines = [f"{diagnostic.severity.value}[{diagnostic.code}]: {diagnostic.summary}"]
    if diagnostic.location is not None:
        lines.append(str(diagnostic.location))
    if diagnostic.detail:
        lines.append(diagnostic.detail)
    lines += [f"note: {related.message} ({related.location})" for related in diagnostic.related]
    if diagnostic.help:
        lines.append(f"help: {diagnostic.help}")
    return "\n".join(_xml(line) for line in lines)


def _xml(text: str) -> str:
    """Text on one line, for content as for attributes; it holds no markup and ends no CDATA."""
    text = _FORBIDDEN.sub(lambda match: f"<U+{ord(match[0]):04X}>", one_line(text))
    return escape(text)
