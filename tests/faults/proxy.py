"""A proxy between psycopg2 and a server that loses, delays and cuts what passes through it.

It knows the messages of PostgreSQL's protocol as far as it must to find the
statements: https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

import random
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote

from psycopg2.extensions import parse_dsn

BEFORE = ("cut before", "cut half", "drop", "late")
"""Faults at a statement's way to the server."""

AFTER = ("cut after", "cut the reply", "lose the reply", "drop the reply", "delay")
"""Faults at a statement that arrives, the most of them on the way back."""


@dataclass(frozen=True)
class Fault:
    """What happens to the n-th statement, or with ``at`` 0 to the COMMIT.

    ``cut`` closes both connections: before the statement, within it, behind it
    or within its reply. ``lose the reply`` has the server answer, and closes.
    ``drop`` keeps both open and passes nothing on any more. ``late`` closes the
    client's connection, and passes the statement on a moment after. For
    ``away`` seconds from then on, no new connection is let through.
    """

    kind: str
    at: int
    away: float = 0


class Proxy:
    """Listens on loopback, and passes on to the server of a URL."""

    def __init__(self, url: str) -> None:
        about = parse_dsn(url)
        host, port = about.get("host", "/tmp"), about.get("port", "5432")
        self._local = host.startswith("/")
        self._target = f"{host}/.s.PGSQL.{port}" if self._local else (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        user = quote(f"{about.get('user', '')}:{about.get('password', '')}", safe=":")
        self.url = (
            f"postgresql://{user}@127.0.0.1:{self._listener.getsockname()[1]}/{about['dbname']}"
            "?sslmode=disable&gssencmode=disable"
        )
        self.fault: Fault | None = None
        self.statements: list[bytes] = []
        self._away_until = 0.0
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, fault: Fault | None) -> None:
        """Begin anew: close what a former fault left open, count statements from 0."""
        for end in self._open:
            _close(end)
        self._open, self.statements, self._away_until = [], [], 0.0
        self.fault = fault

    def close(self) -> None:
        self.arm(None)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if time.monotonic() < self._away_until:
                _close(client)
                continue
            server = socket.socket(socket.AF_UNIX if self._local else socket.AF_INET)
            server.connect(self._target)
            connection = _Connection(self, client, server)
            self._open += [client, server]
            threading.Thread(target=connection.forth, daemon=True).start()
            threading.Thread(target=connection.back, daemon=True).start()

    def strikes(self, statement: bytes) -> Fault | None:
        """The fault, if it is this statement's turn."""
        with self._lock:
            self.statements.append(statement)
            fault = self.fault
            if fault is None:
                return None
            # Not "in": a transaction begins with the words READ COMMITTED.
            commit = statement.startswith(b"COMMIT")
            if not (len(self.statements) == fault.at if fault.at else commit):
                return None
            self.fault = None
            self._away_until = time.monotonic() + fault.away
            return fault


class _Connection:
    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        self.reply = ""
        """What happens to what the server says next."""

    def forth(self) -> None:
        """Pass on what the client says, one message after the other."""
        try:
            # The first message has no type.
            self.server.sendall(_message(self.client, b""))
            while True:
                kind = _exactly(self.client, 1)
                message = _message(self.client, kind)
                fault = self.proxy.strikes(message[5:]) if kind == b"Q" else None
                if fault is None:
                    self.server.sendall(message)
                elif self._strike(fault.kind, message):
                    return
        except OSError:
            self.close()

    def _strike(self, kind: str, message: bytes) -> bool:
        """Do what the fault does; tells whether that is the end of this direction."""
        if kind == "delay":
            time.sleep(0.3)
            self.server.sendall(message)
            return False
        if kind == "cut half":
            self.server.sendall(message[: len(message) // 2])
        elif kind == "late":
            self.reply = "drop"
            _close(self.client)
            time.sleep(0.3)
            self.server.sendall(message)
            return True
        elif kind in AFTER:
            self.reply = kind.partition(" ")[0]
            self.server.sendall(message)
            if kind != "cut after":
                return True
        if kind == "drop":
            self.reply = "drop"
            return True
        self.close()
        return True

    def back(self) -> None:
        """Pass on what the server says."""
        try:
            while data := self.server.recv(65536):
                if not self.reply:
                    self.client.sendall(data)
                elif self.reply == "cut":
                    self.client.sendall(data[: len(data) // 2])
                    break
                elif self.reply == "lose":
                    break
        except OSError:
            pass
        if self.reply != "drop":
            self.close()

    def close(self) -> None:
        _close(self.client)
        _close(self.server)


def _message(end: socket.socket, kind: bytes) -> bytes:
    length = _exactly(end, 4)
    return kind + length + _exactly(end, int.from_bytes(length, "big") - 4)


def _exactly(end: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = end.recv(size - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


def random_fault(rng: random.Random, statements: int) -> Fault:
    """A fault of any kind, as often at the COMMIT as at all other statements."""
    kind = rng.choice(BEFORE + AFTER)
    at = rng.choice([0, rng.randint(1, statements)])
    return Fault(kind, at, away=rng.choice([0, 0, 0.3, 30]))
