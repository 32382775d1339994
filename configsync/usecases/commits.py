"""The order of commits: an older one never applies over a newer one (rule 6.8)."""

from __future__ import annotations

from pathlib import Path

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic
from configsync.core.revision import OwnerRecord
from configsync.source.checkout import Ancestry, ancestry

SHORT = 12
"""Digits of a commit id that messages show."""

_NOT_NEWER = {
    Ancestry.ANCESTOR: "is older than",
    Ancestry.DIVERGED: "is no descendant of",
    Ancestry.UNKNOWN: "can't be compared, since this clone doesn't have it, with",
    Ancestry.CUT_OFF: "can't be compared, since this clone is shallow, with",
}


def too_old(root: Path, commit: str | None, seen: OwnerRecord) -> Diagnostic | None:
    """Why the commit that is checked out may not be applied; None if it may.

    It must be the newest that the source applied, or descend from it, and must
    not be held by a rollback. Outside of git (no ``commit``) that can't be told
    and isn't asked.
    """
    if commit is None:
        return None
    if seen.held is not None:
        held = ancestry(root, commit, seen.held)
        if held is not Ancestry.DESCENDANT:
            return codes.HELD_COMMIT.at(
                None,
                f"the commit {seen.held[:SHORT]} was rolled back, and {_relation(commit, held)}",
                help=f"Revert the change in git and apply that commit{_fetch(held)}, or give apply "
                "--allow-older.",
            )
    if seen.commit is None:
        return None
    order = ancestry(root, commit, seen.commit)
    if order not in _NOT_NEWER:
        return None
    return codes.OLDER_COMMIT.at(
        None,
        f"the commit {commit[:SHORT]} {_NOT_NEWER[order]} {seen.commit[:SHORT]}, which is applied",
        help=f"Apply a newer commit{_fetch(order)}, or give apply --allow-older.",
    )


def _relation(commit: str, order: Ancestry) -> str:
    if order is Ancestry.SAME:
        return "it is the one that is checked out"
    return f"{commit[:SHORT]} is not known to be newer"


def _fetch(order: Ancestry) -> str:
    """How to have the commits that a shallow clone lacks."""
    if order is Ancestry.CUT_OFF:
        return " after git fetch --unshallow (in GitHub's checkout action: fetch-depth: 0)"
    return ""
