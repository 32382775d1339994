"""Flask: an extension that gives each request one revision.

::

    app = Flask(__name__)
    config = ConfigSync(app, ConfigClient.connect("postgresql://…/app"))

    @app.get("/model")
    def model() -> str:
        return config.snapshot.default_profile().ai_infra.llm_endpoint
"""

from __future__ import annotations

from flask import Flask, current_app, g

from configsync.runtime import ConfigClient, Snapshot

NAME = "configsync"
"""Where ``app.extensions`` has the client, and ``g`` the snapshot."""


class ConfigSync:
    """The extension. One object may serve several applications, each with its own client."""

    def __init__(self, app: Flask | None = None, client: ConfigClient | None = None) -> None:
        """Take an application and its client, or neither: then `init_app` is called later."""
        if app is not None and client is not None:
            self.init_app(app, client)
        elif app is not None or client is not None:
            raise TypeError("ConfigSync takes an application and its client, or neither of them.")

    def init_app(self, app: Flask, client: ConfigClient) -> None:
        """Give an application its client, which stays the caller's to close."""
        app.extensions[NAME] = client

    @property
    def client(self) -> ConfigClient:
        """The current application's client. Raises RuntimeError if it was given none."""
        client: ConfigClient | None = current_app.extensions.get(NAME)
        if client is None:
            raise RuntimeError("The application has no client: call init_app(app, client) first.")
        return client

    @property
    def snapshot(self) -> Snapshot:
        """The revision that was the newest when this request, or command, first asked."""
        if NAME not in g:
            setattr(g, NAME, self.client.pin())
        snapshot: Snapshot = getattr(g, NAME)
        return snapshot
