"""Resources with their values, texts whole."""

from __future__ import annotations

from collections.abc import Iterable

from configsync.core.resource import Resource
from configsync.core.values import canonical_json
from configsync.render.escape import one_line, visible
from configsync.render.text.style import Style


def render(resources: Iterable[Resource], style: Style) -> str:
    """Show live resources."""
    lines: list[str] = []
    for resource in resources:
        lines.append(style.strong(one_line(resource.address)))
        for name, value in resource.values.items():
            if isinstance(value, str) and "\n" in value:
                lines.append(f"  {name}:")
                text = visible(value)
                lines += [f"    {line}" for line in text.removesuffix("\n").split("\n")]
                if not value.endswith("\n"):
                    lines.append(f"    {style.faint('(no newline at the end)')}")
            else:
                lines.append(f"  {name}: {one_line(canonical_json(value))}")
        lines.append("")
    return "\n".join(lines)
