"""``configsync db``."""

from __future__ import annotations

from pathlib import Path

import click

from configsync.cli import options, output

SECTION = "Operate"


@click.group(cls=options.Group)
def command() -> None:
    """Create and migrate the tables, and say who may do what with them."""


@command.command(epilog="Example: configsync db upgrade --database postgresql://owner@host/app")
@options.directory
@options.database
def upgrade(directory: Path, target_name: str | None, database_url: str | None) -> int:
    """Create the tables, or bring them up to this version of configsync."""
    import os

    from configsync.store.migrate import upgrade as migrate
    from configsync.store.url import parse_url

    project, target = options.find(directory, target_name)
    url = parse_url(project.database(database_url, target, os.environ), project.root)
    done = migrate(url)
    from configsync.store.database import SCHEMA_VERSION

    if done.created:
        output.data(f"Created {', '.join(done.created)}, of kinds that other packages add.\n")
    was = "as before" if done.before == SCHEMA_VERSION else f"and was at {done.before}"
    said = ": its tables are new" if done.before is None else f", {was}"
    output.data(f"{url} is at schema version {SCHEMA_VERSION}{said}.\n")
    return 0


@command.command(epilog="Example: configsync db status -o json")
@options.directory
@options.database
@options.output("text", "json")
def status(
    directory: Path, target_name: str | None, database_url: str | None, output_format: str
) -> int:
    """Show the schema version and the newest revision. Exits with 1 if an upgrade is needed."""
    import os

    from configsync.store.url import parse_url
    from configsync.usecases.database import database_status

    project, target = options.find(directory, target_name)
    url = parse_url(project.database(database_url, target, os.environ), project.root)
    found = database_status(url)
    if output_format == "json":
        from configsync.render import json

        output.data(json.table("database", [found.as_dict()]))
    else:
        output.data(found.as_text())
    return 0 if found.current else 1


@command.command(epilog="Example: configsync db roles --database postgresql://owner@host/app")
@options.directory
@options.database
@click.option(
    "--prefix",
    metavar="NAME",
    default="configsync",
    show_default=True,
    help="How the roles' names begin: NAME_owner, NAME_applier, NAME_reader.",
)
@click.option("--apply", "carry_out", is_flag=True, help="Carry the SQL out; else it is printed.")
@options.lock_timeout
def roles(
    directory: Path,
    target_name: str | None,
    database_url: str | None,
    prefix: str,
    carry_out: bool,
    lock_timeout: float,
) -> int:
    """Print the SQL for three PostgreSQL roles, or carry it out.

    The owner owns tables and migrates them. The applier plans, applies and
    backs up, and can change neither history nor tables. The reader, for
    applications, can read, and report which revision it holds. None can log in:
    grant them to your logins. Run it again after each db upgrade, so that new
    tables have them too. To carry it out takes the tables' owner with
    CREATEROLE, or a superuser.
    """
    import os

    from configsync.store.url import parse_url
    from configsync.usecases.database import apply_roles, roles_script

    project, target = options.find(directory, target_name)
    url = parse_url(project.database(database_url, target, os.environ), project.root)
    if carry_out:
        made = apply_roles(url, prefix, lock_timeout)
        from configsync.render.escape import one_line

        names = ", ".join(map(one_line, (made.owner, made.applier, made.reader)))
        output.text(f"{url} has the roles {names}. Grant them to the logins that need them.\n")
    else:
        output.data(roles_script(url, prefix))
    return 0
