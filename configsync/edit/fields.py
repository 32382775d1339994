"""Fields and values as people write them on a command line: ``genie_spaces[01ef].default=true``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from configsync.core.document import Document, Map, Path, Seq, reference_of, show_path
from configsync.core.errors import UsageError
from configsync.core.values import Json, canonical_json
from configsync.edit.splice import plain
from configsync.source.reader import read
from configsync.source.scalars import Inexact, NotFinite, resolve

_STEP = re.compile(r"(?:^|\.)([^.\[\]=]+)|\[([^\]]+)\]")
_ASSIGNMENT = re.compile(r"((?:\[[^\]]*\]|[^=\[])+)=(.*)", re.DOTALL)

Steps = tuple[str, ...]
"""The parts of a field as written; what stands in brackets is a list's item, or any key."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A field and the text that is to be its value."""

    field: str
    text: str


def parse_assignment(text: str) -> Assignment:
    """Read ``FIELD=VALUE``. Raises UsageError."""
    match = _ASSIGNMENT.fullmatch(text)
    if match is None:
        raise UsageError(f"{text} is not FIELD=VALUE, as in ai_infra.llm_temperature=0.8.")
    return Assignment(match[1].strip(), match[2])


def parse_field(text: str) -> Steps:
    """Take a field apart: names with dots between, or anything in brackets. Raises UsageError."""
    steps: list[str] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            break
        steps.append(match[1] or match[2])
        at = match.end()
    if not steps or at < len(text):
        raise UsageError(
            f"{text} is no field. Write names with dots between them, and a list's item in "
            "brackets: genie_spaces[SPACE_ID].description."
        )
    # Most of what people set is in spec; there are no fields of metadata's or spec's name in it.
    return tuple(steps) if steps[0] in ("spec", "metadata") else ("spec", *steps)


def read_value(text: str) -> Json:
    """Read a value as it would stand in YAML: ``0.8`` is a number, ``"0.8"`` text.

    What begins with a bracket or a quote is YAML's flow style; all else is one
    plain scalar, whatever it holds, so that a ``#`` cuts nothing off. Raises
    UsageError if it can't be read, or is a number that can't be kept exactly.
    """
    if not text:
        raise UsageError('There is no value. Write "" in quotes for empty text, null to remove.')
    if text[0] in "{[\"'":
        return _read_flow(text)
    try:
        value = resolve(text.strip())
    except (Inexact, NotFinite) as error:
        raise UsageError(
            f"{text} is no number that can be kept. Write it in quotes if text is meant."
        ) from error
    return text if isinstance(value, str) else value


def _read_flow(text: str) -> Json:
    reading = read(text, "")
    wanted = {"{": dict, "[": list}.get(text[0], str)
    if reading.diagnostics or len(reading.roots) != 1 or not isinstance(reading.roots[0], wanted):
        why = f": {reading.diagnostics[0].summary}" if reading.diagnostics else ""
        raise UsageError(
            f"{text} begins like YAML in brackets or quotes, and is none{why}. "
            f"If text is meant, put it in quotes: {shlex.quote(canonical_json(text))}."
        )
    value = plain(reading.roots[0])
    if isinstance(value, dict) and value and not any(v is not None for v in value.values()):
        raise UsageError(
            f"{text} is a mapping without values to YAML. "
            f"If text is meant, put it in quotes: '\"{text}\"'."
        )
    return value


def locate_field(document: Document, steps: Steps, keys: Mapping[tuple[str, ...], str]) -> Path:
    """The path that steps lead to in a document as it is written, whether it exists or not.

    ``keys`` names the key of a list's items by the list's path. Raises
    UsageError where a list has no such item, or a reference is in the way.
    """
    path: list[str | int] = []
    node: object = document.body
    for step in steps:
        if reference_of(node) is not None:
            raise UsageError(f"{show_path(tuple(path))} is a reference and has no {step}.")
        if isinstance(node, Seq):
            index = _index(node, step, tuple(path), keys)
            path.append(index)
            node = node[index]
        elif node is None and tuple(map(str, path)) in keys:
            where = show_path(tuple(path))
            raise UsageError(
                f"{document.file} says nothing of {where}, so it has no item {step} to change. "
                "Name the layer that has it with --layer."
            )
        else:
            path.append(step)
            node = node.get(step) if isinstance(node, Map) else None
    return tuple(path)


def _index(items: Seq, step: str, path: Path, keys: Mapping[tuple[str, ...], str]) -> int:
    """The index of a list's item: that of a key, or else a number."""
    key = keys.get(tuple(s for s in path if isinstance(s, str)))
    named = [item.get(key) if isinstance(item, Map) and key else None for item in items]
    if step in named:
        return named.index(step)
    if step.isascii() and step.isdigit() and len(step) < 6 and int(step) < len(items):
        return int(step)
    known = [name for name in named if isinstance(name, str)]
    near = get_close_matches(step, known, 1)
    raise UsageError(
        f"{show_path(path)} has no item {step}."
        + (f" Did you mean {near[0]}?" if near else "")
        + (f" It has: {', '.join(known)}." if known and not near else "")
    )
