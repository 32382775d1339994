"""Environment variables as a ``.env`` file, for which every reader has rules of its own.

What is written is what python-dotenv reads back to the byte, in the form that
Docker Compose, Node and its package dotenv read alike wherever there is one. Where
there is none, a text takes one line: what others make of that is at most another
value of this variable, and nothing of any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# Within single quotes nobody replaces anything, but python-dotenv alone takes \' and \\ for
# what they escape. Who reads a file as text makes one newline of \r\n and \r.
_NOT_AS_IT_IS = re.compile(r"['\r]|\\(?:\\|\Z)")

# To all readers a backslash without quotes is one: so Windows' paths and regular expressions.
_WORD = re.compile(r"[A-Za-z0-9_./:\\-]+")

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"})

# https://github.com/theskumar/python-dotenv/blob/main/src/dotenv/variables.py
_REPLACED = re.compile(r"\$\{[^}:]*(?::-[^}]*)?\}")


def render(variables: Mapping[str, str]) -> str:
    """Variables as ``NAME='…'``, else ``NAME=…`` or ``NAME="…"``, in one line with escapes."""
    return "".join(f"{name}={_quoted(text)}\n" for name, text in variables.items())


def replaced(variables: Mapping[str, str]) -> list[str]:
    """The names of those in which python-dotenv replaces ``${…}``, however they are quoted.

    It does unless it is told ``interpolate=False``, and has no escape for it.
    """
    return [name for name, text in variables.items() if _REPLACED.search(text)]


def _quoted(text: str) -> str:
    if not _NOT_AS_IT_IS.search(text):
        return f"'{text}'"
    if _WORD.fullmatch(text):
        return text
    # Some take the \\" at the end for a quote within, up to the next one: that is in this line too.
    guard = ' # "' if text.endswith("\\") else ""
    return f'"{text.translate(_ESCAPES)}"{guard}'
