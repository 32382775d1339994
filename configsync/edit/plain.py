"""Which text goes without quotes: the one rule for what is written anew and what is formatted."""

from __future__ import annotations

import re

# What begins with a letter or a slash and holds none of YAML's indicators is itself to every
# reader. Text that begins with a digit keeps its quotes: one identifier of many may read as a
# number, as 12e4 does.
_PLAIN = re.compile(r"[^\W\d_][\w ./()'+@%&*=<>~^$;!,?|-]*|/[\w ./()'+@%=~$-]*")
_PLAIN_IN_FLOW = re.compile(r"[^\W\d_][\w ./()'+@%=~$-]*")
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
"""Words that YAML 1.2 or 1.1 reads as something else than text."""


def is_plain(text: str, *, flow: bool = False) -> bool:
    """Tell whether text can go without quotes and be the same text to every reader.

    ``flow`` tells that it stands within a flow collection.
    """
    pattern = _PLAIN_IN_FLOW if flow else _PLAIN
    return (
        pattern.fullmatch(text) is not None
        and text.casefold() not in _WORDS
        and not text.endswith(" ")
    )
