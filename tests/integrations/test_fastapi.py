"""FastAPI: one revision a request, in endpoints of both sorts, and never a blocked loop."""

# No annotations from __future__: as texts, they couldn't name what only a function has.

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI, WebSocket
from fastapi.testclient import TestClient

from configsync.integrations.fastapi import ConfigSync
from configsync.runtime import ConfigClient, Snapshot, Unavailable
from tests.conftest import Workspace
from tests.integrations.conftest import set_value, url_of


@pytest.fixture
def config(applied: Workspace) -> ConfigSync:
    return ConfigSync(lambda: ConfigClient.connect(url_of(applied), poll=0.02))


@pytest.fixture
def app(config: ConfigSync, applied: Workspace) -> FastAPI:
    """Endpoints that read before and after a change within a request."""
    app = FastAPI(lifespan=config.lifespan)
    pinned = Annotated[Snapshot, Depends(config.pinned)]
    pinned_again = Annotated[Snapshot, Depends(config.pinned, use_cache=False)]

    def timeout(snapshot: pinned) -> int:
        return snapshot.setting("ollama", "timeout", type=int)

    def change() -> None:
        set_value(applied, "ollama", "timeout", config.client.setting("ollama", "timeout") + 1)
        config.client.refresh()

    @app.get("/sync")
    def read(
        before: Annotated[int, Depends(timeout)],
        _: Annotated[None, Depends(change)],
        snapshot: pinned_again,
    ) -> list[int]:
        return [before, timeout(snapshot), config.client.revision]

    @app.get("/async")
    async def read_async(
        before: Annotated[int, Depends(timeout)],
        _: Annotated[None, Depends(change)],
        snapshot: pinned_again,
    ) -> list[int]:
        return [before, timeout(snapshot), config.client.revision]

    @app.websocket("/chat")
    async def chat(socket: WebSocket, snapshot: pinned) -> None:
        await socket.accept()
        async for _ in socket.iter_text():
            await socket.send_json(timeout(snapshot))

    return app


@pytest.fixture
def browser(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as browser:
        yield browser


@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_a_request_sees_one_revision_and_the_next_one_the_newest(
    browser: TestClient, path: str
) -> None:
    assert browser.get(path).json() == [30, 30, 2]
    assert browser.get(path).json() == [31, 31, 3]


def test_a_websocket_keeps_its_revision(
    browser: TestClient, config: ConfigSync, applied: Workspace
) -> None:
    with browser.websocket_connect("/chat") as socket:
        socket.send_text("")
        assert socket.receive_json() == 30
        set_value(applied, "ollama", "timeout", 31)
        config.client.refresh()
        socket.send_text("")
        assert socket.receive_json() == 30


def test_the_client_is_connected_and_closed_beside_the_loop(applied: Workspace) -> None:
    done: list[str] = []

    def note(what: str) -> None:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        done.append(what)

    class Client(ConfigClient):
        def close(self) -> None:
            note("closed")
            super().close()

    def connect() -> ConfigClient:
        note("connected")
        return Client.connect(url_of(applied))

    with TestClient(FastAPI(lifespan=ConfigSync(connect).lifespan)):
        assert done == ["connected"]
    assert done == ["connected", "closed"]


def test_an_application_with_a_lifespan_of_its_own(config: ConfigSync) -> None:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with config.lifespan(app):
            yield

    app = FastAPI(lifespan=lifespan)
    inner = FastAPI()
    app.mount("/inner", inner)

    @inner.get("/")
    def revision(snapshot: Annotated[Snapshot, Depends(config.pinned)]) -> int:
        return snapshot.revision

    with TestClient(app) as browser:
        assert browser.get("/inner/").json() == 1


def test_a_start_without_database_says_why() -> None:
    config = ConfigSync(lambda: ConfigClient.connect("sqlite:////nowhere/there.db"))
    with (
        pytest.raises(Unavailable, match="no such file"),
        TestClient(FastAPI(lifespan=config.lifespan)),
    ):
        pass


def test_a_client_that_is_not_connected_is_an_error(app: FastAPI) -> None:
    with pytest.raises(RuntimeError, match="isn't connected yet"):
        TestClient(app).get("/sync")
