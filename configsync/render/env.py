"""Environment variables as commands for a POSIX shell, which ``eval`` carries out."""

from __future__ import annotations

from collections.abc import Mapping


def render(variables: Mapping[str, str]) -> str:
    """Variables as ``export NAME='…'``, a command each: any text reaches them to the byte."""
    return "".join(f"export {name}={_quoted(text)}\n" for name, text in variables.items())


def _quoted(text: str) -> str:
    # Within single quotes all stands for itself, but for one such quote.
    return "'" + text.replace("'", "'\\''") + "'"
