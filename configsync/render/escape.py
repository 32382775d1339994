"""Makes hostile text harmless, and invisible text visible (rule 6.20)."""

from __future__ import annotations

import re

# C0 but for tab and newline, DEL and C1: a terminal would obey them.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

# Bidirectional controls, zero-width and other characters that show as nothing: a reviewer
# would read something else than what is stored.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff"
    "\U00013430-\U00013438\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


# What a GitHub runner obeys in any log: commands at the start of a line, and the older
# ##[command] anywhere (https://docs.github.com/actions/reference/workflow-commands-for-github-actions).
_COMMAND = re.compile(r"(?m)^(\s*:):|##\[")


HIDDEN = re.compile(f"{_CONTROL.pattern[:-1]}{_INVISIBLE.pattern[1:]}")
"""Every character that `visible` shows as something else."""


def visible(text: str) -> str:
    """Text that shows all that it holds and can't steer a terminal.

    Control characters become their picture (U+2400 block) or code point,
    invisible ones their code point, as ``<U+202E>``. Tab and newline stay.
    """
    text = _CONTROL.sub(_picture, text)
    return _INVISIBLE.sub(lambda match: f"<U+{ord(match[0]):04X}>", text)


def one_line(text: str) -> str:
    """`visible`, with newline and tab as pictures too."""
    return visible(text).replace("\n", "␊").replace("\t", "␉")


def unobeyed(output: str) -> str:
    """A whole output for people, in which a CI runner finds no command of its own.

    A command gets a dot within, which breaks it.
    """
    return _COMMAND.sub(lambda m: f"{m[1]}·:" if m[1] else "##·[", output)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else f"<U+{code:04X}>"
