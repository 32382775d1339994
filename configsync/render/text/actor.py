"""Who made a revision, and what says so."""

from __future__ import annotations

from configsync.core.revision import RevisionSource
from configsync.render.escape import one_line


def actor(name: str, named_by: str | None, source: str) -> str:
    """Show an actor with what named it: ``alice (github)``.

    ``source`` is that of the revision. One past git tells by itself what named
    its actor, and stands next to it.
    """
    past_git = RevisionSource(source).past_git
    return one_line(name if named_by is None or past_git else f"{name} ({named_by})")
