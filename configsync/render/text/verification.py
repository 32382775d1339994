"""What a check of history's digests found."""

from __future__ import annotations

from typing import Any

from configsync.render.escape import one_line
from configsync.render.text.style import Style


def render(found: Any, style: Style) -> str:
    """Show a `configsync.store.chain.Verification`."""
    lines = [
        f"Checked {_count(found.revisions, 'revision')}, {found.sealed} of them sealed, "
        f"with {_count(found.entries, 'history row')}."
    ]
    lines += [style.error(f"Broken: {one_line(_broken(b))}.") for b in found.broken]
    if found.head_found is False:
        lines.append(
            style.error("Broken: the given head is not in the chain.")
            + " History was cut off or written anew since."
        )
    if found.unsealed is not None:
        first, last = found.unsealed
        lines.append(
            f"Not sealed yet: {_span(first, last)}, written past configsync or before it took "
            "digests. The next apply seals this; until then it can't be checked."
        )
    lines.append(
        f"Head {one_line(found.head)}" if found.head else "No head: no revision is sealed yet."
    )
    verdict = "History is intact." if found.intact else "History was tampered with."
    return "\n".join([*lines, style.strong(verdict)]) + "\n"


def _span(first: int, last: int) -> str:
    return f"revision {first}" if first == last else f"revisions {first} to {last}"


def _broken(broken: Any) -> str:
    verb = "is" if broken.first == broken.last else "are"
    return f"{_span(broken.first, broken.last)} {verb} {broken.why}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
