"""How spec classes are described, without importing pydantic at every start.

A spec class is a dataclass made by `spec`: the docstring of a field becomes its
description in the JSON Schema, and `schema` adds keywords to its type. Only
`configsync.checks.generate` brings in pydantic, to generate the schema.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")

NAME = r"^[^\s\x00-\x1f\x7f](.*[^\s\x00-\x1f\x7f])?$"
"""The pattern of names: on one line, with no blank at an end."""


@overload
def spec(cls: type[T]) -> type[T]: ...
@overload
def spec(**keywords: Any) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(kw_only_default=True)
def spec(cls: type[T] | None = None, **keywords: Any) -> Any:
    """Make a class a dataclass whose field docstrings pydantic reads.

    The order of its fields is that of the schema, and that which fmt writes. A
    field whose default is None may be absent; null is no value of it.
    ``keywords`` are JSON Schema keywords for the whole, as
    ``@spec(anyOf=[{"required": ["a"]}, {"required": ["b"]}])``.
    """
    if cls is None:
        return lambda cls: _describe(cls, keywords)
    return _describe(cls, {})


def _describe(cls: type[T], keywords: dict[str, Any]) -> type[T]:
    config = {"use_attribute_docstrings": True, "json_schema_extra": keywords}
    cls.__pydantic_config__ = config  # type: ignore[attr-defined]
    # Nobody makes one: the methods that would be generated at every start are left out.
    return dataclass(kw_only=True, init=False, repr=False, eq=False, match_args=False)(cls)


class Keywords:
    """JSON Schema keywords for the type that they annotate."""

    def __init__(self, keywords: dict[str, Any]) -> None:
        self.keywords = keywords

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        """Pydantic's hook: extend the generated schema."""
        return {**handler(core), **self.keywords}


def schema(**keywords: Any) -> Keywords:
    """Annotate a type with JSON Schema keywords, as ``Annotated[int, schema(minimum=1)]``."""
    return Keywords(keywords)


TABLE = schema(table=True)
"""Annotates a list of mappings that may be given as ``{$csv: path}`` too."""
