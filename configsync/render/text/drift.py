"""Drift as text: what was applied → what is there, with who and when."""

from __future__ import annotations

from configsync.core.drift import DriftReport
from configsync.core.plan import Change, Reason
from configsync.render.escape import one_line
from configsync.render.report.drift import verdict
from configsync.render.text import plan as view
from configsync.render.text.style import Style


def render(report: DriftReport, style: Style) -> str:
    """Show drift, what nobody manages and what git would change; the verdict last."""
    lines = list(view.drift(report.drift, style))
    if report.unmanaged:
        addresses = (f"  {one_line(at)}" for at in report.unmanaged)
        lines += ["Not managed by any source:", *addresses, ""]
    if report.pending:
        lines += ["Git would change, on the next apply:"]
        lines += [*map(_pending, report.pending), ""]
    return "\n".join([*lines, style.strong(verdict(report)) + "\n"])


def _pending(change: Change) -> str:
    too = "  changed in the database too" if change.reason is Reason.CONFLICT else ""
    return f"  {one_line(change.address)}  ({', '.join(map(one_line, change.fields))}){too}"
