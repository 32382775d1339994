"""CS215: a prompt pins a version, and what else it says has no effect."""

from __future__ import annotations

from collections.abc import Iterator

from configsync.checks.rule import Finding, Rule
from configsync.core.diagnostic import Severity
from configsync.core.document import Document

PATH = ("spec", "version")


def check(document: Document) -> Iterator[Finding]:
    spec = document.get(PATH[:1])
    version = document.get(PATH)
    if not isinstance(version, int) or isinstance(version, bool):
        return
    idle = [key for key in ("content", "agent", "type", "variables") if key in spec]
    if idle:
        listed = " and ".join([", ".join(idle[:-1]), idle[-1]] if len(idle) > 1 else idle)
        yield Finding(
            PATH,
            f"version {version} is pinned, so {listed} {'has' if len(idle) == 1 else 'have'} "
            "no effect",
            "The published version is activated as it was.",
            help="Remove version to publish what else is here.",
        )


RULE = Rule(
    code="CS215",
    severity=Severity.INFO,
    kind="Prompt",
    summary="a prompt pins a version, and what else it says has no effect",
    why="Whoever edits the text of a pinned prompt should know that nobody will read it yet.",
    bad="spec: {content: Answer in one sentence., version: 3}",
    good="spec: {content: Answer in one sentence.}",
    check=check,
)
