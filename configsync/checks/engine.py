"""Runs the rules over documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from configsync.checks.rule import Lines, Rule
from configsync.core.diagnostic import Diagnostic
from configsync.core.document import Document, Map


def no_lines(file: str) -> Sequence[str]:
    """No lines of any file: a finding within a text is shown where the text begins."""
    return ()


def run_document_rules(
    document: Document, rules: Iterable[Rule], lines: Lines = no_lines, text: str | None = None
) -> list[Diagnostic]:
    """Every finding about one document, in the order of the rules.

    ``text`` is that of its file, if all of the document stands there.
    """
    return [
        rule.diagnostic(document, finding, lines)
        for rule in rules
        if rule.check is not None and rule.kind in (None, document.kind)
        if text is None or rule.screen is None or rule.screen(text)
        for finding in rule.check(document)
    ]


def run_source_rules(documents: Sequence[Document], rules: Iterable[Rule]) -> list[Diagnostic]:
    """Every finding about documents together, in the order of the rules.

    The documents may be outlines (`outline`).
    """
    diagnostics: list[Diagnostic] = []
    for rule in rules:
        if rule.check_source is not None:
            concerned = [d for d in documents if rule.kind in (None, d.kind)]
            diagnostics += [
                rule.diagnostic(d, f, no_lines) for d, f in rule.check_source(concerned)
            ]
    return diagnostics


def needs(kind: str, rules: Iterable[Rule]) -> tuple[tuple[str, ...], ...]:
    """The paths at which the rules about all documents look in one of a kind."""
    concerned = (rule for rule in rules if rule.kind in (None, kind))
    return tuple(dict.fromkeys(path for rule in concerned for path in rule.needs))


def outline(document: Document, paths: Iterable[tuple[str, ...]]) -> Document:
    """The document reduced to what stands at some paths (`needs`)."""
    reduced = Map(document.body.mark)
    for path in paths:
        _take(document.body, reduced, path)
    return Document(document.kind, reduced)


def _take(source: Map, into: Map, path: tuple[str, ...]) -> None:
    """Copy the value at a path, with the places of all steps on the way."""
    for index, step in enumerate(path):
        if step not in source:
            return
        value, marks = source[step], (source.key_marks[step], source.marks[step])
        if index == len(path) - 1:
            if not isinstance(value, dict | list):
                into.put(step, value, *marks)
            return
        if not isinstance(value, Map):
            return
        if step not in into:
            into.put(step, Map(value.mark), *marks)
        source, into = value, into[step]
