"""``export -o``: what isn't reached by applying documents of the kinds that are here."""

from __future__ import annotations

import sys

import pytest

from configsync.cli import output
from configsync.core.errors import UsageError
from configsync.usecases.values import Value, nested


def value(origin: str, *path: str) -> Value:
    return Value("route/chat", path, path, False, origin, "a", "a")


def test_a_part_called_as_a_column_is_refused_with_both() -> None:
    column = value("route/chat backend", "backend")
    part = value("route/chat/backend/b weight", "backend", "b", "weight")
    with pytest.raises(UsageError, match=r"^route/chat backend and route/chat/backend/b weight "):
        nested([column, part])


def test_a_terminal_is_shown_what_it_would_obey(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    output.exact("A='\x1b[31m'\n")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    output.exact("A='\x1b[31m'\n")
    assert capsys.readouterr().out == "A='\x1b[31m'\nA='␛[31m'\n"
