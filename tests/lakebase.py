"""Lakebase on this machine: a real server that asks for passwords, TLS before it, a workspace."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from configsync.databricks import lakebase
from tests import databricks, tls
from tests.conftest import execute
from tests.databricks import FakeWorkspace
from tests.runtime.servers import Server, servers

USER = "ann@example.com"

HBA = """
local all postgres trust
local all all password
"""
"""As Lakebase does, the server asks for a password as it is, which only TLS keeps secret."""

_numbers = count(1)


@dataclass
class Lakebase:
    """The server as Databricks has it, and as its operators have it."""

    server: Server
    front: tls.Front
    workspace: FakeWorkspace
    certificate: Path

    def url(self, place: str, *, empty: bool = False, more: str = "") -> str:
        """The URL of a database of its own, migrated unless it is to be ``empty``."""
        name = f"db{next(_numbers)}"
        execute(self.at("postgres"), f"CREATE DATABASE {name}{'' if empty else ' TEMPLATE app'}")
        return f"{place}/{name}?port={self.front.port}{more}"

    def at(self, database: str) -> str:
        """The URL by which operators connect to a database, without a password."""
        # Whatever PGPORT says: that is where Lakebase is for everybody else.
        return self.server.url.replace("/app?", f"/{database}?port=5432&")

    def rotate(self) -> str:
        """Change the password: what was given out before opens nothing any more."""
        password = f"canary-{secrets.token_hex(16)}"
        execute(self.at("postgres"), f"ALTER ROLE \"{USER}\" PASSWORD '{password}'")
        return password

    def cut(self) -> None:
        """End all connections."""
        execute(
            self.at("postgres"),
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{USER}'",
        )


@dataclass
class Gateway:
    """A server, TLS in front of it, and the certificate of that."""

    server: Server
    front: tls.Front
    certificate: Path


@contextmanager
def gateway(folder: Path) -> Iterator[Gateway]:
    """A server whose database ``app`` is migrated and empty, and that asks for passwords."""
    made = tls.certificate(folder)
    with servers() as (server,):
        (server.folder / "pg_hba.conf").write_text(HBA)
        execute(server.url, f'CREATE ROLE "{USER}" LOGIN SUPERUSER')
        execute(server.url, "SELECT pg_reload_conf()")
        front = tls.Front(server.folder, made)
        yield Gateway(server, front, made[0])
        front.close()


@contextmanager
def running(gateway: Gateway, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lakebase]:
    """Lakebase as a process that has just begun meets it: the environment names the workspace."""
    front = gateway.front
    front.arrived, front.offered, front.connections = lambda number: None, True, 0
    monkeypatch.setattr(lakebase, "_logins", {})
    with databricks.running(folder, monkeypatch) as workspace:
        found = Lakebase(gateway.server, front, workspace, gateway.certificate)
        workspace.user = USER
        workspace.mint = found.rotate
        yield found
