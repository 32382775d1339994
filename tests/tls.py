"""TLS in front of a PostgreSQL server that has none, as Lakebase's gateway is in front of its."""

from __future__ import annotations

import select
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

REQUEST = (80877103).to_bytes(4, "big")
"""What follows the length when a client asks for TLS:
https://www.postgresql.org/docs/current/protocol-message-formats.html"""


class Front:
    """Listens on loopback, ends TLS there, and passes on to a server's Unix socket.

    ``arrived`` is called with the number of each connection, before the server
    hears of it. Without ``offered``, whoever asks for TLS is told that there is none.
    """

    def __init__(self, server: Path, certificate: tuple[Path, Path]) -> None:
        self._server = str(server / ".s.PGSQL.5432")
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.arrived: Callable[[int], None] = lambda number: None
        self.offered = True
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                arguments = (client, self.connections)
                threading.Thread(target=self._serve, args=arguments, daemon=True).start()

    def _serve(self, client: socket.socket, number: int) -> None:
        with suppress(OSError), client, socket.socket(socket.AF_UNIX) as server:
            if client.recv(8, socket.MSG_WAITALL)[4:] != REQUEST:
                return
            client.sendall(b"S" if self.offered else b"N")
            if not self.offered:
                return
            with self._context.wrap_socket(client, server_side=True) as secret:
                self.arrived(number)
                server.connect(self._server)
                _pass_on(secret, server)


def _pass_on(secret: ssl.SSLSocket, server: socket.socket) -> None:
    """Pass on what either end says, until one of them ends."""
    while True:
        ready = [secret] if secret.pending() else select.select([secret, server], [], [])[0]
        for end in ready:
            data = end.recv(65536)
            if not data:
                return
            (server if end is secret else secret).sendall(data)


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of localhost, signed by itself, and its key, of the ``openssl`` program."""
    made, key = folder / "tls.crt", folder / "tls.key"
    arguments = (
        *("req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
        *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
        *("-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", made),
    )
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
    return made, key
