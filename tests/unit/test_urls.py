"""Database URLs: whatever they hold and whatever goes wrong, no password is told."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from configsync.cli.main import run
from configsync.core.errors import ConfigsyncError
from configsync.runtime import ConfigClient
from configsync.store.database import open_database
from configsync.store.migrate import upgrade
from configsync.store.url import parse_url

HIDDEN = ("Vq8canary", "Wz3canary")
"""The two halves of a password, between which stands what makes a URL hard to read."""

PASSWORDS = [f"{HIDDEN[0]}{sign}{HIDDEN[1]}" for sign in ("", *"@:/#?%&= \\")]
HOSTS = ["127.0.0.1:1", "nowhere.invalid", "127.0.0.1:port", "[::1", "a,b:x", ""]
URLS = [
    *(f"postgresql://app:{p}@{h}/db" for p in PASSWORDS for h in HOSTS),
    *(f"postgresql+psycopg2://app:{p}@127.0.0.1:1/db?sslmode=disable" for p in PASSWORDS),
    *(f"postgres://127.0.0.1:1/db?user=app&password={p}" for p in PASSWORDS),
    *(f"postgres:///db?host=/nowhere&sslpassword={p}&connect_timeout=1" for p in PASSWORDS),
    *(f"postgres://127.0.0.1:1/db?pasword={p}" for p in PASSWORDS),
    # What stands behind the last @ is a host by all appearances.
    *(f"postgresql://app:{p}" for p in PASSWORDS if "@" not in p),
    *(f"postgresql://:{p}@127.0.0.1:1" for p in PASSWORDS),
    *(f"postgresql://app%3A{p}@127.0.0.1:1/db" for p in PASSWORDS),
    *(f"mysql://app:{p}@127.0.0.1:1/db" for p in PASSWORDS),
    *(f"sqlite://app:{p}@127.0.0.1/db" for p in PASSWORDS),
    *(f"sqlite:///db?password={p}" for p in PASSWORDS),
    *(f"app:{p}@127.0.0.1" for p in PASSWORDS),
]


def leaks(text: str) -> list[str]:
    return [half for half in HIDDEN if half in text]


@pytest.mark.parametrize("url", URLS)
def test_no_error_of_a_url_names_its_password(url: str, tmp_path: Path) -> None:
    found: list[ConfigsyncError] = []
    try:
        parsed = parse_url(url, tmp_path)
    except ConfigsyncError as error:
        found.append(error)
    else:
        assert leaks(f"{parsed} {parsed!r}") == []
        if parsed.dialect == "sqlite":
            return
        for attempt in (
            lambda: upgrade(parsed),
            lambda: open_database(parsed).reading().__enter__(),
        ):
            with pytest.raises(ConfigsyncError) as raised:
                attempt()
            found.append(raised.value)
    with pytest.raises(ConfigsyncError) as unavailable:
        ConfigClient.connect(url)
    found.append(unavailable.value)
    for failure in found:
        cause: BaseException | None = failure
        while cause is not None:
            assert leaks(f"{cause} {cause!r} {vars(cause)}") == []
            cause = cause.__cause__ or cause.__context__
        assert leaks("".join(traceback.format_exception(failure))) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "{url}"],
        ["{url}"],
        ["plan", "-o", "{url}"],
        ["plan", "--databse={url}"],
        ["plan", "--target", "{url}"],
        ["plan", "-C", "{url}"],
        ["history", "--limit", "{url}"],
        ["show", "{url}"],
        ["db", "{url}"],
        ["apply", "{url}"],
        ["rules", "{url}"],
        ["import", "{url}"],
        ["plan", "--database"],
    ],
    ids=" ".join,
)
def test_a_url_in_the_wrong_place_is_not_repeated(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = f"postgresql://app:{HIDDEN[0]}@127.0.0.1:1/db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)
    assert run([a.replace("{url}", url) for a in arguments]) == 1
    out, err = capsys.readouterr()
    assert leaks(out + err) == []
