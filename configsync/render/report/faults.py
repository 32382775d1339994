"""Faults of a source that keep it from being planned, as a report."""

from __future__ import annotations

from collections.abc import Sequence

from configsync.core.diagnostic import Diagnostic, Severity
from configsync.render.report.model import Report, Tone
from configsync.render.report.words import count, findings


def report(found: Sequence[Diagnostic], again: str, target: str) -> Report:
    """What is wrong; ``again`` is the command that looks for it."""
    errors = sum(d.severity is Severity.ERROR for d in found)
    return Report(
        title=f"Not planned: {count(errors, 'error')} in the source.",
        verdict="The database wasn't looked at.",
        tone=Tone.BAD,
        again=again,
        findings=findings(found),
        marker=target,
    )
