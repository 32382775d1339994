"""Who made a revision, and what says so."""

from __future__ import annotations

from configsync.core.revision import RevisionSource
from configsync.render.escape import one_line


def commit(name: str, dirty: bool) -> str:
    """Show the commit that was applied, and whether what was applied is all in it."""
    return one_line(f"commit {name[:12]}") + (" with changes that it doesn't have" if dirty else "")


def actor(name: str, named_by: str | None, source: str) -> str:
    """Show an actor with what named it: ``alice (github)``.

    ``source`` is that of the revision. One past git tells by itself what named
    its actor, and stands next to it.
    """
    past_git = RevisionSource(source).past_git
    return one_line(name if named_by is None or past_git else f"{name} ({named_by})")
