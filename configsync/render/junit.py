"""Diagnostics as JUnit XML, which every CI system shows as test results.

A test suite a file. Each error is a test case that failed, since most readers
show only the first failure of a case; a file without an error is one case that
passed. Warnings stand in the suite's output, for they fail nothing. Elements
and attributes are those of the ``junit-10.xsd`` of Jenkins.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from configsync.core.diagnostic import Diagnostic, Severity
from configsync.render.escape import one_line

PROJECT = "project"
"""The suite of what has no file."""

PASSED = "no errors"
"""The case of a file without an error."""

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
    failures = len(_errors(diagnostics))
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
    tests = max(1, len(errors))
    lines = [
        f'  <testsuite name="{_xml(file)}" tests="{tests}" failures="{len(errors)}" errors="0" '
        'skipped="0" time="0">'
    ]
    names: Counter[str] = Counter()
    for error in errors:
        name = one_line(f"{error.code} {error.path or error.summary}")
        names[name] += 1
        # Readers take cases of one name for one case.
        number = f" ({names[name]})" if names[name] > 1 else ""
        lines += [
            f"{_case(file, name + number)}>",
            f'      <failure type="{_xml(error.code)}" message="{_xml(error.summary)}">'
            f"{_body(error)}</failure>",
            "    </testcase>",
        ]
    if not errors:
        lines.append(f"{_case(file, PASSED)}/>")
    if others:
        said = "\n\n".join(_body(d) for d in others)
        lines.append(f"    <system-out>{said}</system-out>")
    return [*lines, "  </testsuite>"]


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
