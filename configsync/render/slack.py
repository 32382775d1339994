"""Drift as a message for a chat: the JSON that Slack's incoming webhooks take.

Texts of strangers stand in code only, with ``& < >`` escaped, so that nothing
in them is a mention, a link or markup. Values stay at home: the message says
which fields were changed and by whom, and a chat is no place for a prompt.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any

from configsync.core.drift import DriftReport
from configsync.core.plan import Change
from configsync.render.escape import one_line
from configsync.render.report.drift import new_name, verb, verdict
from configsync.render.report.words import NO_RECORD, facts

MAX_SECTION = 3000
"""Characters of one section that Slack takes."""

MAX_MESSAGE = 10_000
"""Characters of all sections: Slack has refused 13,200, and documents no number."""

MAX_CODE = 200
"""Characters of one text of a stranger, as they are sent."""

MAX_FIELDS = 5
"""Fields that are named of one resource."""

_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "ˋ"}
"""Slack has no way to write a backtick within code."""


def render(report: DriftReport, target: str) -> str:
    """One message, within Slack's limits; it says how many resources have no room."""
    head = f"*configsync*: {verdict(report)}"
    where = f"Target {_code(target)}, database {_code(report.database)}"
    where += f" at revision {report.revision}."
    lines = [_resource(change) for changes in report.by_root().values() for change in changes]
    room = MAX_MESSAGE - len(head) - len(where)
    shown = sum(total <= room for total in accumulate(len(line) + 1 for line in lines))
    sections = [f"{head}\n{where}", *_sections(lines[:shown])]
    if rest := len(lines) - shown:
        sections.append(f"And {rest} more: `configsync drift` shows them all.")
    # Those who read no blocks, and notifications, show the text.
    return json.dumps({"text": f"{head} {where}", "blocks": [_section(s) for s in sections]})


def _resource(change: Change) -> str:
    """What somebody did to a resource, on one line that fits a section."""
    now = new_name(change)
    said = f"• {_code(change.address)} {verb(change)}"
    said += "" if now is None else f" to {_code(now)}"
    if change.by is None:
        said += f" {NO_RECORD}"
    else:
        said += "".join(f", {name} {_code(value)}" for name, value in facts(change.by))
    names = list(change.fields)
    listed = ", ".join(map(_code, names[:MAX_FIELDS]))
    more = f" and {len(names) - MAX_FIELDS} more" if len(names) > MAX_FIELDS else ""
    return f"{said}: {listed}{more}"


def _sections(lines: Iterable[str]) -> Iterator[str]:
    """Lines together, as many as a section takes."""
    section = ""
    for line in lines:
        if section and len(section) + 1 + len(line) > MAX_SECTION:
            yield section
            section = ""
        section += f"\n{line}" if section else line
    if section:
        yield section


def _section(text: str) -> dict[str, Any]:
    # Verbatim: Slack looks for no links, channels or names by itself.
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _code(text: str) -> str:
    """Any text, as code; cut between characters, never within an escape."""
    pieces = [_ESCAPED.get(c, c) for c in one_line(text)]
    fitting = sum(total <= MAX_CODE for total in accumulate(map(len, pieces)))
    cut = "…" if fitting < len(pieces) else ""
    return f"`{''.join(pieces[:fitting]) or '(empty)'}{cut}`"
