"""Values of a program as the nodes of a document, held to what a file could say.

A document of a program has no file: its nodes stand at the address of its root,
by which findings about several documents are told apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

from configsync.core import codes
from configsync.core.diagnostic import Code, Diagnostic, Location
from configsync.core.document import Document, Map, Mark, Path, Seq, show_path
from configsync.core.kind import API_VERSION
from configsync.source.limits import MAX_DEPTH, MAX_SCALAR_BYTES
from configsync.source.scalars import MAX_INTEGER_DIGITS

_SIGNS = ("$file", "$var", "$unset")
"""By themselves in a mapping, they say in a file what stands in its place."""


def to_document(
    kind: str, address: str, body: Mapping[str, Any]
) -> tuple[Document, list[Diagnostic]]:
    """The document that a program's ``metadata`` and ``spec`` make, and what no file could say.

    What couldn't be said is None in it.
    """
    maker = _Maker((address, 1, 1))
    root = maker.node({"apiVersion": API_VERSION, "kind": kind, **body}, ())
    return Document(kind, root), maker.faults


class _Maker:
    """Makes nodes that all stand at one place."""

    def __init__(self, mark: Mark) -> None:
        self.mark = mark
        self.faults: list[Diagnostic] = []

    def node(self, value: Any, path: Path) -> Any:
        """The node of a value at a path."""
        match value:
            case None | bool():
                return value
            case str():
                return self._text(value, path)
            case int():
                return self._whole(value, path)
            case float() | Decimal():
                return self._number(value, path)
            case Mapping() | list() | tuple() if len(path) >= MAX_DEPTH:
                self._refuse(codes.TOO_DEEP, path, f"is nested more than {MAX_DEPTH} levels deep")
                return None
            case Mapping():
                return self._mapping(value, path)
            case list() | tuple():
                items = Seq(self.mark)
                for index, item in enumerate(value):
                    items.put(self.node(item, (*path, index)), self.mark)
                return items
        self._refuse(codes.WRONG_TYPE, path, f"is a Python {type(value).__name__}")
        return None

    def _mapping(self, value: Mapping[Any, Any], path: Path) -> Map:
        found = Map(self.mark)
        if len(value) == 1 and (sign := next(iter(value))) in _SIGNS:
            # To git it would not be a value: it could never say this.
            self._refuse(codes.UNKNOWN_KEY, path, f"has the key {sign}, which can't stand here")
        for key, item in value.items():
            if not isinstance(key, str):
                self._refuse(codes.BAD_KEY, path, f"has a key that is no text: {type(key)}")
                continue
            found.put(key, self.node(item, (*path, key)), self.mark, self.mark)
        return found

    def _text(self, text: str, path: Path) -> str | None:
        try:
            size = len(text.encode())
        except UnicodeEncodeError as error:
            shown = f"U+{ord(text[error.start]):04X}"
            self._refuse(codes.BAD_CHARACTER, path, f"has the character {shown}, half of one")
            return None
        if "\0" in text:
            self._refuse(codes.BAD_CHARACTER, path, "has the character U+0000")
            return None
        if size > MAX_SCALAR_BYTES:
            self._refuse(codes.SCALAR_TOO_LONG, path, "is longer than 256 KiB")
            return None
        return text

    def _whole(self, value: int, path: Path) -> int | None:
        if abs(value) < 10**MAX_INTEGER_DIGITS:
            return value
        self._refuse(codes.INEXACT, path, f"has more than {MAX_INTEGER_DIGITS} digits")
        return None

    def _number(self, value: float | Decimal, path: Path) -> float | None:
        number = float(value)
        if not isfinite(number):
            self._refuse(codes.NOT_FINITE, path, "is infinite or not a number")
        elif isinstance(value, Decimal) and Decimal(repr(number)) != value:
            self._refuse(codes.INEXACT, path, "has more digits than a number keeps")
        else:
            return number
        return None

    def _refuse(self, code: Code, path: Path, what: str) -> None:
        name = show_path(path) or "the document"
        self.faults.append(code.at(Location(*self.mark), f"{name} {what}", path=show_path(path)))
