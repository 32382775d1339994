"""CS208: a profile has no default Genie space, or several."""

from __future__ import annotations

from collections.abc import Iterator

from configsync.checks.rule import Finding, Rule
from configsync.core.diagnostic import Related, Severity
from configsync.core.document import Document

PATH = ("spec", "genie_spaces")


def check(document: Document) -> Iterator[Finding]:
    spaces = document.get(PATH)
    if not isinstance(spaces, list) or not all(isinstance(s, dict) for s in spaces):
        return
    if any(not isinstance(s.get("default", False), bool) for s in spaces):
        return  # Which of them is meant shows once that is mended.
    chosen = [i for i, space in enumerate(spaces) if space.get("default") is True]
    single = len(spaces) == 1 and "default" not in spaces[0]
    if len(chosen) > 1:
        first = document.locate((*PATH, chosen[0], "default"))
        for index in chosen[1:]:
            yield Finding(
                (*PATH, index, "default"),
                "a second Genie space is the default",
                help="Keep default: true at one of them.",
                related=(Related("this one is the default too", first),),
            )
    elif spaces and not chosen and not single:
        yield Finding(
            PATH,
            "none of the Genie spaces is the default",
            "With several spaces, one says default: true; a single one is it by itself.",
            help="Add default: true to the space that is asked first.",
            key=True,
        )


RULE = Rule(
    code="CS208",
    severity=Severity.ERROR,
    kind="Profile",
    summary="a profile has no default Genie space, or several",
    why="With none or two, which space answers depends on the order in which rows are read.",
    bad="spec: {genie_spaces: [{space_id: a}, {space_id: b}]}",
    good="spec: {genie_spaces: [{space_id: a, default: true}, {space_id: b}]}",
    check=check,
    enforced=True,
)
