"""Every rule's examples are its tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from configsync.checks.engine import needs, outline, run_document_rules, run_source_rules
from configsync.checks.rule import Rule
from configsync.checks.rules import all_rules, register
from configsync.core import codes
from configsync.core.diagnostic import Diagnostic
from configsync.core.document import Document
from configsync.source.reader import read
from tests.profiles import MINIMAL, NEGATE_RULES, PROMPT

MINIMALS: dict[str, Any] = {
    "Profile": MINIMAL,
    "Prompt": PROMPT,
    "NegateRules": NEGATE_RULES,
    "Settings": {"metadata": {"name": "ollama"}, "spec": {}},
    "Project": {
        "metadata": {"name": "MMBL"},
        "spec": {"project_name": "MMBL Bank", "log_source_type": "file"},
    },
}
"""A valid document of each kind that has rules; of rules for all kinds an example names one."""


def merged(base: Any, over: Any) -> Any:
    """Lay a fragment over a document: mappings merge, the rest is replaced."""
    if isinstance(base, dict) and isinstance(over, dict):
        return {**base, **{k: merged(base.get(k), v) for k, v in over.items()}}
    return over


def documents(rule: Rule, example: str) -> Iterator[Document]:
    """The documents of an example, each laid over a minimal one."""
    reading = read(example, "example.yaml")
    assert reading.diagnostics == []
    for root in reading.roots:
        kind = root.get("kind", rule.kind or "Profile")
        whole = json.dumps(merged(deepcopy(MINIMALS[kind]), root))
        yield Document(kind, read(whole, "example.yaml").roots[0])


def findings(found: list[Document]) -> list[Diagnostic]:
    """What all rules find; those about all documents see outlines only."""
    rules = all_rules().values()
    outlines = [outline(d, needs(d.kind, rules)) for d in found]
    one_by_one = [finding for d in found for finding in run_document_rules(d, rules)]
    return one_by_one + run_source_rules(outlines, rules)


@pytest.mark.parametrize("rule", all_rules().values(), ids=lambda rule: rule.code)
def test_the_bad_example_is_found_and_the_good_one_is_not(rule: Rule) -> None:
    bad, good = list(documents(rule, rule.bad)), list(documents(rule, rule.good))
    found = findings(bad)
    assert {d.code for d in found} == {rule.code}
    assert all(d.severity is rule.severity and d.location is not None for d in found)
    assert findings(good) == []


def test_a_code_is_taken_once() -> None:
    rule = next(iter(all_rules().values()))
    with pytest.raises(ValueError, match=rule.code):
        register([rule, rule])


def test_no_two_codes_are_equal() -> None:
    every = [c.code for c in codes.ALL]
    assert len(every) == len(set(every))
