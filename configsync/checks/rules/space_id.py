"""CS204: a Genie space's id is blank."""

from __future__ import annotations

from collections.abc import Iterator

from configsync.checks.rule import Finding, Rule
from configsync.core.diagnostic import Severity
from configsync.core.document import Document


def check(document: Document) -> Iterator[Finding]:
    spaces = document.get(("spec", "genie_spaces"))
    for index, space in enumerate(spaces if isinstance(spaces, list) else ()):
        space_id = space.get("space_id") if isinstance(space, dict) else None
        if isinstance(space_id, str) and not space_id.strip():
            yield Finding(
                ("spec", "genie_spaces", index, "space_id"),
                "the space id is blank",
                help="Copy it from the address of the Genie space in the workspace.",
            )


RULE = Rule(
    code="CS204",
    severity=Severity.ERROR,
    kind="Profile",
    summary="a Genie space's id is blank",
    why="A space without an id can't be asked, and the failure shows only when someone asks it.",
    bad='spec: {genie_spaces: [{space_id: " "}]}',
    good="spec: {genie_spaces: [{space_id: 01effebcc2781b6bbb749077a55d31e3}]}",
    check=check,
)
