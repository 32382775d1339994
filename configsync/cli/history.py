"""``configsync history`` and ``configsync history verify``."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import click

from configsync.cli import options, output

SECTION = "Watch"


@click.command(epilog="Example: configsync history verify --head 1f0c…")
@options.directory
@options.database
@options.output("text", "json")
@click.option("--head", metavar="DIGEST", help="A head that an apply printed: it must be found.")
def verify(
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    output_format: str,
    head: str | None,
) -> int:
    """Find what was altered, deleted, reordered or cut off in history, by its digests.

    Without --head, the loss of the newest revisions can't be told, nor a
    history that was written anew with digests of its own.
    """
    from configsync.store import chain

    project, target = options.find(directory, target_name)
    database = options.recorded(project, target, database_url)
    with database.reading() as transaction:
        found = chain.verify(transaction, None if head is None else _digest(head))
    if output_format == "json":
        from configsync.render import json

        output.data(json.verification(found))
    else:
        from configsync.render.text import verification as view

        output.text(view.render(found, output.style()))
    return 0 if found.intact else 1


class _History(click.Command):
    """The command, but for its word ``verify``, which no address is."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        if args[:1] != ["verify"]:
            return super().make_context(info_name, args, parent, **extra)
        defaults = (parent.default_map if parent is not None else None) or {}
        extra["default_map"] = defaults.get(str(info_name))
        return verify.make_context(f"{info_name} verify", args[1:], parent, **extra)


@click.command(
    cls=_History,
    epilog="\b\nExample: configsync history 'profile/production*' --since 7d --actor alice\n"
    "To check that nobody has touched it: configsync history verify --help",
)
@options.address("[ADDRESS-GLOB]")
@options.directory
@options.database
@options.output("text", "json")
@options.utc
@click.option("--since", metavar="TIME", help="From then on: 2026-11-22, 2026-11-22T09:30, 2h, 7d.")
@click.option("--until", metavar="TIME", help="Before then.")
@click.option("--actor", metavar="NAME", help="Changed by NAME; * stands for any text.")
@click.option("--commit", metavar="ID", help="Applied from a commit: its id, or how that begins.")
@click.option("--domain", metavar="DOMAIN", help="Of a domain, such as ai_infra.")
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="At most N entries; by default, all."
)
def command(
    address: str | None,
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    output_format: str,
    since: str | None,
    until: str | None,
    limit: int | None,
    **exact: str | None,
) -> int:
    """Show who changed what and when, newest first.

    ADDRESS-GLOB selects a resource and its parts; * stands for any text. A
    TIME is ISO 8601, local without an offset, or how long ago, as 2h.
    """
    from configsync.core.moment import parse_moment
    from configsync.kinds import resource_types
    from configsync.store.history import Selection, now, read_history

    project, target = options.find(directory, target_name)
    database = options.recorded(project, target, database_url)
    with database.reading() as transaction:
        clock = now(transaction)
        selection = Selection(
            address,
            since=None if since is None else parse_moment(since, clock, options.zone()),
            until=None if until is None else parse_moment(until, clock, options.zone()),
            **exact,
        )
        # One more tells whether a revision goes on where the limit ends it.
        more = None if limit is None else limit + 1
        entries = read_history(transaction, resource_types(), selection, more)
        # Printed while it is read: there may be any number.
        if output_format == "json":
            from configsync.render import json

            for text in json.history(islice(entries, limit)):
                output.data(text)
        else:
            from configsync.render.text import history as view

            for text in view.render(entries, output.style(), limit):
                output.text(text)
    return 0


def _digest(head: str) -> str:
    """A head as it was printed; a shortened or empty one is a mistake, and no tampering."""
    text = head.strip().lower()
    if len(text) != 64 or not set(text) <= set("0123456789abcdef"):
        raise click.UsageError(f"{head!r} is no head: those have 64 hexadecimal digits.")
    return text
