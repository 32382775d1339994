"""JUnit XML, read back by a parser and held to the structure that Jenkins publishes."""

from __future__ import annotations

import re
from dataclasses import replace as with_
from xml.etree import ElementTree

import pytest

from configsync.core.diagnostic import Diagnostic, Location, Severity
from configsync.render.junit import render
from tests.unit.test_render_github import MISSPELT, TWICE

# ``junit-10.xsd`` of Jenkins' xunit plug-in, as far as it says something about what we write:
# an element's children, the attributes that it must have, and those that it may have.
STRUCTURE: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": ({"testsuite"}, set(), {"name", "time", "tests", "failures", "errors"}),
    "testsuite": (
        {"testcase", "system-out", "system-err", "properties", "testsuite"},
        {"name", "tests", "failures", "errors"},
        {"time", "skipped", "timestamp", "hostname", "id", "package", "file", "url", "version"},
    ),
    "testcase": (
        {"failure", "errors", "skipped", "system-out", "system-err"},
        {"name"},
        {"time", "classname", "group"},
    ),
    "failure": (set(), set(), {"type", "message"}),
    "system-out": (set(), set(), set()),
}
TIME = r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]{0,3})?"

WARNING = with_(MISSPELT, code="CS207", severity=Severity.WARNING, summary="no {max_slides}")
CLEAN = "profiles/clean.yaml"


def parsed(output: str) -> ElementTree.Element:
    """The document's root; it keeps the structure, and its numbers are those that it holds."""
    root = ElementTree.fromstring(output)
    assert root.tag == "testsuites"
    for element in root.iter():
        children, required, optional = STRUCTURE[element.tag]
        assert {child.tag for child in element} <= children
        assert required <= set(element.attrib) <= required | optional
        if element.tag != "testcase" and "time" in element.attrib:
            assert re.fullmatch(TIME, element.attrib["time"])
    for element in [root, *root.iter("testsuite")]:
        cases = list(element.iter("testcase"))
        assert element.get("tests") == str(len(cases))
        assert element.get("failures") == str(len(list(element.iter("failure"))))
        assert element.get("errors") == "0"
        assert all(len(case.findall("failure")) <= 1 for case in cases)
        names = [(case.get("classname"), case.get("name")) for case in cases]
        assert len(set(names)) == len(names)
    return root


def suite(output: str, name: str) -> ElementTree.Element:
    (found,) = (s for s in parsed(output).iter("testsuite") if s.get("name") == name)
    return found


def test_a_failure_and_a_clean_file() -> None:
    assert render([CLEAN], [MISSPELT]) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<testsuites name="configsync" tests="2" failures="1" errors="0">\n'
        '  <testsuite name="profiles/clean.yaml" tests="1" failures="0" errors="0" '
        'skipped="0" time="0">\n'
        '    <testcase classname="profiles/clean.yaml" name="no errors" time="0"/>\n'
        "  </testsuite>\n"
        '  <testsuite name="profiles/production.yaml" tests="1" failures="1" errors="0" '
        'skipped="0" time="0">\n'
        '    <testcase classname="profiles/production.yaml" '
        'name="CS161 spec.ai_infra.llm_temprature" time="0">\n'
        '      <failure type="CS161" message="unknown key llm_temprature">'
        "error[CS161]: unknown key llm_temprature\n"
        "profiles/production.yaml:12:5\n"
        "spec.ai_infra has the keys: llm_endpoint, llm_temperature.\n"
        "help: Did you mean llm_temperature?</failure>\n"
        "    </testcase>\n"
        "  </testsuite>\n"
        "</testsuites>\n"
    )


def test_nothing_to_say_is_a_document_too() -> None:
    assert len(parsed(render([], []))) == 0


def test_every_error_is_a_case_of_its_own() -> None:
    twin = with_(MISSPELT, location=Location(MISSPELT.location.file, 40, 5))  # type: ignore[union-attr]
    found = suite(render([], [MISSPELT, twin, TWICE]), "profiles/production.yaml")
    assert [c.get("name") for c in found.iter("testcase")] == [
        "CS161 spec.ai_infra.llm_temprature",
        "CS161 spec.ai_infra.llm_temprature (2)",
    ]


@pytest.mark.parametrize("severity", [Severity.WARNING, Severity.INFO])
def test_what_is_no_error_fails_nothing_and_is_told(severity: Severity) -> None:
    found = suite(render([], [with_(WARNING, severity=severity)]), "profiles/production.yaml")
    assert found.find("testcase/failure") is None
    said = found.findtext("system-out") or ""
    assert said.startswith(f"{severity.value}[CS207]: no {{max_slides}}\nprofiles/production.yaml:")


def test_related_places_are_named() -> None:
    failure = parsed(render([], [TWICE])).findtext(".//failure") or ""
    assert "note: it stands here first (profiles/a.yaml:2:1)" in failure


def test_what_has_no_file_has_a_suite() -> None:
    found = suite(render([], [Diagnostic("CS150", Severity.ERROR, "no YAML files")]), "project")
    assert found.find("testcase/failure") is not None


def test_suites_are_in_the_order_of_their_names() -> None:
    outputs = {render(files, [TWICE, MISSPELT]) for files in (["b", "a"], ["a", "b"])}
    (output,) = outputs
    names = [s.get("name") for s in parsed(output).iter("testsuite")]
    assert names == ["a", "b", "profiles/a.yaml", "profiles/production.yaml"]


@pytest.mark.parametrize("character", [*map(chr, range(0x20)), "\ufffe", "\uffff", "\ud800"])
def test_what_xml_forbids_is_shown(character: str) -> None:
    root = parsed(render([], [with_(MISSPELT, summary=f"a{character}b")]))
    failure = next(root.iter("failure"))
    message = failure.get("message") or ""
    assert message.startswith("a")
    assert message.endswith("b")
    assert len(message) >= 3
    assert character not in message
