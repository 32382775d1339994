"""Typed values as properties draw them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from configsync.core.values import Json

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
"""Characters that can be stored."""

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
HUGE = st.integers(10**19, 10**60) | st.integers(-(10**60), -(10**19))
"""Whole numbers of 20 digits and more, which YAML doesn't carry."""

SCALARS: st.SearchStrategy[Json] = (
    st.none() | st.booleans() | st.integers() | HUGE | FLOATS | st.text(CHARACTERS)
)


def json_values(scalars: st.SearchStrategy[Json] = SCALARS) -> st.SearchStrategy[Json]:
    """JSON values of given scalars."""
    return st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(CHARACTERS), inner, max_size=4)
        ),
        max_leaves=8,
    )


def typed_values(
    scalars: st.SearchStrategy[Json] = SCALARS,
) -> st.SearchStrategy[tuple[Any, str]]:
    """A value with its type; null is one of each. ``scalars`` are those within JSON."""
    return st.one_of(
        st.tuples(st.none() | st.text(CHARACTERS), st.just("string")),
        st.tuples(st.none() | st.integers() | HUGE, st.just("int")),
        st.tuples(st.none() | FLOATS, st.just("float")),
        st.tuples(st.none() | st.booleans(), st.just("bool")),
        st.tuples(json_values(scalars), st.just("json")),
    )


VALUES = typed_values()
