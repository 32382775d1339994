"""Drift as text: what was applied → what is there, with who and when."""

from __future__ import annotations

from collections.abc import Sequence

from configsync.core.plan import Change
from configsync.render.escape import one_line
from configsync.render.text import plan as view
from configsync.render.text.style import Style


def render(
    drift: Sequence[Change], unmanaged: Sequence[str], pending: Sequence[Change], style: Style
) -> str:
    """Show drift, what nobody manages and what git would change; the verdict last."""
    lines = list(view.drift(drift, style))
    if unmanaged:
        lines += ["Not managed by any source:", *(f"  {one_line(a)}" for a in unmanaged), ""]
    if pending:
        lines += ["Git would change, on the next apply:"]
        lines += [
            f"  {one_line(c.address)}  ({', '.join(map(one_line, c.fields))})" for c in pending
        ]
        lines.append("")
    return "\n".join([*lines, style.strong(verdict(drift, unmanaged, pending)) + "\n"])


def verdict(drift: Sequence[Change], unmanaged: Sequence[str], pending: Sequence[Change]) -> str:
    """One sentence that tells whether there is anything to do."""
    if not drift:
        return f"No drift. {len(unmanaged)} unmanaged, {len(pending)} pending."
    return (
        f"Drift: {len(drift)} changed past configsync, {len(unmanaged)} unmanaged, "
        f"{len(pending)} pending."
    )
