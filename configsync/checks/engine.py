"""Runs the rules over documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from configsync.checks.rule import Rule
from configsync.core.diagnostic import Diagnostic
from configsync.core.document import Document


def run_rules(documents: Sequence[Document], rules: Iterable[Rule]) -> list[Diagnostic]:
    """Every finding of every rule, in the order of the rules."""
    diagnostics: list[Diagnostic] = []
    for rule in rules:
        concerned = [d for d in documents if rule.kind in (None, d.kind)]
        if rule.check is not None:
            for document in concerned:
                diagnostics += [rule.diagnostic(document, f) for f in rule.check(document)]
        elif rule.check_source is not None:
            diagnostics += [rule.diagnostic(d, f) for d, f in rule.check_source(concerned)]
    return diagnostics
