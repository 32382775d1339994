"""CS201: the temperature is outside of 0 to 1, or has more than two decimals."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from configsync.checks.rule import Finding, Rule
from configsync.core.diagnostic import Severity
from configsync.core.document import Document

PATH = ("spec", "ai_infra", "llm_temperature")


def check(document: Document) -> Iterator[Finding]:
    value = document.get(PATH)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    # Two decimals are read as the number that is nearest to them, and to no longer spelling.
    if 0 <= value <= 1 and round(value, 2) == value:
        return
    exact = Decimal(repr(value))
    if not 0 <= exact <= 1:
        yield Finding(
            PATH,
            f"the temperature {value} is not between 0 and 1",
            help="Choose a value from 0 (most predictable) to 1 (most varied).",
        )
    elif exact != round(exact, 2):
        yield Finding(
            PATH,
            f"the temperature {value} has more than two decimals",
            f"The column keeps two, so it would become {round(exact, 2)}.",
            help=f"Write {round(exact, 2)} or another value with at most two decimals.",
        )


RULE = Rule(
    code="CS201",
    severity=Severity.ERROR,
    kind="Profile",
    summary="the temperature is outside of 0 to 1, or has more than two decimals",
    why="Serving endpoints refuse other temperatures, and the column numeric(3,2) would round "
    "0.755 to 0.76 without a word.",
    bad="spec: {ai_infra: {llm_temperature: 0.755}}",
    good="spec: {ai_infra: {llm_temperature: 0.75}}",
    check=check,
    enforced=True,
)
