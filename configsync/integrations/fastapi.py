"""FastAPI: a client that lives as long as the application, and one revision a request.

::

    config = ConfigSync(lambda: ConfigClient.connect("postgresql://…/app"))
    app = FastAPI(lifespan=config.lifespan)
    Pinned = Annotated[Snapshot, Depends(config.pinned)]

    @app.get("/model")
    async def model(snapshot: Pinned) -> str:
        return snapshot.default_profile().ai_infra.llm_endpoint
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.requests import HTTPConnection

from configsync.runtime import ConfigClient, Snapshot

HELD = "configsync"
"""Where the scope of a request has its snapshots."""


class ConfigSync:
    """A client for an application; one of each for several databases."""

    def __init__(self, connect: Callable[[], ConfigClient]) -> None:
        """``connect`` makes the client when the application starts, and not before."""
        self._connect = connect
        self._client: ConfigClient | None = None

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        """Connect at the application's start, and close at its end, without blocking the loop.

        What ``connect`` raises ends the start. An application with a lifespan
        of its own has ``async with config.lifespan(app):`` in it.
        """
        self._client = await asyncio.to_thread(self._connect)
        try:
            yield
        finally:
            await asyncio.to_thread(self._client.close)

    @property
    def client(self) -> ConfigClient:
        """The client. Raises RuntimeError before the application has started."""
        if self._client is None:
            raise RuntimeError(
                "The client isn't connected yet: FastAPI(lifespan=config.lifespan) connects it "
                "at the start. Tests start an application by `with TestClient(app)`."
            )
        return self._client

    async def pinned(self, connection: HTTPConnection) -> Snapshot:
        """A dependency: the revision that was the newest when this request first asked.

        All that depends on it within a request gets the same snapshot; so does
        all within a WebSocket's life, which may be long.
        """
        held = connection.scope.setdefault(HELD, {})
        if self not in held:
            held[self] = self.client.pin()
        snapshot: Snapshot = held[self]
        return snapshot
