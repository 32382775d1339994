"""A guide for a terminal: its Markdown with headings, code and tables set apart."""

from __future__ import annotations

from io import StringIO
from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement
from rich.segment import Segment
from rich.style import Style
from rich.theme import Theme

WIDEST = 100
"""Columns, above which lines are hard to read."""

THEME = Theme(
    {
        "markdown.h1": "bold underline",
        "markdown.h2": "bold",
        "markdown.h3": "bold",
        "markdown.code": "cyan",
        "markdown.em": "underline",
        "markdown.table.border": "dim",
        "markdown.table.header": "bold",
    },
)


class _Heading(Heading):
    """At the left, where the eye looks for it; rich centres the first."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self.text


class _Code(CodeBlock):
    """Indented and never wrapped, so that it can be copied."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in str(self.text).rstrip().split("\n"):
            typed = line.startswith(("$ ", ">>> ", "... "))
            yield Segment(f"  {line}", Style(bold=True) if typed else Style(color="cyan"))
            yield Segment.line()


class _Guide(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _Heading,
        "fence": _Code,
        "code_block": _Code,
    }


def render(text: str, width: int) -> str:
    """A guide's Markdown for a terminal of ``width`` columns, with its colours.

    Code keeps its lines, however long they are.
    """
    guide = _Guide(text, hyperlinks=False)
    _underline_references(guide)
    shown = StringIO()
    console = Console(
        file=shown,
        width=min(width, WIDEST),
        force_terminal=True,
        color_system="standard",
        theme=THEME,
        highlight=False,
        legacy_windows=False,
    )
    console.print(guide, crop=False)
    return "\n".join(line.rstrip() for line in shown.getvalue().splitlines()) + "\n"


def _underline_references(guide: Markdown) -> None:
    """Make of a link to another guide its words alone: where that is a file, there is no link."""
    for block in guide.parsed:
        within = False
        for token in block.children or ():
            if token.type == "link_open":
                within = "://" not in str(token.attrs.get("href", ""))
            if within and token.type in ("link_open", "link_close"):
                within = token.type == "link_open"
                token.type = token.type.replace("link", "em")
                token.tag = "em"
