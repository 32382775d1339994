"""Sealed values: what stands for a sensitive value wherever states go.

The true value is in two places only: in the environment of whoever applies it,
and in the table that the application reads. A state has a keyed digest in its
place, ``{"$digest": "…"}``, made with a key of the database's own: equal where
the values are, and of no use to guess them without the key. A document says
where the value comes from, ``{"$env": "NAME"}``; what is known of neither is
``{"$digest": null}``.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeGuard

from configsync.core.values import Json, Text, canonical_json

DIGEST, ENV = "$digest", "$env"

UNKNOWN: dict[str, Json] = {DIGEST: None}
"""Stands for a sensitive value of which not even the digest is known."""

DIGITS = 32
"""Hexadecimal digits of a digest: 128 bits of HMAC-SHA256."""


@dataclass(frozen=True, slots=True)
class Seal:
    """Seals values with a database's key, which no output has."""

    key: bytes = field(repr=False)

    def seal(self, at: str, text: str) -> dict[str, Json]:
        """What stands for the text of the resource at an address; at another one it is another."""
        message = canonical_json([at, text]).encode("utf-8", "surrogatepass")
        return {DIGEST: hmac.new(self.key, message, sha256).hexdigest()[:DIGITS]}


@dataclass(frozen=True, slots=True)
class SealableText(Text):
    """Text, or what stands for it where it is sensitive."""

    def canonical(self, value: object) -> Json:
        # Named, since a dataclass with slots is another class than super() knows.
        return value if is_sealed(value) else Text.canonical(self, value)


def is_sealed(value: object) -> TypeGuard[dict[str, Json]]:
    """Tell whether a value of a state stands for a sensitive one."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    ((key, inner),) = value.items()
    return isinstance(inner, str) if key == ENV else key == DIGEST and _is_digest(inner)


def variable_of(value: object) -> str | None:
    """The environment variable that a sealed value comes from, None if it says none."""
    if is_sealed(value) and isinstance(name := value.get(ENV), str):
        return name
    return None


def _is_digest(value: object) -> bool:
    return value is None or (
        isinstance(value, str) and len(value) == DIGITS and set(value) <= set("0123456789abcdef")
    )


def alike(one: Json, other: Json) -> bool:
    """Tell whether two values may be one, as far as is known: what is sealed may be any sealed."""
    if is_sealed(one) and is_sealed(other):
        return one == other or UNKNOWN in (one, other)
    return one == other
