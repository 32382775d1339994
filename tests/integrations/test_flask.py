"""Flask: one revision a request, one client an application."""

from __future__ import annotations

import pytest
from flask import Flask

from configsync.integrations.flask import ConfigSync
from configsync.runtime import ConfigClient
from tests.conftest import Workspace
from tests.integrations.conftest import set_value, url_of


def test_a_request_sees_one_revision_and_the_next_one_the_newest(
    applied: Workspace, client: ConfigClient
) -> None:
    app = Flask(__name__)
    config = ConfigSync(app, client)

    @app.get("/")
    def read() -> list[int]:
        before = config.snapshot.setting("ollama", "timeout")
        set_value(applied, "ollama", "timeout", before + 1)
        newest = config.client.refresh()
        return [before, config.snapshot.setting("ollama", "timeout"), newest]

    browser = app.test_client()
    assert browser.get("/").json == [30, 30, 2]
    assert browser.get("/").json == [31, 31, 3]


def test_applications_of_a_factory_have_their_own_clients(
    applied: Workspace, client: ConfigClient
) -> None:
    config = ConfigSync()
    set_value(applied, "ollama", "timeout", 31)
    with ConfigClient.connect(url_of(applied)) as newer, newer.pin() as snapshot:
        assert snapshot.revision == 2
        apps = [Flask("older"), Flask("newer")]
        for app, its in zip(apps, (client, newer), strict=True):
            config.init_app(app, its)
        for app, its in zip(apps, (client, newer), strict=True):
            with app.app_context():
                assert config.client is its
                assert config.snapshot is config.snapshot


def test_a_command_sees_one_revision(client: ConfigClient) -> None:
    app = Flask(__name__)
    config = ConfigSync(app, client)

    @app.cli.command("show")
    def show() -> None:
        print(config.snapshot.setting("ollama", "model"))

    assert app.test_cli_runner().invoke(args=["show"]).output == "llama3\n"


def test_an_application_without_a_client_is_an_error(client: ConfigClient) -> None:
    with Flask(__name__).app_context(), pytest.raises(RuntimeError, match="call init_app"):
        ConfigSync().snapshot  # noqa: B018
    with pytest.raises(TypeError, match="an application and its client"):
        ConfigSync(Flask(__name__))
