"""The git checkout that a project lies in, asked of the ``git`` program."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from configsync.core.errors import UsageError

TIMEOUT = 30
"""Seconds that git may take."""

_REDIRECTIONS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_EXTERNAL_DIFF")
"""Set by a git hook that calls us, they would point at another repository."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """The commit that is checked out; ``dirty`` tells of changes that it doesn't have."""

    commit: str | None = None
    dirty: bool = False
    author: str | None = None


def read_checkout(root: Path, paths: tuple[str, ...]) -> Checkout:
    """What is checked out at ``root``; changes count where they lie in ``paths``.

    Outside of git, without the program or before the first commit, an empty
    `Checkout`.
    """
    log = _git(root, "log", "-1", "--format=%H%x00%an <%ae>")
    if log is None or "\0" not in log:
        return Checkout()
    commit, author = log.strip().split("\0", 1)
    status = _git(root, "status", "--porcelain", "--", *paths)
    return Checkout(commit, bool(status is None or status.strip()), author)


class Ancestry(StrEnum):
    """How the commit that is checked out stands to another one.

    ``UNKNOWN`` is one that this clone doesn't have, ``CUT_OFF`` one that it
    may lack only because the clone is shallow.
    """

    SAME = "same"
    DESCENDANT = "descendant"
    ANCESTOR = "ancestor"
    DIVERGED = "diverged"
    UNKNOWN = "unknown"
    CUT_OFF = "cut off"


def ancestry(root: Path, commit: str, other: str) -> Ancestry:
    """How ``commit``, which is checked out at ``root``, stands to another commit."""
    if commit == other:
        return Ancestry.SAME
    if _git(root, "merge-base", "--is-ancestor", other, commit) is not None:
        return Ancestry.DESCENDANT
    shallow = (_git(root, "rev-parse", "--is-shallow-repository") or "").strip() == "true"
    if _git(root, "cat-file", "-e", f"{other}^{{commit}}") is None:
        return Ancestry.CUT_OFF if shallow else Ancestry.UNKNOWN
    if _git(root, "merge-base", "--is-ancestor", commit, other) is not None:
        return Ancestry.ANCESTOR
    return Ancestry.CUT_OFF if shallow else Ancestry.DIVERGED


def resolve(root: Path, name: str) -> str | None:
    """The id of the commit that a name stands for; None if this clone has none."""
    # A name from outside may begin with -, as an option does.
    found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return found.strip() or None if found is not None else None


def merge_base(root: Path, commit: str, other: str) -> str | None:
    """The newest commit that two have in common, as far as this clone reaches."""
    found = _git(root, "merge-base", commit, other)
    return found.strip() or None if found is not None else None


def folder_in_repository(root: Path) -> str:
    """Where in its git repository a folder lies, with ``/`` between; empty at its top."""
    return (_git(root, "rev-parse", "--show-prefix") or "").strip().rstrip("/")


def link_in_repository(folder: Path) -> Path | None:
    """The symbolic link that a path leads over within the repository that it ends in, if any."""
    here = Path(os.path.abspath(folder))
    top = _git(here, "rev-parse", "--show-toplevel")
    within = None if top is None else Path(top.rstrip("\n"))
    for step in (here, *here.parents):
        if within and step.is_symlink() and step.parent.resolve().is_relative_to(within):
            return step
    return None


def text_at(root: Path, commit: str, path: str) -> str | None:
    """The text of a file at a commit, or None if there is none.

    ``path`` is from the top of the repository that ``root`` lies in. Raises
    UsageError for what git can't read, or is no regular file of UTF-8.
    """
    mode, kind, name = _entry_at(root, commit, path)
    if kind != "blob":
        return None
    text = _git(root, "cat-file", "blob", name)
    if mode not in ("100644", "100755") or text is None or "\ufffd" in text:
        raise UsageError(
            f"{path} of commit {commit[:12]} can't be read out of git as a regular file of UTF-8."
        )
    return text


def has_folder_at(root: Path, commit: str, path: str) -> bool:
    """Tell whether a commit has a folder; as `text_at`."""
    return _entry_at(root, commit, path)[1] == "tree"


def _entry_at(root: Path, commit: str, path: str) -> tuple[str, str, str]:
    """The mode, kind and object of what a commit has at a path; all empty where that is nothing."""
    listed = _git(root, "--literal-pathspecs", "ls-tree", "--full-tree", "-z", commit, "--", path)
    if listed is None:
        raise UsageError(f"{path} of commit {commit[:12]} can't be read out of git.")
    mode, kind, name = listed.split("\t", 1)[0].split(" ") if listed else ("", "", "")
    return mode, kind, name


def configured_author(root: Path) -> str | None:
    """Who would be the author of a commit made here."""
    name, mail = _git(root, "config", "user.name"), _git(root, "config", "user.email")
    if not name or not name.strip():
        return None
    return f"{name.strip()} <{mail.strip()}>" if mail and mail.strip() else name.strip()


def _git(root: Path, *arguments: str) -> str | None:
    """Run git; None if it fails. Nothing that the repository configures is run."""
    command = ["git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", *arguments]
    environment = {k: v for k, v in os.environ.items() if k not in _REDIRECTIONS}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command,
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
