"""Patterns over addresses."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from configsync.core.address import like, matches

TEXTS = st.text("ab/.\n", max_size=12)
PATTERNS = st.text("ab/.*?", max_size=8)


def naive(pattern: str) -> str:
    return "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)


@given(TEXTS, PATTERNS)
def test_a_pattern_means_what_its_plain_translation_does(text: str, pattern: str) -> None:
    wanted = re.fullmatch(naive(pattern), text, re.DOTALL) is not None
    assert like(text, pattern) == wanted
    wanted = re.fullmatch(f"{naive(pattern)}(/.*)?", text, re.DOTALL) is not None
    assert matches(text, pattern) == wanted


def test_no_pattern_takes_long() -> None:
    """A translation that goes back would try more ways than there are seconds."""
    assert not like("a" * 100_000, "*a" * 50 + "*b")
    assert like("a" * 100_000, "*a" * 50 + "*")
