"""The fleet: which revision each running application holds, and how a wait for that went."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from configsync.render.escape import one_line
from configsync.render.text.actor import actor, commit
from configsync.render.text.columns import aligned
from configsync.render.text.style import Style

HEADER = ("NAME", "HOST", "PID", "REVISION", "BEHIND", "SEEN", "")
NUMBERS = frozenset({2, 3, 4})
"""The columns of them."""

MAX_NAME = 40
"""Characters of a name or host in the table."""


def status(found: Any, style: Style) -> str:
    """Show a `configsync.usecases.fleet.Status`; the summary last."""
    fleet = found.fleet
    lines = [
        f"Database  {one_line(found.url)}",
        f"Revision  {_newest(fleet, found.newest, style)}",
        "",
    ]
    if fleet.readers:
        readers = sorted(fleet.readers, key=lambda r: not r.live)
        header, *rows = aligned([HEADER, *(_row(r, fleet, style) for r in readers)], NUMBERS)
        lines.append(style.faint(header))
        lines += [_paint(r, fleet, style)(row) for r, row in zip(readers, rows, strict=True)]
        lines.append("")
    return "\n".join([*lines, style.strong(_summary(fleet))]) + "\n"


def convergence(found: Any) -> str:
    """Show a `configsync.usecases.fleet.Convergence`, as lines without the last one's end."""
    fleet = found.fleet
    lines = [
        f"{_who(r)} expired meanwhile at revision {r.revision}, and no longer counts."
        for r in found.lost
    ]
    live, behind = len(fleet.live), len(fleet.stragglers)
    after = f"after {found.seconds:.1f} s"
    if not live:
        lines.append("No reader is live, so there is none to wait for.")
    elif not behind:
        all_ = "The only live reader holds" if live == 1 else f"All {live} live readers hold"
        lines.append(f"{all_} revision {fleet.revision}, {after}.")
    else:
        verb = "hold" if behind > 1 else "holds"
        lines.append(
            f"Error: Revision {fleet.revision} is applied, but {after} {behind} of "
            f"{_count(live, 'live reader')} still {verb} an older one:"
        )
        lines += [
            f"  {_who(r)} holds revision {r.revision}{', degraded' if r.degraded else ''}"
            for r in fleet.stragglers
        ]
    return "\n".join(lines)


def _newest(fleet: Any, newest: Any, style: Style) -> str:
    if newest is None:
        return f"{fleet.revision}, nothing was applied yet"
    who = actor(newest.user, newest.actor_source, newest.source)
    about = [str(fleet.revision), style.time(newest.at), who, newest.source.value]
    if newest.commit:
        about.append(commit(newest.commit, newest.dirty))
    return "  ".join(about)


def _row(reader: Any, fleet: Any, style: Style) -> tuple[str, ...]:
    held = reader.revision
    remarks = {
        "expired": not reader.live,
        "behind": reader.live and held < fleet.revision,
        # After a restore: what it holds, this database never had.
        "ahead": held > fleet.revision,
        "degraded": reader.degraded,
    }
    return (
        _short(reader.name),
        _short(reader.host),
        str(reader.pid),
        str(held),
        str(max(0, fleet.revision - held)),
        re.sub(r"(?<=T\d\d:\d\d:\d\d)\.\d+", "", style.time(reader.seen_at)),
        ", ".join(word for word, said in remarks.items() if said),
    )


def _paint(reader: Any, fleet: Any, style: Style) -> Callable[[str], str]:
    if not reader.live:
        return style.faint
    if reader.degraded or reader.revision > fleet.revision:
        return style.warning
    return style.changed if reader.revision < fleet.revision else str


def _summary(fleet: Any) -> str:
    live, behind, expired = len(fleet.live), len(fleet.stragglers), len(fleet.expired)
    gone = f" {expired} expired within a day." if expired else ""
    if not live:
        return f"No live readers.{gone}"
    ahead = sum(r.revision > fleet.revision for r in fleet.live)
    current = live - behind - ahead
    parts = [f"{current} {'holds' if current == 1 else 'hold'} revision {fleet.revision}"]
    for number, where in ((behind, "behind"), (ahead, "ahead")):
        if number:
            parts.append(f"{number} {'is' if number == 1 else 'are'} {where}")
    return f"{_count(live, 'reader')}: {', '.join(parts)}.{gone}"


def _who(reader: Any) -> str:
    return f"{one_line(reader.name)} ({one_line(reader.host)}, process {reader.pid})"


def _short(text: str) -> str:
    shown = one_line(text)
    return shown if len(shown) <= MAX_NAME else shown[: MAX_NAME - 1] + "…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
