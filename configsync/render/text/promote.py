"""A promotion as text: the plan of the target, and beside it what isn't changed by an edit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from configsync.render.escape import one_line
from configsync.render.fields import value_line
from configsync.render.report.promote import KEPT, WAITING
from configsync.render.text import plan as plans
from configsync.render.text.style import Style


def render(found: Any, style: Style) -> str:
    """Show what `configsync.usecases.promote.Promotion` holds, the summary last."""
    summary = plans.summary(found.plan, style)
    waiting = found.waiting if found.files else ()
    lines = [*_listed(KEPT, _kept(found)), *_listed(WAITING, map(one_line, waiting))]
    origin, base = one_line(found.origin.name), found.base
    head = f"From {origin}, database {one_line(base.database_id)} at revision {base.revision}"
    changes = plans.render(found.plan, style).removesuffix(summary)
    return f"{style.faint(head)}\n\n{changes}" + "".join(f"{x}\n" for x in lines) + summary


def _listed(head: str, items: Iterator[str]) -> list[str]:
    lines = [f"  {item}" for item in items]
    return [f"{head}:", *lines, ""] if lines else []


def _kept(found: Any) -> Iterator[str]:
    origin, target = one_line(found.origin.name), one_line(found.plan.target)
    for kept in found.kept:
        where = kept.location
        by = kept.by.value if where is None else f"{kept.by.value}, {where.file}:{where.line}"
        what = one_line(kept.address)
        if kept.field is not None:
            theirs, own = map(value_line, kept.values)
            what += f" {one_line(kept.field)}: {theirs} in {origin}, {own} in {target}"
        yield f"{what}  ({one_line(by)})"
