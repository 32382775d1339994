"""Workflow commands, read back as GitHub's runner reads them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from dataclasses import replace as with_

import pytest

from configsync.core.diagnostic import Diagnostic, Location, Related, Severity
from configsync.render.github import MAX_COMMANDS, MAX_MESSAGE, MAX_TITLE, render

MISSPELT = Diagnostic(
    "CS161",
    Severity.ERROR,
    "unknown key llm_temprature",
    "spec.ai_infra has the keys: llm_endpoint, llm_temperature.",
    Location("profiles/production.yaml", 12, 5),
    "spec.ai_infra.llm_temprature",
    "Did you mean llm_temperature?",
)
TWICE = Diagnostic(
    "CS105",
    Severity.ERROR,
    "the key kind stands twice",
    location=Location("profiles/a.yaml", 9, 1),
    path="kind",
    related=(Related("it stands here first", Location("profiles/a.yaml", 2, 1)),),
)


@dataclass(frozen=True)
class Command:
    """What the runner takes a line for."""

    name: str
    properties: dict[str, str]
    message: str


def parse(line: str) -> Command | None:
    """As ``ActionCommand.TryParseV2`` of actions/runner does; None for any other text."""
    line = line.lstrip()
    end = line.find("::", 2)
    if not line.startswith("::") or end < 0:
        return None
    name, _, listed = line[2:end].partition(" ")
    pairs = (pair.split("=", 1) for pair in listed.strip().split(",") if "=" in pair)
    escapes = (("%0D", "\r"), ("%0A", "\n"))
    in_properties = (*escapes, ("%3A", ":"), ("%2C", ","), ("%25", "%"))
    properties = {key: unescape(value, in_properties) for key, value in pairs}
    return Command(name, properties, unescape(line[end + 2 :], (*escapes, ("%25", "%"))))


def unescape(text: str, escapes: tuple[tuple[str, str], ...]) -> str:
    for written, meant in escapes:
        text = text.replace(written, meant)
    return text


def commands(output: str) -> list[Command]:
    """The commands of an output, in which every line must be one."""
    lines = re.split("\r\n|\r|\n", output)
    assert lines.pop() == ""
    found = [parse(line) for line in lines]
    assert all(c is not None and c.name in ("error", "warning", "notice") for c in found)
    return [c for c in found if c is not None]


def many(**severities: int) -> list[Diagnostic]:
    return [
        Diagnostic(f"CS9{n:02}", Severity(name), f"number {n}")
        for name, count in severities.items()
        for n in range(count)
    ]


def test_no_diagnostics_are_no_lines() -> None:
    assert render([]) == ""


def test_one_diagnostic() -> None:
    assert render([MISSPELT]) == (
        "::error file=profiles/production.yaml,line=12,col=5,"
        "title=CS161 unknown key llm_temprature::"
        "spec.ai_infra has the keys: llm_endpoint, llm_temperature.%0A"
        "help: Did you mean llm_temperature?\n"
    )


def test_related_places_are_named() -> None:
    (command,) = commands(render([TWICE]))
    assert command.message == "note: it stands here first (profiles/a.yaml:2:1)"


def test_every_place_begins_with_the_folder_of_the_project() -> None:
    (command,) = commands(render([TWICE], "services/config"))
    assert command.properties["file"] == "services/config/profiles/a.yaml"
    assert "(services/config/profiles/a.yaml:2:1)" in command.message


def test_a_diagnostic_without_a_place_or_detail_still_has_a_message() -> None:
    (command,) = commands(render([Diagnostic("CS150", Severity.ERROR, "no YAML files")]))
    assert command == Command("error", {"title": "CS150 no YAML files"}, "no YAML files")


@pytest.mark.parametrize(
    ("severity", "name"),
    [(Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFO, "notice")],
)
def test_each_severity_has_its_command(severity: Severity, name: str) -> None:
    (command,) = commands(render([with_(MISSPELT, severity=severity)]))
    assert command.name == name


@pytest.mark.parametrize("file", ["a,b.yaml", "a:b.yaml", "100%.yaml", "a%2Cb.yaml", "a=b.yaml"])
def test_a_file_name_arrives_as_it_is(file: str) -> None:
    (command,) = commands(render([with_(MISSPELT, location=Location(file, 1, 1))]))
    assert command.properties["file"] == file


def test_ten_of_each_type_are_shown_without_a_count() -> None:
    found = commands(render(many(error=10, warning=10, info=10)))
    assert Counter(c.name for c in found) == {"error": 10, "warning": 10, "notice": 10}


def test_the_rest_is_counted_in_one_more_notice() -> None:
    found = commands(render(many(error=25, warning=11, info=3)))
    assert Counter(c.name for c in found) == {"error": 10, "warning": 10, "notice": 4}
    assert [c.properties["title"] for c in found[:2]] == ["CS900 number 0", "CS901 number 1"]
    assert found[-1].message == (
        "Not shown here: 15 errors, 1 warning. GitHub takes 10 of a type; "
        "configsync validate lists all."
    )


def test_the_count_takes_the_place_of_a_notice() -> None:
    found = commands(render(many(info=11)))
    assert len(found) == MAX_COMMANDS
    assert "2 notices" in found[-1].message


def test_what_is_too_long_is_cut_before_it_is_escaped() -> None:
    long = "%,:" * 50_000
    (command,) = commands(render([with_(MISSPELT, summary=long, detail=long, help=long)]))
    title = f"CS161 {long}"[: MAX_TITLE - 1] + "…"
    assert command.properties["title"] == title
    assert command.message == long[: MAX_MESSAGE - 1] + "…"
