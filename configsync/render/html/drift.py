"""Drift as a page: the verdict, each profile with who changed what, and the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from configsync.core.drift import DriftReport
from configsync.core.plan import Action, Change
from configsync.render.drift import GONE, NO_RECORD, facts, new_name, verb, verdict
from configsync.render.fields import is_long, value_line
from configsync.render.html import page
from configsync.render.html.blocks import (
    Html,
    code,
    details,
    diff,
    element,
    lines,
    name,
    table,
    text,
)


def render(report: DriftReport) -> str:
    """A whole page."""
    said = verdict(report)
    head = element("h1", text(said), class_="bad" if report.drift else "good")
    sections = (_section(at, found) for at, found in report.by_root().items())
    main = element("main", lines((_about(report), *sections, *_rest(report))))
    return page.render(f"configsync: {said}", (element("header", head), main))


def _about(report: DriftReport) -> Html:
    source = code(report.owner) if report.owner is not None else text("every source")
    return element(
        "p",
        *(text("Database "), code(report.database), text(f" at revision {report.revision}, ")),
        *(text("source " if report.owner is not None else ""), source, text(".")),
    )


def _section(at: str, changes: Sequence[Change]) -> Html:
    return element("section", element("h2", code(at)), *map(_resource, changes))


def _resource(change: Change) -> Html:
    now = new_name(change)
    to = () if now is None else (text(" to "), code(now))
    return element(
        "article",
        element("h3", code(change.address), text(f" {verb(change)}"), *to),
        *(_who(change), *_fields(change)),
    )


def _who(change: Change) -> Html:
    if change.by is None:
        return element("p", text(f"{NO_RECORD.capitalize()}."))
    known = (
        element("div", element("dt", text(fact)), element("dd", code(value)))
        for fact, value in facts(change.by)
    )
    return element("dl", *known)


def _fields(change: Change) -> Iterator[Html]:
    """A table of the short values, then each text as a diff."""
    fields = change.fields.items()
    short = [(k, pair) for k, pair in fields if not any(map(is_long, pair))]
    gone = change.action is Action.DELETE
    if short:
        rows = [
            (name(field), code(value_line(old)), text(GONE) if gone else code(value_line(new)))
            for field, (old, new) in short
        ]
        yield table(("Field", "Applied", "Live"), rows)
    for field, (old, new) in fields:
        if is_long(old) or is_long(new):
            yield details(code(field), diff(old, new), is_open=not gone)


def _rest(report: DriftReport) -> Iterator[Html]:
    if report.unmanaged:
        items = (element("li", code(at)) for at in report.unmanaged)
        yield _part("Not managed by any source", element("ul", lines(items)))
    if report.pending:
        rows = [(code(c.address), text(c.action), *_pending(c)) for c in report.pending]
        yield _part("Git would change", table(("Resource", "Action", "Reason", "Fields"), rows))


def _pending(change: Change) -> tuple[Html, Html]:
    return text(change.reason), Html(", ".join(map(name, change.fields)))


def _part(title: str, body: Html) -> Html:
    return element("section", element("h2", text(title)), body)
