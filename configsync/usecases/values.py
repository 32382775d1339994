"""Values: what a database holds, by the names that applications in any language read it by."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configsync.core import address
from configsync.core.errors import ConfigsyncError, UsageError
from configsync.core.resource import Resource, ResourceType
from configsync.core.sealed import is_sealed
from configsync.core.typed import Misfit, parse
from configsync.core.values import Json, canonical_json
from configsync.edit.files import replace_file
from configsync.kinds import all_kinds, resource_types
from configsync.kinds.typed import VALUE
from configsync.render.escape import one_line
from configsync.store.database import Database
from configsync.usecases.show import find_resources

NAME = re.compile("[A-Z_][A-Z0-9_]*")
"""What environment variables are called."""

SHOWN = 3
"""Roots that a message names."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a resource: a column's, or the one that a setting means.

    ``root`` is the address of the document that it belongs to and ``path``
    where it stands below. ``words`` make its name as an environment variable,
    which belongs to one root only if the words are ``unmistakable``. ``origin``
    is the resource's address, and the column unless it is a setting. ``text``
    is None where the value is null.
    """

    root: str
    path: tuple[str, ...]
    words: tuple[str, ...]
    unmistakable: bool
    origin: str
    value: Json
    text: str | None


def read_values(database: Database, pattern: str | None) -> list[Value]:
    """The live values of the resources that a pattern selects, or of all, in a fixed order.

    Raises DatabaseError.
    """
    return list(values_of(find_resources(database, pattern or "*"), resource_types()))


def values_of(resources: Iterable[Resource], types: Mapping[str, ResourceType]) -> Iterator[Value]:
    """The values of resources, in their order and that of their columns; no sensitive ones."""
    for resource in resources:
        type_ = types[resource.domain]
        keys = tuple(str(resource.values[k]) for k in type_.key)
        setting = set(VALUE) <= resource.values.keys()
        if setting and is_sealed(resource.values[VALUE[0]]):
            continue  # The application reads it from the database, and nobody from a file.
        if resource.parent is not None:
            root, path = resource.parent, (type_.domain, *keys)
            words = path
        elif all_kinds()[type_.kind].named:
            root, path = address.join(type_.domain, keys[0]), keys[1:]
            words = keys if setting else (type_.domain, *path)
        else:
            root, path = resource.address, ()
            words = (type_.domain,)
        if setting:
            unmistakable = resource.parent is None
            yield Value(root, path, words, unmistakable, resource.address, *_meant(resource))
            continue
        for column, value in resource.values.items():
            # PROMPT_CONTENT, not PROMPT_PROMPT_CONTENT.
            stutters = words == (type_.domain,) and column.startswith(f"{type_.domain}_")
            name = (column,) if stutters else (*words, column)
            origin = f"{resource.address} {column}"
            yield Value(root, (*path, column), name, False, origin, value, _text(value))


def variables(values: Iterable[Value], prefix: str = "") -> dict[str, str]:
    """The texts of values by the names of environment variables; null has none.

    A name is the value's words in capitals, other characters than letters and
    digits of ASCII as _. Raises UsageError if two values have the same one, or
    if they are of roots whose names no variable tells.
    """
    values = list(values)
    roots = sorted({v.root for v in values if not v.unmistakable})
    if len(roots) > 1:
        shown = ", ".join(one_line(root) for root in roots[:SHOWN])
        more = ", …" if len(roots) > SHOWN else ""
        raise UsageError(
            f"{len(roots)} addresses are selected ({shown}{more}), and the names of variables "
            "wouldn't tell which of them a value is of. Name one as ADDRESS, or use -o json."
        )
    origins: dict[str, Value] = {}
    for value in values:
        if value.text is None:
            continue
        other = origins.setdefault(name := _name(value.words, prefix), value)
        if other is not value:
            raise UsageError(
                f"{one_line(other.origin)} and {one_line(value.origin)} would both be called "
                f"{name}. Export them one by one, or use -o json."
            )
    return {name: str(value.text) for name, value in origins.items()}


def nested(values: Iterable[Value]) -> dict[str, Any]:
    """Values as they are typed, by root and by their steps below it.

    Raises UsageError if a part is called as a column of what it is a part of.
    """
    roots: dict[str, Any] = {}
    columns: dict[tuple[str, ...], Value] = {}
    for value in values:
        *steps, last = place = (value.root, *value.path)
        node = roots
        for number, step in enumerate(steps, start=1):
            other = columns.get(place[:number])
            if other is not None:
                raise UsageError(
                    f"{one_line(other.origin)} and {one_line(value.origin)} have the same place "
                    "in JSON. The package that adds their kind must rename one."
                )
            node = node.setdefault(step, {})
        node[last] = value.value
        columns[place] = value
    return dict(sorted(roots.items()))


def write_private(file: Path, text: str, *, force: bool) -> None:
    """Write a file whole, for its owner's eyes only; over another only with ``force``.

    Raises UsageError without, and ConfigsyncError where the disk refuses.
    """
    if os.path.lexists(file) and not force:
        raise UsageError(f"{file} exists already. Name another file with --out, or use --force.")
    try:
        replace_file(file, text.encode(), 0o600)
    except OSError as error:
        raise ConfigsyncError(f"{file} can't be written: {error.strerror}.") from error


def _meant(setting: Resource) -> tuple[Json, str | None]:
    """The value that a setting's text means, the text itself where it means none; and the text."""
    text, value_type = (setting.values[name] for name in VALUE)
    value = text
    if isinstance(text, str | None) and isinstance(value_type, str):
        with suppress(Misfit):
            value = parse(text, value_type)
    return value, None if value is None else _text(text)


def _text(value: Json) -> str | None:
    """A value as an environment variable has it: all but text as in JSON."""
    return value if value is None or isinstance(value, str) else canonical_json(value)


def _name(words: Iterable[str], prefix: str) -> str:
    name = prefix + re.sub("[^A-Za-z0-9]", "_", "_".join(words)).upper()
    return name if NAME.fullmatch(name) else f"_{name}"
