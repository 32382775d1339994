"""``configsync docs``."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import click

from configsync.cli import complete, output

if TYPE_CHECKING:
    from configsync.usecases.guides import Guide

SECTION = "Operate"


@click.command(epilog="Example: configsync docs operations")
@click.argument("topic", required=False, metavar="[TOPIC]", shell_complete=complete.topics)
def command(topic: str | None) -> int:
    """Read a guide, or list them.

    At a terminal it is set for reading and shown by $PAGER; else, or with
    NO_COLOR, it is the Markdown as it stands.
    """
    from configsync.usecases.guides import all_guides

    guides = all_guides()
    # As links in the guides say it.
    topic = topic and topic.removesuffix(".md").removesuffix(".yml")
    if topic is None:
        width = max(map(len, guides))
        for guide in guides.values():
            output.data(f"{guide.topic:{width}}  {guide.title}\n")
        output.data("\nRead one: configsync docs TOPIC\n")
    elif topic in guides:
        _show(guides[topic])
    else:
        from difflib import get_close_matches

        near = get_close_matches(topic, guides, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        known = ", ".join(guides)
        raise click.UsageError(f"There is no topic {topic}.{hint} The topics are: {known}.")
    return 0


def _show(guide: Guide) -> None:
    text = guide.text
    if guide.markdown and output.style().color:
        from configsync.render.text import guide as view

        text = view.render(text, shutil.get_terminal_size().columns)
    if sys.stdout.isatty():
        click.echo_via_pager(text.removesuffix("\n"))
    else:
        output.data(text)
