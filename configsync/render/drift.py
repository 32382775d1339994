"""The words about drift that all formats for people share."""

from __future__ import annotations

from collections.abc import Sequence

from configsync.core.drift import DriftReport
from configsync.core.plan import Action, Change
from configsync.core.revision import RevisionSource, Writer

NO_RECORD = "by a write that left no record"
"""Said of a change whose writer the database doesn't know."""

GONE = "(deleted)"
"""Stands for what a deleted resource has live."""


def verdict(report: DriftReport) -> str:
    """One sentence that tells whether there is anything to do."""
    rest = f"{len(report.unmanaged)} unmanaged, {len(report.pending)} pending."
    if report.not_installed:
        rest += f" {len(report.not_installed)} of kinds that aren't installed, not looked at."
    if not report.drift:
        return f"No drift. {rest}"
    return f"Drift: {len(report.drift)} changed in the database, {rest}"


def verb(change: Change) -> str:
    """What somebody did to a resource."""
    if change.action is Action.DELETE:
        return "deleted"
    if new_name(change) is not None:
        return "renamed"
    return "made the default" if change.action is Action.SET_DEFAULT else "changed"


def new_name(change: Change) -> str | None:
    """The live address of a resource that somebody renamed, not only what it is a part of."""
    after = change.after
    if after is None or after.parent is not None or after.address == change.address:
        return None
    return after.address


def facts(writer: Writer) -> Sequence[tuple[str, str]]:
    """What the database knows of a writer, in order; names of facts with texts of strangers."""
    known = (
        ("by", writer.who),
        ("through", "service" if writer.source is RevisionSource.SERVICE else None),
        ("application", writer.application),
        ("client", writer.address),
        ("at", writer.at),
        ("revision", str(writer.revision)),
    )
    return [(name, value) for name, value in known if value]
