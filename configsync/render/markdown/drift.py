"""Drift as Markdown: the verdict, each profile with who changed what, and the rest."""

from __future__ import annotations

from collections.abc import Iterator

from configsync.core.drift import DriftReport
from configsync.core.plan import Action, Change
from configsync.render.drift import GONE, NO_RECORD, facts, new_name, verb, verdict
from configsync.render.fields import is_long, value_line
from configsync.render.html import blocks as html
from configsync.render.markdown.blocks import (
    Block,
    Inline,
    bullets,
    code,
    details,
    diff,
    document,
    heading,
    line,
    table,
    words,
)


def render(report: DriftReport) -> str:
    """A whole text, as for a comment or the summary of a job."""
    return document(_blocks(report))


def _blocks(report: DriftReport) -> Iterator[Block]:
    yield heading(2, words(verdict(report)))
    yield _about(report)
    for at, changes in report.by_root().items():
        yield heading(3, code(at))
        for change in changes:
            yield from _resource(change)
    if report.unmanaged:
        yield heading(3, words("Not managed by any source"))
        yield bullets(map(code, report.unmanaged))
    if report.pending:
        yield heading(3, words("Git would change"))
        rows = (
            (code(c.address), words(c.action), words(c.reason), _names(c)) for c in report.pending
        )
        yield table(("Resource", "Action", "Reason", "Fields"), rows)


def _about(report: DriftReport) -> Block:
    source = (
        (words("every source"),) if report.owner is None else (words("source "), code(report.owner))
    )
    at = words(f" at revision {report.revision}, ")
    return line(words("Database "), code(report.database), at, *source, words("."))


def _resource(change: Change) -> Iterator[Block]:
    now = new_name(change)
    to = () if now is None else (words(" to "), code(now))
    yield heading(4, code(change.address), words(f" {verb(change)}"), *to)
    yield line(_who(change))
    fields = change.fields.items()
    short = [(k, pair) for k, pair in fields if not any(map(is_long, pair))]
    gone = change.action is Action.DELETE
    if short:
        rows = (
            (code(name), code(value_line(old)), words(GONE) if gone else code(value_line(new)))
            for name, (old, new) in short
        )
        yield table(("Field", "Applied", "Live"), rows)
    for name, (old, new) in fields:
        if is_long(old) or is_long(new):
            yield details(html.code(name), diff(old, new))


def _who(change: Change) -> Inline:
    if change.by is None:
        return words(f"{NO_RECORD.capitalize()}.")
    known = ", ".join(f"{name} {code(value)}" for name, value in facts(change.by))
    return Inline(f"{known[0].upper()}{known[1:]}.")


def _names(change: Change) -> Inline:
    return Inline(", ".join(map(code, change.fields)))
