"""Text from a pull request can't change the structure of any output (rule 6.20).

Each payload stands in each field of a diagnostic, and in all at once; each
output is parsed back and must be built as the one of a harmless text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace as with_
from typing import Any
from urllib.parse import unquote

import pytest

from configsync.core.diagnostic import Diagnostic, Location, Related, Severity
from configsync.render import codequality, github, junit, sarif
from configsync.render.escape import one_line, visible
from tests.payloads import HARMLESS, PAYLOADS
from tests.shapes import skeleton
from tests.unit import (
    test_render_codequality,
    test_render_github,
    test_render_junit,
    test_render_sarif,
)

FIELDS = ("summary", "detail", "help", "path", "file", "related", "related file")


def diagnostic(texts: dict[str, str], severity: Severity = Severity.ERROR) -> Diagnostic:
    """A diagnostic with these texts, harmless ones in the fields that they don't name."""
    of = dict.fromkeys(FIELDS, HARMLESS) | texts
    return Diagnostic(
        "CS161",
        severity,
        of["summary"],
        of["detail"],
        Location(of["file"], 2, 3),
        of["path"],
        of["help"],
        (Related(of["related"], Location(of["related file"], 4, 5)),),
    )


def hostile(payload: str) -> Iterator[Diagnostic]:
    """The payload in each field, and in all of them."""
    yield from (diagnostic({field: payload}) for field in FIELDS)
    yield diagnostic(dict.fromkeys(FIELDS, payload))


def is_safe(text: str) -> bool:
    """Tell whether text shows all that it holds: tabs and newlines would be structure."""
    return visible(text) == text and "\t" not in text


table = pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)


def test_there_are_enough_payloads() -> None:
    assert len(PAYLOADS) >= 140


@table
def test_github(payload: str) -> None:
    for found in hostile(payload):
        output = github.render([found, diagnostic({})])
        command, after = test_render_github.commands(output)
        assert after == test_render_github.commands(github.render([diagnostic({})]))[0]
        assert command.name == "error"
        assert list(command.properties) == ["file", "line", "col", "title"]
        assert command.properties["line"] == "2"
        assert command.properties["file"] == one_line(_location(found).file)
        assert command.properties["title"].startswith("CS161")
        lines = command.message.split("\n")
        assert len(lines) <= 3
        assert all(is_safe(line) for line in [*lines, *command.properties.values()])
        assert "##[" not in command.message + command.properties["title"]


@table
def test_sarif(payload: str) -> None:
    harmless = skeleton(run_of(diagnostic({})))
    for found in hostile(payload):
        run = run_of(found)
        assert skeleton(run) == harmless
        (result,) = run["results"]
        files = [_location(found).file, found.related[0].location.file]
        uris = [artifact["uri"] for artifact in test_render_sarif.artifacts(result)]
        assert [unquote(uri) for uri in uris] == files
        for message in test_render_sarif.messages(result):
            lines = message.split("\n")
            assert len(lines) <= 3
            assert all(is_safe(line) for line in lines)
        (logical,) = result["locations"][0]["logicalLocations"]
        assert logical["fullyQualifiedName"] == one_line(found.path)


@table
@pytest.mark.parametrize("severity", Severity)
def test_junit(payload: str, severity: Severity) -> None:
    (harmless,) = test_render_junit.parsed(junit.render([], [diagnostic({}, severity)]))
    for found in hostile(payload):
        found = with_(found, severity=severity)
        (suite,) = test_render_junit.parsed(junit.render([_location(found).file], [found]))
        assert skeleton(suite) == skeleton(harmless)
        assert suite.get("name") == _shown(_location(found).file)
        body = suite.findtext("testcase/failure") or suite.findtext("system-out") or ""
        assert [line for line in body.split("\n") if is_safe(line)] == [
            f"{severity.value}[CS161]: {_shown(found.summary)}",
            f"{_shown(_location(found).file)}:2:3",
            _shown(found.detail),
            f"note: {_shown(found.related[0].message)} "
            f"({_shown(found.related[0].location.file)}:4:5)",
            f"help: {_shown(found.help)}",
        ]
        failure = suite.find("testcase/failure")
        if failure is not None:
            assert failure.get("message") == _shown(found.summary)


@table
def test_codequality(payload: str) -> None:
    for found in hostile(payload):
        (finding,) = test_render_codequality.parsed(codequality.render([found]))
        assert finding["location"]["path"] == one_line(_location(found).file)
        assert finding["description"].startswith(_told(found)[:900])
        assert is_safe(finding["description"])


def _told(found: Diagnostic) -> str:
    where = found.related[0].location
    note = f"Note: {found.related[0].message} ({where.file}:{where.line}:{where.column})."
    return one_line(f"{found.summary}. {found.detail} {note} Help: {found.help}")


def run_of(found: Diagnostic) -> Any:
    return test_render_sarif.parsed(sarif.render([found], [], "1.0"))


def _location(found: Diagnostic) -> Location:
    assert found.location is not None
    return found.location


def _shown(text: str) -> str:
    """What XML gives back of a text: all of it, with what can't be written shown."""
    replace: Callable[[re.Match[str]], str] = lambda match: f"<U+{ord(match[0]):04X}>"  # noqa: E731
    return re.sub("[\ufffe\uffff]", replace, one_line(text))
