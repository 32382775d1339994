"""Holds JSON that may be anybody's to a shape, before anything of it is used.

A shape is a type; a mapping of keys to shapes, all of which are there; in a
list, the shape of its items; in a tuple, words of which one stands there, or
one shape and None.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from configsync.core.errors import UsageError
from configsync.core.values import digest

ANY = object()
"""The shape of any JSON value."""


LONGEST = 300
"""Characters of a message about a file."""


class Values(dict[str, Any]):
    """Keys of a user's naming, each with a value of one shape."""


class JsonFile:
    """A JSON document of one form. Raises UsageError, with the reason, where it isn't."""

    def __init__(self, name: str, form: str) -> None:
        """``name`` is the file's, ``form`` what it should be, as ``a plan file``."""
        self.name = name
        self.form = form

    def parse(self, text: str) -> Any:
        """The value that a text spells, in which no key stands twice and all can be encoded."""
        try:
            content = json.loads(text, object_pairs_hook=_once)
            digest(content)  # Refuses NaN and lone surrogates.
        except (ValueError, RecursionError) as error:
            raise self.fault(str(error)) from error
        return content

    def require(self, value: Any, shape: Any, path: str = "") -> None:
        match shape:
            case _ if shape is ANY:
                return
            case tuple():
                self._require_one(value, shape, path)
            case Values():
                self._require_type(value, dict, path)
                for key, item in value.items():
                    self.require(item, shape[""], f"{path}.{key}")
            case Mapping():
                self._require_type(value, dict, path)
                if value.keys() != shape.keys():
                    unknown = sorted(value.keys() - shape.keys())
                    missing = sorted(shape.keys() - value.keys())
                    fault = f"unknown key {unknown[0]}" if unknown else f"no key {missing[0]}"
                    raise self.fault(f"{fault}{_in(path)}.")
                for key, item in value.items():
                    self.require(item, shape[key], f"{path}.{key}".lstrip("."))
            case list():
                self._require_type(value, list, path)
                for number, item in enumerate(value):
                    self.require(item, shape[0], f"{path}[{number}]")
            case _:
                self._require_type(value, shape, path)

    def fault(self, why: str) -> UsageError:
        """The error that says why the file isn't of its form."""
        return UsageError(f"{self.name} is not {self.form}: {shown(why)}")

    def _require_one(self, value: Any, shapes: tuple[Any, ...], path: str) -> None:
        """One of some words; or one shape, or null."""
        if isinstance(shapes[0], str):
            if value not in [str(s) for s in shapes]:
                raise self.fault(f"{value!r}{_in(path)}.")
        elif value is not None:
            self.require(value, shapes[0], path)

    def _require_type(self, value: Any, type_: type, path: str) -> None:
        if type(value) is not type_:
            raise self.fault(f"wrong type{_in(path)}.")


def shown(text: str) -> str:
    """What a stranger's text may be in a message: not long, and nothing that a terminal obeys."""
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice, of which a reader may see the one and apply the other."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands in it twice")
    return found


def _in(path: str) -> str:
    return f" in {path}" if path else ""
