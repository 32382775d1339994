"""Diagnostics as SARIF 2.1.0, which code scanning and editors read.

The same diagnostics give the same bytes: no clock, no absolute path. Section
numbers below are those of the OASIS standard.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from configsync.checks.rule import Rule
from configsync.core.diagnostic import Code, Diagnostic, Location, Severity
from configsync.render.escape import one_line, visible
from configsync.render.fingerprint import fingerprints

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
VERSION = "2.1.0"

ROOT = "SRCROOT"
"""What file names are relative to."""

FINGERPRINT = "configsyncIdentity/v1"
"""A name of our own: ``primaryLocationLineHash`` is a hash that GitHub computes itself."""

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}

_PLACEHOLDER = re.compile(r"\{(\d+)\}")


def render(
    diagnostics: Sequence[Diagnostic],
    codes: Iterable[Code | Rule],
    version: str,
    folder: str = "",
) -> str:
    """A log of one run, with the diagnostics in the given order.

    ``codes`` explain the codes of the diagnostics; those that don't occur are
    left out. ``version`` is configsync's. ``folder`` is the project's folder
    within the repository, if it isn't the repository itself.
    """
    occurring = sorted({d.code for d in diagnostics})
    index = {code: i for i, code in enumerate(occurring)}
    known = {c.code: c for c in codes}
    places = _Places(folder)
    results = []
    for diagnostic, fingerprint in zip(diagnostics, fingerprints(diagnostics), strict=True):
        result = _result(diagnostic, index[diagnostic.code], places)
        result["partialFingerprints"] = {FINGERPRINT: fingerprint}
        results.append(result)
    driver = {
        "name": "configsync",
        "version": version,
        "rules": [_rule(code, known.get(code)) for code in occurring],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The repository's folder."}}},
        "results": results,
    }
    log = {"$schema": SCHEMA, "version": VERSION, "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


class _Places:
    """Writes places as SARIF does."""

    def __init__(self, folder: str) -> None:
        self.prefix = f"{folder}/" if folder else ""

    def physical(self, where: Location | None) -> dict[str, Any]:
        """A physicalLocation (3.29); what has no place stands at the project's folder.

        GitHub refuses a file with a result that has no location at all.
        """
        if where is None:
            return {"artifactLocation": self._artifact("")}
        region = {"startLine": where.line, "startColumn": where.column}
        return {"artifactLocation": self._artifact(where.file), "region": region}

    def _artifact(self, file: str) -> dict[str, Any]:
        """A colon is encoded too: before the first slash it would end a scheme."""
        return {"uri": quote(self.prefix + file) or "./", "uriBaseId": ROOT}


def _result(diagnostic: Diagnostic, rule: int, places: _Places) -> dict[str, Any]:
    location: dict[str, Any] = {"physicalLocation": places.physical(diagnostic.location)}
    if diagnostic.path:
        location["logicalLocations"] = [{"fullyQualifiedName": one_line(diagnostic.path)}]
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": _message(diagnostic)},
        "locations": [location],
    }
    if diagnostic.related:
        result["relatedLocations"] = [
            {
                "id": number,
                "message": {"text": _plain(related.message)},
                "physicalLocation": places.physical(related.location),
            }
            for number, related in enumerate(diagnostic.related, 1)
        ]
    return result


def _message(diagnostic: Diagnostic) -> str:
    """Paragraphs, the summary first, since that is what small spaces show (3.11.3)."""
    parts = [f"{diagnostic.summary}."]
    if diagnostic.detail:
        parts.append(diagnostic.detail)
    if diagnostic.help:
        parts.append(f"Help: {diagnostic.help}")
    return "\n".join(_plain(part) for part in parts)


def _plain(text: str) -> str:
    """Text in which nothing is a link (3.11.6) or a placeholder (3.11.5).

    3.11.5 would have every brace doubled. Only ``{0}`` is ever replaced, viewers
    don't undo the rest, and a ``{{question}}`` to copy would be a wrong fix.
    """
    text = one_line(text).replace("](", "] (")
    return _PLACEHOLDER.sub(r"{{\1}}", text)


def _rule(code: str, known: Code | Rule | None) -> dict[str, Any]:
    """A reportingDescriptor (3.49); a code that nobody explains has its identifier only."""
    if known is None:
        return {"id": code}
    text, markdown = known.why, known.why
    if isinstance(known, Rule):
        for name, example in (("Bad", known.bad), ("Good", known.good)):
            shown = visible(example).strip("\n")
            text += f"\n\n{name}:\n\n{shown}"
            markdown += f"\n\n{name}:\n\n{_fenced(shown)}"
    return {
        "id": code,
        "shortDescription": {"text": f"{known.summary[:1].upper()}{known.summary[1:]}."},
        "fullDescription": {"text": known.why},
        "help": {"text": text, "markdown": markdown},
        "defaultConfiguration": {"level": _LEVELS[known.severity]},
    }


def _fenced(yaml: str) -> str:
    """A code block whose fence is longer than any run of backticks in it."""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", yaml))])
    return f"{fence}yaml\n{yaml}\n{fence}"
