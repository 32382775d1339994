"""Diagnostics as a Code Quality report, which GitLab shows in merge requests.

The keys are those that GitLab documents as required
(https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from configsync.core.diagnostic import Diagnostic, Severity
from configsync.render.escape import one_line
from configsync.render.fingerprint import fingerprints

MAX_DESCRIPTION = 1000
"""Characters: one finding must not fill the page."""

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(diagnostics: Sequence[Diagnostic], folder: str = "") -> str:
    """A finding for each diagnostic, in the given order.

    ``folder`` is the project's folder within the repository, if it isn't the
    repository itself: GitLab finds files from there.
    """
    found = [
        _finding(diagnostic, fingerprint, folder)
        for diagnostic, fingerprint in zip(diagnostics, fingerprints(diagnostics), strict=True)
    ]
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _finding(diagnostic: Diagnostic, fingerprint: str, folder: str) -> dict[str, Any]:
    where = diagnostic.location
    steps = [folder, where.file if where else ""]
    return {
        "description": _description(diagnostic),
        "check_name": diagnostic.code,
        # GitLab puts the reports of all jobs together, so of all projects of a repository.
        "fingerprint": sha256(json.dumps([folder, fingerprint]).encode()).hexdigest()[:32],
        "severity": _SEVERITIES[diagnostic.severity],
        "location": {
            # What has no file stands at the project's folder.
            "path": one_line("/".join(filter(None, steps)) or "."),
            "lines": {"begin": where.line if where else 1},
        },
    }


def _description(diagnostic: Diagnostic) -> str:
    """All of it on one line, the summary first."""
    parts = [f"{diagnostic.summary}."]
    if diagnostic.detail:
        parts.append(diagnostic.detail)
    parts += [f"Note: {related.message} ({related.location})." for related in diagnostic.related]
    if diagnostic.help:
        parts.append(f"Help: {diagnostic.help}")
    text = one_line(" ".join(parts))
    return text if len(text) <= MAX_DESCRIPTION else text[: MAX_DESCRIPTION - 1] + "…"
