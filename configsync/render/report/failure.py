"""Why there is no plan, or why it wasn't carried out, as a report that claims no more."""

from __future__ import annotations

from configsync.render.report.model import Listing, Report, Said, Tone


def report(what: str, reason: str, again: str, target: str) -> Report:
    """``what`` was not done, and the ``reason``; ``again`` is the command that tries it again."""
    return Report(
        title=what,
        verdict="Nothing more is known of it here.",
        tone=Tone.BAD,
        again=again,
        sections=(Listing("Why", ((Said(reason),),)),),
        marker=target,
    )
