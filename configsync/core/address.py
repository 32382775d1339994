"""Addresses: the names of resources, as ``profile/production/genie_space/01ef``.

Segments are joined by ``/``; within a segment ``/`` and ``%`` are written
``%2F`` and ``%25``, so an address can always be taken apart again.
"""

from __future__ import annotations

import re
from functools import lru_cache


def join(*segments: str) -> str:
    """Make an address of unescaped segments."""
    return "/".join([s.replace("%", "%25").replace("/", "%2F") for s in segments])


def split(address: str) -> tuple[str, ...]:
    """Take an address apart into unescaped segments."""
    return tuple(s.replace("%2F", "/").replace("%25", "%") for s in address.split("/"))


def within(address: str, root: str) -> bool:
    """Tell whether ``address`` is ``root`` or one of its parts."""
    return address == root or address.startswith(root + "/")


def moved(address: str, old: str, new: str) -> str:
    """Return ``address``, which lies within ``old``, as it is below ``new``."""
    return new + address[len(old) :]


def renamed(address: str, name: str) -> str:
    """The address of a root whose document has another name: its first key."""
    domain, _, *keys = split(address)
    return join(domain, name, *keys)


def matches(address: str, pattern: str) -> bool:
    """Tell whether a pattern selects an address or the resource that it is part of; see `like`."""
    return like(address, pattern) or like(address, f"{pattern}/*")


def like(text: str, pattern: str) -> bool:
    """Tell whether all of a text is as a pattern says.

    ``*`` stands for any text, ``/`` included, ``?`` for one character; nothing
    else is special, and case matters. Takes time linear in the text, whatever
    the pattern: settings of strangers hold some.
    """
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    first, *rest = ("".join(map(_step, part)) for part in pattern.split("*"))
    if not rest:
        return re.compile(first, re.DOTALL)
    # The first place where a part between two stars fits is as good as any later one.
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1] if part)
    return re.compile(f"{first}{middle}.*{rest[-1]}", re.DOTALL)


def _step(character: str) -> str:
    return "." if character == "?" else re.escape(character)
